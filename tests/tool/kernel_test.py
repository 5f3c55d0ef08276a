#!/usr/bin/python3
"""campaign and confirm: the running kernel beside assay, in shares, interrupted and resumed."""
import json
import os
import re
import signal
import subprocess
import time
import unittest

import outside


def children_of(pid):
    found = []
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            with open(f"/proc/{entry}/stat", encoding="utf-8", errors="replace") as file:
                if int(file.read().rpartition(")")[2].split()[1]) == pid:
                    found.append(int(entry))
        except OSError:
            continue
    return found


class Kernel(outside.InFolder):
    def setUp(self):
        super().setUp()
        if "ASSAY_NO_FILTERS" in os.environ:
            self.skipTest(os.environ["ASSAY_NO_FILTERS"])
        if outside.run("confirm", "allow.txt", "--records", "1", cwd=self.folder).returncode == 4:
            self.skipTest("this kernel cannot be asked")

    def last(self, *arguments, status=0):
        done = outside.run(*arguments, "--format", "json", cwd=self.folder, timeout=300)
        return json.loads(self.check(done, status).splitlines()[-1])

    def test_confirm_agrees_and_covers_every_edge(self):
        row = self.last("confirm", "exec.txt")
        self.assertEqual(row["mismatches"], 0)
        self.assertEqual(row["edges"], row["feasible_edges"])
        self.assertGreater(row["verdicts"], 700)  # a thousand with 32-bit calls
        self.assertEqual(sum(row["actions"].values()), row["verdicts"])

    def test_confirm_of_a_stack(self):
        row = self.last("confirm", "--stack", "allow.txt", "exec.txt")
        self.assertEqual(row["mismatches"], 0)

    def test_confirm_needs_other_rules_than_those_of_another_kernel(self):
        # Linux 4.13 had no KILL_PROCESS: bit 31 was ignored, and the thread died.
        (self.folder / "kill.txt").write_text("ret #KILL_PROCESS\n")
        done = outside.run("confirm", "kill.txt", "--semantics", "linux-4.13", "--records", "8",
                           cwd=self.folder)
        text = self.check(done, 1).decode()
        self.assertIn("mismatch: ", text)
        self.assertIn("ours KILL_THREAD, kernel KILL_PROCESS", text)
        again = re.search(r"assay run --trace .*; assay confirm .*", text)[0]
        once_more = self.check(outside.shell(again, self.folder), 1).decode()
        self.assertRegex(once_more, "(?m)^KILL_THREAD ")
        self.assertIn(text, once_more)

    def test_confirm_shows_a_mismatch_of_a_stack_again(self):
        (self.folder / "it's kill.txt").write_text("ret #KILL_PROCESS\n")
        done = outside.run("confirm", "--stack", "it's kill.txt", "allow.txt", "--semantics",
                           "linux-4.13", "--records", "2", cwd=self.folder)
        text = self.check(done, 1).decode()
        self.assertIn("\n  executed 0 of it's kill.txt\n  executed 0 of allow.txt\n", text)
        again = re.search(r"assay run --trace .*; assay confirm .*", text)[0]
        once_more = self.check(outside.shell(again, self.folder), 1).decode()
        self.assertRegex(once_more, "(?m)^KILL_THREAD ")
        self.assertIn(text, once_more)

    def test_confirm_complains(self):
        self.check(outside.run("confirm", "none.txt", cwd=self.folder), 3, "none.txt")
        self.check(outside.run("confirm"), 2, "expected a FILTER")

    def test_campaign_agrees(self):
        row = self.last("campaign", "--programs", "20000", "--seed", "5")
        self.assertEqual((row["mismatches"], row["unmet"]), (0, []))
        self.assertEqual(row["acceptances"], 20000)

    def test_shares_are_the_whole(self):
        bounds = ["--programs", "4000", "--seed", "3"]
        whole = self.last("campaign", *bounds, status=self.anything(bounds))
        parts = [self.last("campaign", *bounds, "--shard", f"{i}/3") for i in range(3)]
        for name in ("programs", "acceptances", "accepted", "verdicts"):
            self.assertEqual(sum(part[name] for part in parts), whole[name], name)
        for name, count in whole["counts"].items():
            self.assertEqual(sum(part["counts"].get(name, 0) for part in parts), count, name)
        told = self.last("campaign", *bounds, "--distinct", "0,1,2/3")
        self.assertEqual(told["distinct"], whole["distinct"])
        self.assertLess(self.last("campaign", *bounds, "--distinct", "1/3")["distinct"],
                        whole["distinct"])
        self.check(outside.run("campaign", "--distinct", "0,3"), 2, "expected I,J,.../N")

    def anything(self, bounds):
        """0, or 1 where so few programs do not meet every rule."""
        return outside.run("campaign", *bounds, cwd=self.folder, timeout=300).returncode

    def test_resumed_is_as_if_never_stopped(self):
        bounds = ["campaign", "--seed", "9", "--programs", "30000"]
        places = ["--checkpoint", "progress", "--output", "out", "--resume"]
        for stop in (["--seconds", "1"], []):
            done = outside.run(*bounds, *places, *stop, cwd=self.folder, timeout=300)
            self.assertIn(done.returncode, (0, 1), done.stderr)
        more = json.loads((self.folder / "out").read_text().splitlines()[-1])
        whole = self.last(*bounds)
        for name in ("programs", "verdicts", "counts"):
            self.assertEqual(more[name], whole[name], name)
        other = outside.run("campaign", "--seed", "8", "--programs", "30000", *places,
                            cwd=self.folder)
        self.check(other, 2, "of another job")

    def test_a_killed_child_is_reported_and_survived(self):
        with subprocess.Popen([outside.ASSAY, "campaign", "--programs", "4000000"],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE) as campaign:
            child = self.child_of(campaign)
            os.kill(child, signal.SIGKILL)
            told = campaign.communicate(timeout=60)[1].decode()
        self.assertEqual(campaign.returncode, 4)
        self.assertIn("the child that asks the kernel ended", told)

    def test_a_hung_child_is_reported_and_survived(self):
        with subprocess.Popen([outside.ASSAY, "campaign", "--programs", "4000000"],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE) as campaign:
            child = self.child_of(campaign)
            os.kill(child, signal.SIGSTOP)
            told = campaign.communicate(timeout=60)[1].decode()
        self.assertEqual(campaign.returncode, 4)
        self.assertRegex(told, "no answer in time|the child that asks the kernel ended")
        self.assertFalse(os.path.exists(f"/proc/{child}"))

    def test_interrupted_leaves_nothing_behind(self):
        with subprocess.Popen([outside.ASSAY, "campaign", "--programs", "4000000"],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE) as campaign:
            child = self.child_of(campaign)
            campaign.send_signal(signal.SIGINT)
            campaign.communicate(timeout=60)
        self.assertEqual(campaign.returncode, 130)
        end = time.monotonic() + 10
        while os.path.exists(f"/proc/{child}") and time.monotonic() < end:
            time.sleep(0.02)
        self.assertFalse(os.path.exists(f"/proc/{child}"))

    def child_of(self, process):
        end = time.monotonic() + 30
        while time.monotonic() < end:
            found = children_of(process.pid)
            if found:
                time.sleep(0.3)
                return found[0]
            time.sleep(0.02)
        self.fail("no child")


if __name__ == "__main__":
    unittest.main()
