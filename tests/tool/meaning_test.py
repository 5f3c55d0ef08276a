#!/usr/bin/python3
"""diff, query, witness, fingerprint and check on real filters: one truth from all of them, each
witness confirmed by `assay run`, budgets that hold, and quick answers."""
import json
import os
import random
import time
import unittest
from pathlib import Path

import outside

CORPUS = Path(os.environ.get("ASSAY_CORPUS", ""))
SANITIZED = b"__asan_init" in open(outside.ASSAY, "rb").read()
# Products of two inputs: no diagram of them is small.
PRODUCT = """ld [args[{}].lo]
tax
ld [args[{}].lo]
mul x
tax
ld [args[2].lo]
jeq x, +0, +1
ret #{}
ret #ALLOW
"""


class Meaning(outside.InFolder):
    def rows(self, *arguments, status=0):
        done = outside.run(*arguments, "--format", "json", cwd=self.folder)
        self.check(done, status)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def verdicts(self, filters, records):
        """What run says of them."""
        (self.folder / "records").write_text("".join(json.dumps(one) + "\n" for one in records))
        rows = self.rows("run", *filters, *(["--stack"] if len(filters) > 1 else []),
                         "--records", "records")
        # Values of no action are told as the kill that they are.
        return ["KILL_PROCESS" if row["verdict"].startswith("UNKNOWN") else row["verdict"]
                for row in rows]

    def confirm(self, a, b, differences):
        records = [one["witness"] for one in differences]
        self.assertEqual(self.verdicts(a, records), [one["a"] for one in differences])
        self.assertEqual(self.verdicts(b, records), [one["b"] for one in differences])

    def product(self, name, first, second, verdict):
        (self.folder / name).write_text(PRODUCT.format(first, second, verdict))
        return name


class Small(Meaning):
    def test_differences_are_confirmed(self):
        names = ["exec.txt", "openat.txt", "allow.txt", "errno13.txt", "odd.txt"]
        for a in names:
            for b in names:
                done = outside.run("diff", a, b, "--format", "json", cwd=self.folder)
                row = json.loads(done.stdout)
                self.assertEqual(done.returncode, 0 if row["equal"] else 1)
                self.assertEqual(row["equal"], not row["differences"])
                self.confirm([a], [b], row["differences"])

    def test_subset_orders_by_strength(self):
        strongest_first = ["KILL_PROCESS", "KILL_THREAD", "TRAP(1)", "ERRNO(1)", "USER_NOTIF",
                           "TRACE(1)", "LOG", "ALLOW"]
        for i, verdict in enumerate(strongest_first):
            (self.folder / f"{i}.txt").write_text(f"ret #{verdict}\n")
        for i in range(len(strongest_first)):
            for j in range(len(strongest_first)):
                done = outside.run("diff", "--subset", f"{i}.txt", f"{j}.txt", cwd=self.folder)
                self.assertEqual(done.returncode, 0 if i <= j else 1, (i, j, done.stdout))

    def test_subset_of_data(self):
        for text in ("ret #ERRNO(1)", "ret #ERRNO(2)"):
            (self.folder / f"{text[-2]}.txt").write_text(text + "\n")
        self.check(outside.run("diff", "1.txt", "2.txt", cwd=self.folder), 1)
        self.check(outside.run("diff", "--subset", "1.txt", "2.txt", cwd=self.folder))

    def test_stack_is_the_strongest(self):
        row, = self.rows("diff", "allow.txt", "openat.txt", "--stack-a", "exec.txt", status=1)
        self.confirm(["allow.txt", "exec.txt"], ["openat.txt"], row["differences"])

    def test_big_endian_halves(self):
        (self.folder / "s390x.txt").write_text(
            "ld [arch]\njne #AUDIT_ARCH_S390X, allow\nld [nr]\njne #5, allow\nld [20]\n"
            "jeq #7, deny, allow\ndeny: ret #ERRNO(1)\nallow: ret #ALLOW\n")
        row, = self.rows("diff", "s390x.txt", "allow.txt", status=1)
        difference, = row["differences"]
        self.assertEqual(difference["syscalls"], ["open"])
        self.assertEqual(difference["condition"], "arg0.lo == 7")
        self.assertEqual(difference["witness"]["args"][0], 7)
        self.confirm(["s390x.txt"], ["allow.txt"], row["differences"])

    def test_calls_that_run_no_filter_are_no_first_choice(self):
        (self.folder / "new.txt").write_text(
            "ld [arch]\njne #AUDIT_ARCH_X86_64, +3\nld [nr]\njge #335, +0, +1\nret #ERRNO(1)\n"
            "ret #ALLOW\n")
        row, = self.rows("diff", "new.txt", "allow.txt", status=1)
        self.confirm(["new.txt"], ["allow.txt"], row["differences"])

    def test_a_query_may_compare_fields_that_the_filter_does_not(self):
        for when in ("arg0 < arg1", "arg0 == arg5 && arg1 > arg2"):
            row, = self.rows("query", "openat.txt", "--when", when, "--verdict", "ALLOW")
            self.assertIsNotNone(row["inputs_log2"], when)
            arguments = row["witness"]["args"]
            self.assertTrue(arguments[0] < arguments[1] or arguments[1] > arguments[2], when)

    def test_query_and_run_agree(self):
        for when in ("nr == 257", "arch == x86_64 && syscall == openat && arg2 in {1, 2}",
                     "arch == aarch64 || ip == 0x123456789abcdef0", "arg5.hi > 0xfffffffe"):
            for verdict in ("ALLOW", "ERRNO", "KILL_PROCESS", "LOG"):
                done = outside.run("query", "openat.txt", "--when", when, "--verdict", verdict,
                                   "--format", "json", cwd=self.folder)
                row = json.loads(done.stdout)
                self.assertEqual(done.returncode, 0 if row["possible"] else 1)
                if row["possible"]:
                    found, = self.verdicts(["openat.txt"], [row["witness"]])
                    self.assertEqual(found, row["verdict"])
                    self.assertTrue(found.startswith(verdict))


class Budgets(Meaning):
    def test_solver_decides_what_diagrams_cannot(self):
        a = self.product("a.txt", 0, 1, "ERRNO(1)")
        b = self.product("b.txt", 1, 0, "ERRNO(1)")
        c = self.product("c.txt", 0, 1, "ERRNO(2)")
        limits = ["--node-limit", "100000"]
        self.rows("diff", a, b, *limits)
        row, = self.rows("diff", a, c, *limits, status=5)
        self.assertIs(row["equal"], False)
        self.confirm([a], [c], row["differences"])
        self.assertEqual(row["not_decided"]["limit"], "nodes")
        self.assertGreater(sum(row["not_decided"]["calls"].values()), 0)
        row, = self.rows("query", a, "--verdict", "ERRNO", *limits)
        self.assertEqual(self.verdicts([a], [row["witness"]]), ["ERRNO(1)"])
        self.rows("query", a, "--verdict", "LOG", *limits, status=1)
        rows = self.rows("witness", a, *limits)
        self.assertEqual(rows[-1]["infeasible"], [])
        self.rows("fingerprint", a, *limits, status=5)
        row, = self.rows("check", a, *limits, status=5)
        self.assertTrue(row["accepted"])

    def test_time_holds(self):
        a = self.product("a.txt", 0, 1, "ERRNO(1)")
        b = self.product("b.txt", 1, 0, "ERRNO(1)")
        for command in (["fingerprint", a], ["diff", "--subset", a, b], ["check", a]):
            start = time.monotonic()
            done = outside.run(*command, "--time-limit", "0.3", cwd=self.folder)
            self.check(done, 5)
            self.assertIn(b"--time-limit raises that", done.stderr)
            if not SANITIZED:
                self.assertLess(time.monotonic() - start, 5)

    def test_every_limit_is_honest(self):
        """Whatever the limit, the answer is the right one or none."""
        for limit in (1, 31, 33, 64, 100, 200, 400, 512, 520, 600, 700, 800, 1000, 2000):
            for command, right in ((["diff", "exec.txt", "exec.txt"], 0),
                                   (["diff", "exec.txt", "openat.txt"], 1),
                                   (["diff", "--subset", "exec.txt", "allow.txt"], 0),
                                   (["diff", "--subset", "allow.txt", "exec.txt"], 1),
                                   (["query", "exec.txt", "--verdict", "ERRNO"], 0),
                                   (["query", "exec.txt", "--verdict", "LOG"], 1),
                                   (["witness", "openat.txt"], 0),
                                   (["witness", "openat.txt", "--cover", "verdicts"], 0),
                                   (["fingerprint", "openat.txt"], 0), (["check", "exec.txt"], 0)):
                done = outside.run(*command, "--node-limit", str(limit), cwd=self.folder)
                self.assertIn(done.returncode, (right, 5), (command, limit, done.stderr))
                self.assertEqual(done.returncode == 5, done.stderr != b"", (command, limit))


class Hostile(Meaning):
    def test_conditions(self):
        nested = "(" * 5000 + "nr == 1" + ")" * 5000
        for text in ("nr ==", "&&", nested, "!" * 5000 + "nr == 1", "arg9 == 1", "\x1b[31m", "nr in {",
                     "nr == 1 " + "|| nr == 2 " * 2 + "||"):
            done = outside.run("query", "exec.txt", "--verdict", "ALLOW", "--when", text,
                               cwd=self.folder)
            self.check(done, 2, "option '--when': column")
            self.assertNotIn(b"\x1b", done.stderr)

    def test_inputs(self):
        (self.folder / "junk").write_bytes(os.urandom(999))
        for command in (["diff", "junk", "exec.txt"], ["query", "junk", "--verdict", "ALLOW"],
                        ["witness", "junk"], ["fingerprint", "junk"]):
            self.check(outside.run(*command, cwd=self.folder), 3, "junk: ")

    def test_long_programs(self):
        """4096 instructions that all depend on the input."""
        (self.folder / "tests.txt").write_text(
            "ld [nr]\n" + "".join(f"jeq #{7 * i}, deny\n" for i in range(250))
            + "jmp next\ndeny: ret #ERRNO(1)\nnext:"
            + "".join(f" ld [args[{i % 6}].lo]\njset #{1 << i % 31}, +1, +0\nret #TRAP({i})\n"
                      for i in range(1200)) + "ret #ALLOW\n")
        for command in (["fingerprint", "tests.txt"], ["diff", "tests.txt", "exec.txt"],
                        ["check", "tests.txt"], ["witness", "tests.txt"]):
            start = time.monotonic()
            done = outside.run(*command, "--time-limit", "5", cwd=self.folder)
            self.assertIn(done.returncode, (0, 1, 5), done.stderr)
            self.assertLess(time.monotonic() - start, 30)


@unittest.skipUnless(CORPUS.is_dir() and os.environ.get("ASSAY_CORPUS"),
                     "the folder of captured filters is not there")
class Corpus(Meaning):
    def setUp(self):
        super().setUp()
        self.filters = sorted(CORPUS.glob("*.bpf"))
        self.assertGreater(len(self.filters), 100)

    def test_linear_and_tree_forms_are_equal(self):
        pairs = 0
        for linear in CORPUS.glob("*-opt1.bpf"):
            tree = linear.with_name(linear.name.replace("-opt1", "-opt2"))
            if not tree.exists():
                continue
            pairs += 1
            equal = "s390x" not in linear.name  # swapped constants, see the corpus' notes
            row, = self.rows("diff", linear, tree, status=0 if equal else 1)
            self.assertIs(row["equal"], equal, linear.name)
            self.confirm([linear], [tree], row["differences"])
            prints = {one["fingerprint"] for one in self.rows("fingerprint", linear, tree)}
            self.assertEqual(len(prints), 1 if equal else 2)
        self.assertGreater(pairs, 20)

    def test_any_two(self):
        draw = random.Random(7)
        for _ in range(40):
            a, b = draw.sample(self.filters, 2)
            row = json.loads(outside.run("diff", a, b, "--format", "json").stdout)
            self.confirm([a], [b], row["differences"])
            forth = outside.run("diff", "--subset", a, b).returncode
            back = outside.run("diff", "--subset", b, a).returncode
            prints = [one["fingerprint"] for one in self.rows("fingerprint", a, b)]
            self.assertEqual(row["equal"], prints[0] == prints[1])
            if row["equal"]:
                self.assertEqual((forth, back), (0, 0))

    def test_witnesses_reach_what_they_say(self):
        draw = random.Random(8)
        for path in draw.sample(self.filters, 12):
            *records, last = self.rows("witness", path)
            edges = set()
            (self.folder / "records").write_text("".join(json.dumps(one) + "\n" for one in records))
            for row in self.rows("run", path, "--records", "records", "--trace"):
                steps = [step["pc"] for step in row["trace"]]
                edges |= set(zip(steps, steps[1:]))
            self.assertEqual(len(edges), last["reached"], path.name)
            self.assertFalse(edges & set(map(tuple, last["infeasible"])), path.name)


if __name__ == "__main__":
    outside.main()
