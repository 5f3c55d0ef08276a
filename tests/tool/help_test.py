#!/usr/bin/python3
"""Every --help has an example, and its example is true."""
import os
import re

import outside

EXAMPLE = re.compile(r"^  \$ (.*)\n((?:^  (?!\$ ).*\n)*)", re.M)


class Help(outside.InFolder):
    def example(self, *command):
        done = outside.run(*command, "--help")
        text = self.check(done, 0, "").decode()
        self.assertRegex(text, r"\AUsage: assay ")
        examples = EXAMPLE.findall(text.split("\nExample:\n")[1])
        self.assertEqual(len(examples), 1, text)
        self.assertTrue(all(len(line) <= 100 for line in text.splitlines()), text)
        line, expected = examples[0]
        return line, [shown[2:] for shown in expected.splitlines()]

    def check_example(self, *command):
        line, expected = self.example(*command)
        if command and command[0] in ("confirm", "campaign") and "ASSAY_NO_FILTERS" in os.environ:
            return  # this kernel cannot be asked
        done = outside.shell(line, self.folder)
        self.assertIn(done.returncode, (0, 1), done.stderr)  # an example may say no
        found = done.stdout.decode().splitlines()
        if command and command[0] in ("confirm", "campaign") and outside.lacks_32_bit_calls():
            # What is asked through them is counted as not asked.
            found = [shown for shown in found if not shown.endswith("the kernel has no 32-bit calls")]
            found, expected = ([re.sub(r"\d+ verdicts|^(  [A-Z]+) +\d+", r"\1", shown)
                                for shown in lines] for lines in (found, expected))
        if expected and expected[-1] == "...":
            del expected[-1]
            del found[len(expected):]
        if command == ("campaign",) and "ASSAY_SANITIZED" in os.environ:
            # A sanitizer's memory lies where some of the instruction pointers would.
            found = [re.sub(r"\d+ verdicts", "35946 verdicts", shown) for shown in found]
        self.assertEqual(found, expected, line)

    def test_overview(self):
        self.check_example()
        overview = outside.run("--help").stdout.decode()
        for command in outside.COMMANDS:
            self.assertIn(f"\n  {command} ", overview)

    def test_commands(self):
        for command in outside.COMMANDS:
            with self.subTest(command=command):
                self.check_example(command)

    def test_version(self):
        self.check_example("--version")


if __name__ == "__main__":
    outside.main()
