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

    def test_what_is_there_twice_is_named_and_no_harm(self):
        names = self.shares(2)
        done = outside.run("merge", "--format", "json", *names, names[0], cwd=self.folder)
        self.assertEqual((done.returncode, done.stdout.decode()), (0, self.whole()))
        job = json.loads((self.folder / names[0]).read_text().splitlines()[0])["job"]
        self.assertEqual(done.stderr.decode(), f"assay: {names[0]}: duplicate: fingerprint "
                                               f"{job['settings']}, share 0/2\n")
        self.assay("merge", *names, "whole.json", stderr="assay: whole.json: duplicate: 12 results")

    def test_of_many_jobs_those_that_lack_something_are_named(self):
        names = []
        for number, target in enumerate(self.targets):
            names.append(f"{number}.json")
            self.assay("fingerprint", "--shard", "0/1", "-o", names[-1], target)
        said = self.assay("merge", *names).decode().splitlines()
        self.assertEqual(said[:2], ["12 jobs of fingerprint, with all of their shares", "12 results"])
        last = self.folder / names[-1]
        last.write_text("".join(last.read_text().splitlines(True)[:-1]))
        said = outside.run("merge", *names, cwd=self.folder).stdout.decode().splitlines()
        self.assertTrue(said[0].startswith("0 of 1 shares of fingerprint targets=1#"), said)
        self.assertEqual(said[1], "11 jobs of fingerprint, with all of their shares")

    def test_results_are_gathered_in_several_calls_without_a_word(self):
        names = self.shares(3)
        for some in (names[:2], names[2:]):
            done = outside.run("merge", "--quiet", "--into", "all.db", *some, cwd=self.folder)
            self.assertEqual((done.returncode, done.stdout), (1 if len(some) == 2 else 0, b""))
        self.assertEqual(self.assay("merge", "--format", "json", "all.db").decode(), self.whole())

    def test_the_summary_counts_filters_and_marks_new_ones(self):
        self.assay("fingerprint", "--shard", "0/1", "--database", "old.db", *self.targets[:4])
        self.assay("fingerprint", "--shard", "0/1", "-o", "now.json", *self.targets)
        out = self.assay("merge", "now.json", "--since", "old.db", "--summary", "--format", "json")
        summary = json.loads(out)
        self.assertEqual(summary["results"], 12)
        self.assertEqual([one["targets"] for one in summary["filters"]], [2] * 6)
        self.assertEqual(sorted(one["new"] for one in summary["filters"]), [False] * 2 + [True] * 4)

    def test_audits_answer_for_filters_and_findings(self):
        for share in range(2):
            self.assay("audit", "--fail-on", "never", "--shard", f"{share}/2",
                       "-o", f"{share}.json", *self.targets)
        summary = json.loads(self.assay("merge", "0.json", "1.json", "--summary", "--format",
                                        "json"))
        self.assertEqual([one["targets"] for one in summary["filters"]], [2] * 6)
        self.assertNotEqual(summary["findings"], [])
        alone, = self.shares(1)
        results = (self.folder / alone).read_text().splitlines()[1:-1]
        self.assertEqual({one["fingerprint"] for one in summary["filters"]},
                         {json.loads(line)["fingerprint"] for line in results})

    def test_a_killed_run_goes_on(self):
        whole = self.whole()
        many = self.targets * 100
        self.assay("fingerprint", "--shard", "0/1", "-o", "all.json", *many)
        expected = (self.folder / "all.json").read_text()
        command = [outside.ASSAY, "fingerprint", "-o", "out.json", "--checkpoint", "state", "--resume",
                   *many]
        kills = 0
        for _ in range(200):
            process = subprocess.Popen([*command, "--jobs", ("1", "3")[kills % 2]], cwd=self.folder,
                                       stderr=subprocess.DEVNULL, env=outside.environment())
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

    def recordings(self, count):
        names = []
        for number in range(count):
            name = f"recording{number:03}"
            (self.folder / name).write_text(
                "".join(f"close({fd}) = 0\n" for fd in range(1 + number % 7)) +
                f'{number} execve("x", ["x"], NULL) = 0\n' * (number % 4))
            names.append(name)
        (self.folder / "recordings").write_text("\n".join(names) + "\n")
        return names

    def replayed(self, *options, status=1):
        """What all shares of one run write, without the host."""
        self.assay("replay", "exec.txt", *options, "-o", "whole", status=status)
        return re.sub(r',"host":"[^"]*"', "", (self.folder / "whole").read_text())

    def test_recordings_are_shared_one_item_each(self):
        names = self.recordings(20)
        whole = self.replayed("--traces", "recordings")
        self.assertEqual(self.replayed("--shard", "0/1", *names), whole)
        lines = [json.loads(line) for line in whole.splitlines()]
        self.assertEqual([line["trace"] for line in lines[1:-1]], names)
        refused = sum(number % 4 for number in range(20))
        calls = sum(1 + number % 7 for number in range(20)) + refused
        self.assertEqual((lines[-1]["recordings"], lines[-1]["calls"]), (20, calls))
        self.assertEqual(lines[-1]["counts"], {"ALLOW": calls - refused, "ERRNO(1)": refused})
        for share in range(3):
            self.assay("replay", "exec.txt", "--traces", "recordings", "--shard", f"{share}/3",
                       "-o", f"{share}.json", status=1)
        merged = self.assay("merge", "--format", "json", "2.json", "0.json", "1.json")
        self.assertEqual(merged.decode(), whole)

    def outputs(self, *arguments):
        """stdout, stderr and status with one job, and with three."""
        for jobs in ("1", "3"):
            done = outside.run(*arguments, "--jobs", jobs, cwd=self.folder)
            yield done.stdout, done.stderr, done.returncode

    def test_results_of_fingerprint_do_not_depend_on_jobs(self):
        (self.folder / "refused.txt").write_text("ld [nr]\n")
        targets = [*self.targets, "absent", "refused.txt", *reversed(self.targets)]
        (self.folder / "listed").write_text("\n".join(targets))
        for given, status in ((targets, 3), (["--targets", "listed"], 3), (self.targets, 0),
                              (["--format", "json", "--node-limit", "1", *targets], 5),
                              (["--stack", *self.targets], 0)):
            one, three = self.outputs("fingerprint", *given)
            self.assertEqual(one, three)
            self.assertEqual(one[2], status)
            self.assertTrue(one[0])
        for share in ("0/1", "0/2", "1/2"):
            one, three = self.outputs("fingerprint", "--shard", share, *targets)
            self.assertEqual(one, three)

    def test_results_of_replay_do_not_depend_on_jobs(self):
        names = self.recordings(20)
        (self.folder / "recordings").write_text("\n".join([*names[:9], "absent", *names[9:]]))
        for options in ([], ["--each"], ["--against", "openat.txt"], ["--shard", "1/3"],
                        ["--shard", "2/3", "--each"]):
            one, three = self.outputs("replay", "exec.txt", "--traces", "recordings", *options)
            self.assertEqual(one, three)
            self.assertGreater(one[0].count(b"\n"), 7)

    def test_a_number_of_jobs_that_is_none_is_bad_usage(self):
        for command in (["fingerprint", "exec.txt"], ["replay", "exec.txt", "openat.txt"],
                        ["campaign"]):
            for jobs in ("0", "x", "-1"):
                done = outside.run(*command, "--jobs", jobs, cwd=self.folder)
                self.assertEqual(done.returncode, 2, command)

    def test_of_each_call_there_is_a_result_in_front_of_the_report(self):
        self.recordings(3)
        whole = [json.loads(line) for line in
                 self.replayed("--traces", "recordings", "--each").splitlines()]
        self.assertEqual([line["item"] for line in whole[1:-1]], [0] * 2 + [1] * 4 + [2] * 6)
        self.assertEqual([line.get("calls") for line in whole[1:-1] if "trace" in line], [1, 3, 5])

    def test_a_recording_that_cannot_be_read_is_a_result(self):
        self.recordings(2)
        (self.folder / "recordings").write_text("recording000\nabsent\nrecording001\n")
        done = outside.run("replay", "exec.txt", "--traces", "recordings", cwd=self.folder)
        self.assertEqual(done.returncode, 3, done.stderr)
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual([line["trace"] for line in lines[1:-1]],
                         ["recording000", "absent", "recording001"])
        self.assertIn("No such file", lines[2]["error"])
        self.assertEqual((lines[-1]["recordings"], lines[-1]["unread"]), (2, 1))

    def test_a_killed_replay_goes_on(self):
        self.recordings(400)
        whole = self.replayed("--traces", "recordings")
        command = [outside.ASSAY, "replay", "exec.txt", "--traces", "recordings", "--resume", "-o",
                   "out", "--checkpoint", "state"]
        state = self.folder / "state"
        kills = 0
        for _ in range(100):
            before = state.read_text() if state.exists() else ""
            process = subprocess.Popen([*command, "--jobs", ("1", "3")[kills % 2]], cwd=self.folder,
                                       stderr=subprocess.DEVNULL, env=outside.environment())
            # After its next save, in the middle: 400 recordings are more than one.
            while process.poll() is None and (state.read_text() if state.exists() else "") == before:
                time.sleep(0.005)
            process.send_signal((signal.SIGKILL, signal.SIGTERM)[kills % 2])
            kills += process.wait() < 0
            if process.returncode == 1:
                break
        self.assertGreater(kills, 0)
        found = re.sub(r',"host":"[^"]*"', "", (self.folder / "out").read_text())
        self.assertEqual(found, whole)
        # What has ended is not done again, and its status is remembered.
        self.check(outside.run(*command[1:], cwd=self.folder), 1)
        self.assertEqual(re.sub(r',"host":"[^"]*"', "", (self.folder / "out").read_text()), whole)

    def test_recordings_and_filters_that_do_not_go_together_are_bad_usage(self):
        self.recordings(2)
        for options in (["recording000", "--shard", "0/1", "--tighten", "profile.json"],
                        ["--traces", "recordings", "--tighten", "profile.json"],
                        ["openat.txt", "--traces", "recordings"], ["--shard", "0/1"],
                        ["recording000", "recording001"]):
            done = outside.run("replay", "exec.txt", *options, cwd=self.folder)
            self.assertEqual(done.returncode, 2, options)

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

    def test_a_checkpoint_that_was_tampered_with_is_bad_input(self):
        (self.folder / "trace").write_text("close(3) = 0\n")
        for command in (["fingerprint", "exec.txt"], ["audit", "--fail-on", "never", "exec.txt"],
                        ["replay", "exec.txt", "trace"],
                        ["fuzz-generator", "--generator", "libseccomp", "--profiles", "2"]):
            for state in ("x", "99", "-1", '{"totals":{},"status":0}', '{"totals":-1.5}'):
                for name in ("out", "kept"):
                    (self.folder / name).unlink(missing_ok=True)
                options = [*command, "-o", "out", "--checkpoint", "kept"]
                self.assay(*options)
                kept = json.loads((self.folder / "kept").read_text())
                results = kept["state"].split(" ")[0]
                (self.folder / "kept").write_text(json.dumps({**kept, "state": f"{results} {state}"}))
                self.assay(*options, "--resume", status=3, stderr="none of its states")

    def test_what_is_no_result_is_bad_input(self):
        self.assay("merge", "openat.txt", status=3, stderr="expected a JSON object")
        self.assay("merge", "absent", status=3, stderr="No such file")
        self.assay("merge", status=2, stderr="expected a FILE")


outside.main()
