#!/usr/bin/python3
"""The line of GNU parallel in examples/slurm/README.md runs a campaign in shares, and these merge
to what one run writes; of fewer programs than the line has."""
import re
import shutil
import sys
from pathlib import Path

sys.dont_write_bytecode = True
HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tool"))
import outside  # noqa: E402

PAGE = HERE.parent.parent / "examples/slurm/README.md"
LINE = re.compile(r"^    (parallel assay (?:.*\\\n)*.*)$", re.M)
OF_ONE_RUN = re.compile(r',"host":"[^"]*"|"seconds":[0-9.]+')
PROGRAMS = "2000"


class Parallel(outside.InFolder):
    def campaign(self, *more):
        return outside.run("campaign", "--format", "json", "--programs", PROGRAMS, *more)

    def test_the_documented_line(self):
        whole = self.campaign("--shard", "0/1")
        if whole.returncode == 4:
            self.skipTest("the kernel cannot be asked here")
        # So few programs do not meet every opcode, which one share alone calls a failure.
        self.assertIn(whole.returncode, (0, 1), whole.stderr.decode())
        line, = LINE.findall(PAGE.read_text())
        line, replaced = re.subn(r"--programs \d+", f"--programs {PROGRAMS}", line)
        self.assertEqual(replaced, 1)
        done = outside.shell(line, self.folder, timeout=300)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        merged = outside.run("merge", "--format", "json",
                             *sorted(self.folder.glob("[0-9].json")))
        self.assertEqual(OF_ONE_RUN.sub("", self.check(merged).decode()),
                         OF_ONE_RUN.sub("", whole.stdout.decode()))


if __name__ == "__main__":
    if shutil.which("parallel") is None:
        print("skipped: not installed: parallel")
        sys.exit(77)
    sys.exit(outside.main())
