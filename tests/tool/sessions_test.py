#!/usr/bin/python3
"""Plays tests/tool/data/*.session: command lines with what they print.

    $ COMMAND        run by bash, in a folder with a copy of tests/tool/data
    TEXT             a line of stdout; one that ends in "..." need only begin so
    ! TEXT           a line of stderr
    ? N              the exit status, unless it is 0

`sessions_test.py --update [FILE...]` writes down what is printed now: read the difference.
"""
import re
import sys
from pathlib import Path

import outside

VERSION = re.compile(r'"assay":"[0-9.]+"')  # stands as VERSION in the files


class Step:
    def __init__(self, command):
        self.command = command
        self.stdout, self.stderr, self.status = [], [], 0
        self.after = []  # comments and blank lines that follow

    def lines(self):
        status = [f"? {self.status}"] if self.status else []
        return ([f"$ {self.command}"] + self.stdout + [f"! {line}" for line in self.stderr]
                + status + self.after)


def parse(path):
    head, steps = [], []
    for line in path.read_text().split("\n")[:-1]:
        if line.startswith("$ "):
            steps.append(Step(line[2:]))
        elif not steps:
            head.append(line)
        elif not line or line.startswith("#"):
            steps[-1].after.append(line)
        elif line.startswith("! "):
            steps[-1].stderr.append(line[2:])
        elif line.startswith("? "):
            steps[-1].status = int(line[2:])
        else:
            steps[-1].stdout.append(line)
    return head, steps


def lines_of(output):
    text = VERSION.sub('"assay":"VERSION"', output.decode("utf-8", "backslashreplace"))
    lines = text.split("\n")
    return lines[:-1] if lines[-1] == "" else [*lines[:-1], lines[-1] + "<no newline>"]


def play(step, folder):
    done = outside.shell(step.command, folder)
    result = Step(step.command)
    result.stdout, result.stderr = lines_of(done.stdout), lines_of(done.stderr)
    result.status, result.after = done.returncode, step.after
    return result


def same(expected, found):
    def alike(wanted, line):
        return line.startswith(wanted[:-3]) if wanted.endswith("...") else line == wanted
    return len(expected) == len(found) and all(map(alike, expected, found))


def agrees(step, found):
    return (same(step.stdout, found.stdout) and same(step.stderr, found.stderr)
            and step.status == found.status)


def mismatches(path):
    steps = parse(path)[1]
    if not steps:
        yield f"{path.name}: no command in it"
    with outside.folder_of_data() as folder:
        for step in steps:
            found = play(step, folder)
            if not agrees(step, found):
                yield "\n".join([f"{path.name}: expected", *step.lines(), "found",
                                 *found.lines()])


def update(path):
    head, steps = parse(path)
    with outside.folder_of_data() as folder:
        lines = list(head)
        for step in steps:
            found = play(step, folder)
            lines += (step if agrees(step, found) else found).lines()
    path.write_text("\n".join(lines) + "\n")


def main(arguments):
    if arguments and arguments[0] == "--update":
        for path in map(Path, arguments[1:] or sorted(outside.DATA.glob("*.session"))):
            update(path)
        return 0
    paths = sorted(outside.DATA.glob("*.session"))
    wrong = [text for path in paths for text in mismatches(path)]
    print("\n\n".join(wrong) or f"{sum(len(parse(path)[1]) for path in paths)} commands")
    return 1 if wrong or not paths else 0


sys.exit(main(sys.argv[1:]))
