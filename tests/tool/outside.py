"""What the tests of the command share: they run it from outside and look at stdout, stderr and
exit status. $ASSAY is the command."""
import contextlib
import functools
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
HERE = Path(__file__).resolve().parent
DATA = HERE / "data"
SCHEMAS = HERE.parent.parent / "docs/schema"
ASSAY = os.path.abspath(os.environ["ASSAY"])
COMMANDS = ("audit", "check", "explain", "diff", "query", "witness", "run", "replay", "fingerprint",
            "cost", "disasm", "asm", "confirm", "campaign", "profile", "fuzz-generator", "dump",
            "report", "merge", "ps")


def environment():
    """The command by its name, and nothing of ours that changes what it prints."""
    kept = {key: value for key, value in os.environ.items() if key != "NO_COLOR"}
    return {**kept, "PATH": f"{Path(ASSAY).parent}:{os.environ['PATH']}", "LC_ALL": "C.UTF-8"}


def run(*arguments, stdin=b"", timeout=60, **options):
    return subprocess.run([ASSAY, *map(os.fspath, arguments)], input=stdin, capture_output=True,
                          timeout=timeout, env=environment(), **options)


@functools.cache
def lacks_32_bit_calls():
    """Of this kernel, by what `confirm` says of a filter for everything."""
    done = run("confirm", "-", stdin=b"ret #ALLOW\n")
    return b"the kernel has no 32-bit calls" in done.stdout


def shell(line, folder, stdin=None, timeout=60):
    return subprocess.run(["bash", "-c", line], cwd=folder, stdin=stdin or subprocess.DEVNULL,
                          capture_output=True, timeout=timeout, env=environment())


@contextlib.contextmanager
def folder_of_data():
    """A folder of one's own with a copy of tests/tool/data."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for path in DATA.iterdir():
            (folder / path.name).write_bytes(path.read_bytes())
        yield folder


class InFolder(unittest.TestCase):
    """Each test has such a folder."""

    def setUp(self):
        opened = folder_of_data()
        self.folder = opened.__enter__()
        self.addCleanup(opened.__exit__, None, None, None)

    def check(self, done, status=0, stderr=None):
        told = done.stderr.decode("utf-8", "replace")
        self.assertEqual(done.returncode, status, told)
        if stderr is not None:
            self.assertEqual(told.count("\n"), 1 if stderr else 0, told)
            self.assertIn(stderr, told)
        return done.stdout


def main():
    """As unittest.main(), but a skipped test makes ctest count the script as skipped."""
    program = unittest.main(module="__main__", exit=False, verbosity=1)
    for test, reason in program.result.skipped:
        print(f"skipped: {test.id()}: {reason}")
    if not program.result.wasSuccessful() or program.result.testsRun == 0:
        sys.exit(1)
    sys.exit(77 if program.result.skipped else 0)
