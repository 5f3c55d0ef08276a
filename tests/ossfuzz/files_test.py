#!/usr/bin/python3
"""What OSS-Fuzz and ClusterFuzzLite read before they build: the keys that they require, and images
with every package that the targets need."""
import re
import sys
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
ROOT = Path(__file__).resolve().parent.parent.parent
FOLDERS = {"fuzz/oss-fuzz": {"homepage", "language", "main_repo", "primary_contact"},
           ".clusterfuzzlite": {"language"}}
# Purposes in tools/packages.txt of what the targets link or build.sh runs.
LINKED = re.compile(r"^(core|names|smt|profile|fleet|fuzzing, as OSS-Fuzz does)\b")
OTHERS = {"afl++"}  # an engine is in the image


def packages():
    lines = (ROOT / "tools/packages.txt").read_text().splitlines()
    rows = [line.split(None, 1) for line in lines if line and not line.startswith("#")]
    return {name for name, purpose in rows if LINKED.match(purpose)} - OTHERS


class Files(unittest.TestCase):
    def test_keys(self):
        for folder, required in FOLDERS.items():
            text = (ROOT / folder / "project.yaml").read_text()
            rows = dict(re.findall(r"^(\w+): *(\S.*)$", text, re.M))
            self.assertEqual(required - set(rows), set(), folder)
            self.assertEqual(rows["language"], "c++")

    def test_images(self):
        self.assertIn("libz3-dev", packages())
        for folder in FOLDERS:
            text = (ROOT / folder / "Dockerfile").read_text()
            row = re.search(r"--no-install-recommends((?:[^\n]*\\\n)+[^\n]*)", text)
            installed = set(row[1].split())
            self.assertEqual(packages() - installed, set(), folder)
            self.assertIn("FROM gcr.io/oss-fuzz-base/base-builder\n", text)
            for copied in re.findall(r"^COPY (\S+build\.sh|build\.sh)", text, re.M):
                above = ROOT if "/" in copied else ROOT / folder
                self.assertTrue((above / copied).stat().st_mode & 0o100, copied)


if __name__ == "__main__":
    unittest.main()
