#!/usr/bin/python3
"""Shares, kills and merging from outside: together they are the run without shares."""
import json
import re
import signal
import sqlite3
import subprocess
import time

import outside

PROGRAM = "ld [nr]\njeq #{}, +0, +1\nret #ERRNO(1)\nret #ALLOW\n"


class Merge(outside.InFolder):
    def setUp(self):
        super().setUp()
        self.targets = []
        for number in range(12):
            name = f"filter{number:02}.txt"
            (self.folder / name).write_text(PROGRAM.format(number // 2))
            self.targets.append(name)

    def assay(self, *arguments, status=0, stderr=""):
        return self.check(outside.run(*arguments, cwd=self.folder), status, stderr)

    def shares(self, count, first=0):
        names = [f"{index}.json" for index in range(first, first + count)]
        for index, name in enumerate(names, first):
            self.assay("fingerprint", "--shard", f"{index}/{count}", "-o", name, *self.targets)
        return names

    def whole(self):
        self.assay("fingerprint", "--shard", "0/1", "-o", "whole.json", *self.targets)
        return re.sub(r',"host":"[^"]*"', "", (self.folder / "whole.json").read_text())

    def test_shares_together_are_the_run_without_shares(self):
        whole = self.whole()
        for first in (0, 1):
            merged = self.assay("merge", "--format", "json", *reversed(self.shares(5, first)))
            self.assertEqual(merged.decode(), whole)

    def test_what_a_share_lacks_is_named(self):
        names = self.shares(3)
        for status, lost, words in ((1, "remove", "missing"), (1, "cut", "cut off")):
            path = self.folder / names[1]
            text = path.read_text()
            path.write_text(text[: len(text) // 2])
            given = [names[0], names[2]] if lost == "remove" else names
            done = outside.run("merge", *given, cwd=self.folder)
            self.assertEqual(done.returncode, status)
            self.assertIn(words, done.stderr.decode())
            self.assertIn("2 of 3 shares of fingerprint", done.stdout.decode())
            path.write_text(text)

    def test_the_summary_counts_filters_and_marks_new_ones(self):
        self.assay("fingerprint", "--shard", "0/1", "--database", "old.db", *self.targets[:4])
        self.assay("fingerprint", "--shard", "0/1", "-o", "now.json", *self.targets)
        out = self.assay("merge", "now.json", "--since", "old.db", "--summary", "--format", "json")
        summary = json.loads(out)
        self.assertEqual(summary["results"], 12)
        self.assertEqual([one["targets"] for one in summary["filters"]], [2] * 6)
        self.assertEqual(sorted(one["new"] for one in summary["filters"]), [False] * 2 + [True] * 4)

    def test_a_killed_run_goes_on(self):
        whole = self.whole()
        many = self.targets * 100
        self.assay("fingerprint", "--shard", "0/1", "-o", "all.json", *many)
        expected = (self.folder / "all.json").read_text()
        command = [outside.ASSAY, "fingerprint", "-o", "out.json", "--checkpoint", "state", "--resume",
                   *many]
        kills = 0
        for _ in range(200):
            process = subprocess.Popen(command, cwd=self.folder, stderr=subprocess.DEVNULL,
                                       env=outside.environment())
            time.sleep(0.02 * (1 + kills))
            if process.poll() is not None:
                self.assertEqual(process.returncode, 0)
                break
            process.send_signal((signal.SIGKILL, signal.SIGTERM, signal.SIGINT)[kills % 3])
            process.wait()
            kills += 1
        self.assertGreater(kills, 0)
        self.assertEqual((self.folder / "out.json").read_text(), expected)
        self.assertEqual(whole.count("\n"), 14)

    def test_a_database_can_be_queried_by_anybody(self):
        self.assay("fingerprint", "--database", "out.db", *self.targets)
        with sqlite3.connect(self.folder / "out.db") as database:
            rows = database.execute(
                "SELECT count(DISTINCT json_extract(json, '$.fingerprint')) FROM result").fetchall()
            self.assertEqual(rows, [(6,)])
            self.assertEqual(database.execute("SELECT complete FROM share").fetchall(), [(1,)])

    def test_places_that_do_not_go_together_are_bad_usage(self):
        for options in (["--checkpoint", "x"], ["--resume"], ["--database", "d", "-o", "x"],
                        ["--shard", "5/4"], ["--shard", "four"], ["--shard", "0/1", "--stack"]):
            done = outside.run("fingerprint", *options, "filter00.txt", cwd=self.folder)
            self.assertEqual(done.returncode, 2, options)

    def test_what_is_no_result_is_bad_input(self):
        self.assay("merge", "openat.txt", status=3, stderr="expected a JSON object")
        self.assay("merge", "absent", status=3, stderr="No such file")
        self.assay("merge", status=2, stderr="expected a FILE")


outside.main()
