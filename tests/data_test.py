#!/usr/bin/python3
"""Every file of tests/data is read by some test, so that no row goes unrun: its folder is read
whole, or the file is named. Names in comments and #includes do not count."""

import pathlib
import re
import sys

TESTS = pathlib.Path(__file__).resolve().parent
DATA = TESTS / "data"
# The last is what kernel/conformance_test.py runs.
SOURCES = [*TESTS.rglob("*_test.cpp"), *TESTS.rglob("*_test.py"),
           TESTS.parent / "tools/conformance"]

UNREAD = re.compile(r"^\s*(//|#).*$", re.M)
NAMED = re.compile(r'"/?tests/data/([^"\n]+)"')
# Who takes all files of a folder: test::cases(), and an iterator over it or over its variable.
CASES = re.compile(r'\bcases\("([^"\n]+)"\)')
ITERATED = re.compile(r'_iterator\(\s*ASSAY_SOURCE_DIR "/tests/data/([^"\n]+)"\)')
VARIABLE = re.compile(r'(\w+) = [^;\n]*"tests/data/([^"\n]+)"')


def whole_folders(text):
    yield from CASES.findall(text)
    yield from ITERATED.findall(text)
    for variable, folder in VARIABLE.findall(text):
        if re.search(rf"\b(stems|\w+_iterator)\({variable}\)", text):
            yield folder


def main():
    folders, named = set(), set()
    for source in SOURCES:
        text = UNREAD.sub("", source.read_text(errors="replace"))
        folders.update(whole_folders(text))
        named.update(NAMED.findall(text))
    paths = sorted(path.relative_to(DATA) for path in DATA.rglob("*") if path.is_file())
    unread = [path for path in paths
              if str(path.parent) not in folders and str(path) not in named]
    for path in unread:
        print(f"tests/data/{path}: no test names it, and none reads its folder as a whole")
    return 1 if unread or not paths else 0


sys.exit(main())
