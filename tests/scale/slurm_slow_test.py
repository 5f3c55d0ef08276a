#!/usr/bin/python3
"""A real Slurm runs a job in shares; one worker is killed in the middle and put back into the
queue; what is merged is what one run without shares writes, bit for bit but for names of hosts."""
import os
import re
import signal
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "tool")]
import outside  # noqa: E402
import slurm_cluster  # noqa: E402

ASSAY = os.path.abspath(os.environ["ASSAY"])
EXAMPLES = Path(__file__).resolve().parent.parent.parent / "examples"
SHARES = 4
PROGRAM = "ld [nr]\njeq #{}, +0, +1\nret #ERRNO({})\nret #ALLOW\n"
WITHOUT = re.compile(r',"host":"[^"]*"|"seconds":[0-9.]+')


def assay(*arguments):
    return subprocess.run([ASSAY, *map(str, arguments)], capture_output=True, text=True,
                          timeout=600, check=False)


def workers(path):
    """Processes that hold the file open."""
    found = []
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            if os.readlink(link) == str(path):
                found.append(int(link.parts[2]))
        except OSError:
            pass
    return found


class Slurm(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="assay-scale-")
        self.addCleanup(folder.cleanup)
        self.results = Path(folder.name)
        self.cluster = slurm_cluster.Cluster()
        try:
            self.cluster.__enter__()
        except slurm_cluster.NoCgroups as why:
            self.skipTest(f"slurmd does not start here: {why}")
        self.addCleanup(self.cluster.__exit__)
        self.cluster.env["ASSAY"] = ASSAY

    def kill_one(self, name, job):
        """In the middle: after its first results, before its last."""
        output = self.results / f"{name}.1.json"
        checkpoint = self.results / f"{name}.1.checkpoint"
        self.cluster.wait(lambda: checkpoint.exists() and '"next":0' not in checkpoint.read_text(),
                          "a checkpoint", 500)
        victims = workers(output)
        self.assertEqual(len(victims), 1, "the worker had ended already")
        os.kill(victims[0], signal.SIGKILL)
        self.cluster.wait(lambda: self.cluster.state(job).get(1) != "RUNNING", "the worker's end")
        task = f"{job}_1"
        self.cluster.run("scontrol", "requeue", task)
        self.cluster.run("scontrol", "update", f"jobid={task}", "starttime=now")

    def run_job(self, name, *arguments):
        job = self.cluster.submit(f"--array=0-{SHARES - 1}", EXAMPLES / f"slurm/{name}.sbatch",
                                  self.results, *arguments)
        self.assertTrue(job.isdigit(), job)
        self.kill_one(name, job)

        def ended():
            states = self.cluster.state(job)
            return not states or set(states.values()) == {"COMPLETED"}
        self.cluster.wait(ended, "the shares", 500)
        merged = assay("merge", "--format", "json", *sorted(self.results.glob(f"{name}.*.json")))
        self.assertEqual(merged.returncode, 0, merged.stderr)
        return merged.stdout

    def test_fleet(self):
        targets = []
        for number in range(3000):
            target = self.results / f"{number}.txt"
            target.write_text(PROGRAM.format(number % 400, 1 + number % 100))
            targets.append(str(target))
        names = self.results / "list"
        names.write_text("\n".join(targets) + "\n")
        merged = self.run_job("fleet", names)
        whole = assay("audit", "--format", "json", "--fail-on", "never", "--targets", names,
                      "--shard", "0/1")
        self.assertEqual(whole.returncode, 0, whole.stderr)
        self.assertEqual(merged, WITHOUT.sub("", whole.stdout))

    def test_nodes(self):
        job = self.cluster.submit("--nodes=2", EXAMPLES / "slurm/nodes.sbatch", self.results)
        self.assertTrue(job.isdigit(), job)
        files = [self.results / f"node.{name}.json" for name in ("n1", "n2")]
        self.cluster.wait(lambda: all(file.exists() for file in files), "the nodes")
        for file in files:
            self.assertIn('"items":', file.read_text().splitlines()[-1])
        self.assertEqual(list(self.results.glob("*.new")), [])

    def test_campaign(self):
        if assay("campaign", "--programs", "32").returncode == 4:
            self.skipTest("the kernel cannot be asked here")
        self.cluster.env["PROGRAMS"] = "400000"
        merged = self.run_job("campaign")
        whole = assay("campaign", "--format", "json", "--programs", "400000", "--shard", "0/1")
        self.assertEqual(whole.returncode, 0, whole.stderr)
        self.assertEqual(WITHOUT.sub("", merged), WITHOUT.sub("", whole.stdout))


if __name__ == "__main__":
    if reason := slurm_cluster.lacking():
        print(f"skipped: {reason}")
        sys.exit(77)
    sys.exit(outside.main())
