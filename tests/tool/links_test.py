#!/usr/bin/python3
"""Links between the documents lead somewhere, and what other projects and many machines need is
two clicks from the README."""
import re
import sys
import unittest
from pathlib import Path

import outside

ROOT = Path(__file__).resolve().parent.parent.parent
LINK = re.compile(r"\[[^][]*\]\(([^)\s]+)\)")
FOLDERS = ("docs", "examples", "fuzz", "python")
NEAR = ("CHANGELOG.md CONTRIBUTING.md SECURITY.md docs/other-projects.md docs/scale.md").split()
TWO_CLICKS = (
    ".pre-commit-hooks.yaml action.yml ci/gitlab.yml docs/formats/results.md examples/c/verdict.c "
    "examples/go/verdict.go examples/kubernetes/README.md examples/rust/verdict.rs "
    "examples/slurm/README.md fuzz/oss-fuzz/README.md include/assay/assay.h "
    "include/assay/testing/catch2.hpp include/assay/testing/gtest.hpp python").split()


def links(page):
    """(path, heading or "") of each link that stays in this tree."""
    text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.M | re.S)
    for target in LINK.findall(text):
        if not re.match(r"[a-z]+:", target):
            path, _, heading = target.partition("#")
            yield (page.parent / path if path else page).resolve(), heading


def headings(page):
    """As a hosting site makes anchors of them."""
    return [re.sub(r"[^\w -]", "", line.lower()).strip().replace(" ", "-")
            for line in re.findall(r"^#+ (.*)$", page.read_text(), re.M)]


def broken(root):
    """Links of the documents below a folder that lead nowhere."""
    pages = [*root.glob("*.md"),
             *(page for name in FOLDERS for page in (root / name).rglob("*.md"))]
    return [f"{page.relative_to(root)}: {path}#{heading}" for page in sorted(pages)
            for path, heading in links(page)
            if not path.exists() or (heading and heading not in headings(path))]


class Links(unittest.TestCase):
    def test_they_lead_somewhere(self):
        self.assertEqual(broken(ROOT), [])

    def test_from_the_readme(self):
        first = {path for path, _ in links(ROOT / "README.md")}
        self.assertEqual([name for name in NEAR if ROOT / name not in first], [])
        second = {path for page in first if page.suffix == ".md" for path, _ in links(page)}
        self.assertEqual([name for name in TWO_CLICKS if ROOT / name not in first | second], [])

    def test_a_link_to_nothing_is_noticed(self):
        with outside.folder_of_data() as folder:
            (folder / "page.md").write_text("# Some page\n[a](#some-page) [b](none.md) [c](#none)")
            self.assertEqual([text.rsplit("/", 1)[1] for text in broken(folder)],
                             ["none.md#", "page.md#none"])


if __name__ == "__main__":
    sys.exit(outside.main())
