#!/usr/bin/python3
"""Plays the sessions of README.md from the repository's root: each command prints what is shown.
Commands of tools/ install and build; those are tools/test itself."""
import re
import sys
import unittest
from pathlib import Path

import outside

ROOT = Path(__file__).resolve().parent.parent.parent
BLOCK = re.compile(r"^```console\n(.*?)^```$", re.M | re.S)


def sessions():
    """Pairs of a command and what is shown under it."""
    for block in BLOCK.findall((ROOT / "README.md").read_text()):
        for part in re.split(r"^\$ ", block, flags=re.M)[1:]:
            command, _, shown = part.partition("\n")
            if not command.startswith("tools/"):
                yield command, shown.rstrip("\n")


class Readme(unittest.TestCase):
    maxDiff = None

    def test_sessions_print_what_is_shown(self):
        played = 0
        for command, shown in sessions():
            with self.subTest(command=command):
                done = outside.shell(command, ROOT)
                self.assertEqual((done.stdout + done.stderr).decode().rstrip("\n"), shown)
                played += 1
        self.assertGreaterEqual(played, 7)

    def test_commands_that_are_named_exist(self):
        known = re.findall(r"^  ([a-z-]+) {2,}", outside.run("--help").stdout.decode(), re.M)
        named = re.findall(r"`assay ([a-z-]+)`", (ROOT / "README.md").read_text())
        self.assertTrue(named)
        self.assertLessEqual(set(named), set(known))

    def test_commands_of_tools_exist(self):
        named = re.findall(r"^\$ (tools/\S+)", (ROOT / "README.md").read_text(), re.M)
        self.assertTrue(named)
        for tool in named:
            self.assertTrue((ROOT / tool).is_file(), tool)


if __name__ == "__main__":
    sys.exit(outside.main())
