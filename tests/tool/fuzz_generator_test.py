#!/usr/bin/python3
"""assay fuzz-generator as a long job: shares, kills and merging give the run without shares."""
# The kernel's part: schema_test.py and process_test.py.
import json
import os
import re
import signal
import subprocess
import time

import outside

# Allows everything, whatever the rules: wrong about most of them, and always the same.
ALLOW = ("--", "cat", "allow.bpf")
# A child of a process with threads may find a sanitizer's allocator locked for good.
MORE_JOBS = 0 if os.environ.get("ASSAY_SANITIZED") else 1


class FuzzGenerator(outside.InFolder):
    def setUp(self):
        super().setUp()
        (self.folder / "allow.bpf").write_bytes(bytes.fromhex("060000000000ff7f"))

    def fuzz(self, *arguments, profiles=200, statuses=(0, 1), command=()):
        done = outside.run("fuzz-generator", "--profiles", str(profiles), "--seed", "3",
                           "--no-confirm", *arguments, *command, cwd=self.folder)
        self.assertIn(done.returncode, statuses, done.stderr)
        return done

    def whole(self, profiles=200, command=()):
        self.fuzz("--shard", "0/1", "-o", "whole.json", profiles=profiles, command=command)
        return (self.folder / "whole.json").read_text()

    def test_shares_together_are_the_run_without_shares(self):
        whole = self.whole()
        names = []
        for index in range(3):
            names.append(f"{index}.json")
            self.fuzz("--shard", f"{index}/3", "-o", names[-1], "--jobs",
                      str(1 + index * MORE_JOBS))
        merged = outside.run("merge", "--format", "json", *reversed(names), cwd=self.folder)
        self.assertEqual(merged.returncode, 0, merged.stderr)
        self.assertEqual(merged.stdout.decode(), re.sub(r',"host":"[^"]*"', "", whole))

    def test_the_totals_are_those_of_the_results(self):
        rows = [json.loads(line) for line in self.whole(20, ALLOW).splitlines()]
        results, end = rows[1:-1], rows[-1]
        self.assertTrue(results)
        self.assertEqual(end["profiles"], 20)
        self.assertEqual(end["disagreements"], len(results))
        causes = {}
        for row in results:
            causes[row["cause"]] = causes.get(row["cause"], 0) + 1
            self.assertEqual(row["actual"], "ALLOW")
        self.assertEqual(end["causes"], causes)

    def test_a_killed_run_goes_on(self):
        profiles = 2_000
        expected = self.whole(profiles)
        command = [outside.ASSAY, "fuzz-generator", "--profiles", str(profiles), "--seed", "3",
                   "--no-confirm", "-o", "out.json", "--checkpoint", "state", "--resume"]
        kills = 0
        for _ in range(200):
            process = subprocess.Popen(command, cwd=self.folder, stderr=subprocess.DEVNULL,
                                       env=outside.environment())
            time.sleep(0.5 * (1 + kills))
            if process.poll() is not None:
                self.assertIn(process.returncode, (0, 1))
                break
            process.send_signal((signal.SIGKILL, signal.SIGTERM)[kills % 2])
            process.wait()
            kills += 1
        self.assertGreater(kills, 0)
        self.assertEqual((self.folder / "out.json").read_text(), expected)

    def test_other_settings_are_another_job(self):
        place = ("-o", "out.json", "--checkpoint", "state", "--resume")
        self.fuzz(*place, profiles=10)
        self.fuzz(*place, profiles=11, statuses=(2,))
        self.fuzz("--shard", "0/1", "--output-dir", "causes", statuses=(2,))
        self.fuzz("--confirm", statuses=(2,))

outside.main()
