#!/usr/bin/python3
"""What the command writes as JSON is what docs/schema says, and each schema is used."""
import json
import os
import subprocess

import jsonschema

import outside

USED = set()


def validator(name):
    schema = json.loads((outside.SCHEMAS / f"{name}.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    USED.add(name)
    return jsonschema.Draft202012Validator(schema)


class Schema(outside.InFolder):
    def objects(self, name, *arguments, statuses=(0,), **options):
        done = outside.run(*arguments, "--format", "json", cwd=self.folder, **options)
        self.assertIn(done.returncode, statuses, done.stderr)
        lines = done.stdout.decode("utf-8").splitlines()
        rows = [json.loads(line) for line in lines]
        check = validator(name)
        for row in rows:
            check.validate(row)
            self.assertEqual(list(row)[:2], ["assay", "semantics"])
        return rows

    def assemble(self, text):
        (self.folder / "filter.bpf").write_bytes(
            self.check(outside.run("asm", "-", stdin=text.encode())))
        return "filter.bpf"

    def test_merge(self):
        outside.run("fingerprint", "--shard", "0/1", "-o", "out", "exec.txt", cwd=self.folder)
        row, = self.objects("merge", "merge", "out", "--summary")
        self.assertEqual([one["targets"] for one in row["filters"]], [1])

    def test_version(self):
        [found] = self.objects("version", "--version")
        for library, of in found["libraries"].items():
            self.assertRegex(of, r"^\d+(\.\d+)+$", library)
            self.assertIn(f"{library} {of}", outside.run("--version").stdout.decode())

    def test_check(self):
        fields = ["assay", "semantics", "file", "insns", "accepted", "errno", "insn", "kind",
                  "reason", "chain_length", "returns", "findings"]
        rejected = self.assemble("ld [nr]\n")
        rows = self.objects("check", "check", "exec.txt", "odd.txt", rejected, statuses=(1,))
        self.assertEqual([list(row) for row in rows], [fields] * 3)
        self.assertEqual([row["accepted"] for row in rows], [True, True, False])
        self.assertEqual({finding["kind"] for finding in rows[1]["findings"]},
                         {"same-targets", "jump-to-next", "unused-field", "unreachable",
                          "duplicate-return"})
        for options in (["--privileged", "no"], ["--chain", "32768"], ["--flags", "0xffffffff"]):
            row, = self.objects("check", "check", "exec.txt", *options, statuses=(1,))
            self.assertEqual(list(row), fields)

    def test_audit(self):
        rows = self.objects("audit", "audit", "exec.txt", "odd.txt", "missing.bpf", statuses=(1, 3))
        self.assertEqual([row["target"] for row in rows], ["exec.txt", "odd.txt", "missing.bpf"])
        self.assertIn("error", rows[2])
        alone = self.objects("fingerprint", "fingerprint", "exec.txt", "odd.txt")
        self.assertEqual([row.get("fingerprint") for row in rows],
                         [row["fingerprint"] for row in alone] + [None])
        kinds = {finding["evidence"]["kind"] for row in rows for finding in row["findings"]}
        self.assertEqual(kinds, {"witness", "proof"})

    def test_findings_about_meaning(self):
        odd = {"never-holds": "ld [nr]\njeq #1, +0, +1\njeq #2, +0, +1\nret #LOG\nret #ALLOW\n",
               "always-holds": "ld #1\njeq #1, +0, +1\nret #LOG\nret #ALLOW\n",
               "never-reached": "ld #1\njeq #1, +0, +1\nret #LOG\nret #ALLOW\n",
               "mixed-sources": "ld [nr]\njeq #1, +0, +1\nld [arch]\njeq #8, +0, +1\nret #LOG\n"
                                "ret #ALLOW\n",
               "low-half-only": "ld [args[0].lo]\njeq #1, +0, +1\nret #LOG\nret #ALLOW\n",
               "high-half-ignored": "ld [args[0].lo]\njeq #9, +3, +0\njeq #8, +0, +3\n"
                                    "ld [args[0].hi]\njeq #0, +0, +1\nret #LOG\nret #ALLOW\n"}
        for kind, text in odd.items():
            with self.subTest(kind=kind):
                row, = self.objects("check", "check", self.assemble(text))
                self.assertIn(kind, [finding["kind"] for finding in row["findings"]])
        row, = self.objects("check", "check", "exec.txt", "--node-limit", "10", statuses=(5,))
        self.assertEqual(row["not_decided"]["limit"], "nodes")

    def test_explain(self):
        rows = self.objects("explain", "explain", "exec.txt", "openat.txt", "allow.txt")
        self.assertEqual([arch["arch"] for arch in rows[1]["archs"]], ["x32", "x86_64", "other"])
        self.assertEqual(rows[1]["archs"][1]["rules"],
                         [{"syscalls": ["openat"], "condition": "(arg2 & 0x3) != 0",
                           "verdict": "ERRNO(13)"}])
        self.assertEqual(len(self.objects("explain", "explain", "--stack", "exec.txt",
                                          "openat.txt")), 1)
        row, = self.objects("explain", "explain", "exec.txt", "--node-limit", "10", statuses=(5,))
        self.assertEqual(row["not_decided"]["limit"], "nodes")
        sum_of_two = self.assemble("ld [args[0].lo]\ntax\nld [args[1].lo]\nadd x\ntax\n"
                                   "ld [args[2].lo]\njgt x, +0, +1\nret #LOG\nret #ALLOW\n")
        row, = self.objects("explain", "explain", sum_of_two, statuses=(5,))
        self.assertEqual(row["not_decided"]["limit"], "form")

    def test_diff(self):
        self.assemble("ld [nr]\nret a\n")
        row, = self.objects("diff", "diff", "filter.bpf", "allow.txt", statuses=(5,))
        self.assertEqual((row["equal"], row["not_decided"]["limit"]), (False, "form"))
        self.assemble("ret #0x7fff0001\n")
        for arguments in (["exec.txt", "allow.txt"], ["exec.txt", "exec.txt"],
                          ["exec.txt", "openat.txt", "--subset"],
                          ["allow.txt", "filter.bpf", "--exact"],
                          ["exec.txt", "allow.txt", "--node-limit", "10"],
                          ["exec.txt", "allow.txt", "--subset", "--node-limit", "10"]):
            with self.subTest(arguments=arguments):
                row, = self.objects("diff", "diff", *arguments, statuses=(0, 1, 5))
                for difference in row["differences"]:
                    validator("record").validate(difference["witness"])

    def test_cost(self):
        row, = self.objects("cost", "cost", "openat.txt", "--advice")
        openat, = [one for one in row["syscalls"]
                   if (one["arch"], one.get("syscall")) == ("x86_64", "openat")]
        self.assertEqual((openat["bitmap"], openat["why"]), (False, "reads args[2]"))
        self.assertLess(openat["best"], openat["worst"] + 1)
        (self.folder / "trace").write_text(
            '{"arch":"x86_64","nr":0}\n{"arch":"x86_64","nr":257,"args":[0,0,1]}\n')
        row, = self.objects("cost", "cost", "--stack", "exec.txt", "openat.txt", "--trace", "trace")
        self.assertEqual((row["trace"]["calls"], row["trace"]["executed"]["in_bitmap"]), (2, 0.5))
        self.assertEqual([one["calls"] for one in row["syscalls"]], [1, 1])
        row, = self.objects("cost", "cost", "exec.txt", "--node-limit", "10", statuses=(5,))
        self.assertEqual(row["not_decided"]["limit"], "nodes")

    def test_query(self):
        for arguments in (["--verdict", "ERRNO"], ["--verdict", "LOG"],
                          ["--verdict", "ERRNO", "--when", "nr == 59 && arg0.hi == 0xffffffff"],
                          ["--verdict", "ERRNO", "--node-limit", "10"]):
            with self.subTest(arguments=arguments):
                row, = self.objects("query", "query", "exec.txt", *arguments, statuses=(0, 1))
                self.assertEqual(row["possible"], row["witness"] is not None)

    def test_kernel(self):
        if "ASSAY_NO_FILTERS" in os.environ:
            USED.update(("campaign", "confirm"))
            return
        self.objects("campaign", "campaign", "--programs", "2000", statuses=(0, 1, 4))
        self.objects("confirm", "confirm", "exec.txt", "--semantics", "linux-4.13",
                     "--records", "20", statuses=(0, 1, 4))
        self.objects("confirm", "confirm", "exec.txt", "--records", "20", statuses=(0, 4))

    def test_witness(self):
        for cover in ("edges", "insns", "verdicts"):
            rows = self.objects("witness", "witness", "odd.txt", "--cover", cover)
            self.assertEqual(["reached" in row for row in rows],
                             [False] * (len(rows) - 1) + [True])
            for row in rows[:-1]:
                validator("record").validate(row)
        rows = self.objects("witness", "witness", "exec.txt", "--cover", "verdicts",
                            "--node-limit", "10", statuses=(5,))
        self.assertIn("not_decided", rows[-1])

    def test_replay(self):
        strace = ("close(3) = 0\nopenat(AT_FDCWD, \"x\", O_WRONLY) = 3\n"
                  "openat(AT_FDCWD, \"x\", O_NEW) = 3\nbrand_new_call(1) = 0\n"
                  "7 execve(\"x\", [\"x\"], NULL) = 0\nnoise\n+++ killed by SIGSYS +++\n").encode()
        (self.folder / "trace").write_bytes(strace)
        for filter in ("openat.txt", "exec.txt", "allow.txt"):
            for options in ([], ["--each"], ["--against", "exec.txt"], ["--tighten", "p.json"]):
                with self.subTest(filter=filter, options=options):
                    rows = self.objects("replay", "replay", filter, "trace", *options,
                                        statuses=(0, 1, 5))
                    self.assertEqual(len(rows), 6 if options == ["--each"] else 1)
                    self.assertEqual(rows[-1]["calls"], 5)
        row, = self.objects("replay", "replay", "openat.txt", "records.jsonl", statuses=(1,))
        self.assertEqual(row["trace_format"], "json")

    def test_fingerprint(self):
        self.assertEqual(len(self.objects("fingerprint", "fingerprint", "exec.txt", "odd.txt")), 2)
        self.assertEqual(len(self.objects("fingerprint", "fingerprint", "exec.txt", "odd.txt",
                                          "--stack")), 1)
        self.objects("fingerprint", "fingerprint", "exec.txt", "--node-limit", "1", statuses=(5,))

    def test_run(self):
        values = ["ALLOW", "LOG", "TRACE(1)", "USER_NOTIF", "ERRNO(1)", "TRAP(1)", "KILL_THREAD",
                  "KILL_PROCESS", "0x1", "0x12345678", "0xffffffff"]
        caller = ["--tracer", "--listener", "--sigsys-handler", "--threads"]
        effects = set()
        for value in values:
            name = self.assemble(f"ret #{value}\n")
            for options in ([], caller):
                row, = self.objects("run", "run", name, "--nr", "0", *options)
                effects.add(row["effect"])
        self.assertEqual(len(effects), 8, effects)
        row, = self.objects("run", "run", "openat.txt", "--nr", "257", "--trace")
        self.assertEqual(len(row["trace"]), row["insns"])
        row, = self.objects("run", "run", "--stack", "allow.txt", "exec.txt", "--nr", "59",
                            "--trace")
        self.assertEqual([one["file"] for one in row["filters"]], ["allow.txt", "exec.txt"])
        self.assertEqual(len(self.objects("run", "run", "exec.txt", "--records",
                                          "records.jsonl")), 5)

    def test_records(self):
        check = validator("record")
        for line in (self.folder / "records.jsonl").read_text().split():
            pass
        rows = [json.loads(line) for line in
                (self.folder / "records.jsonl").read_text().splitlines() if line]
        for row in rows:
            check.validate(row)
        bad = ['[]', '{"nr":4294967296}', '{"args":[0,0,0,0,0,0,0]}', '{"nr":1.5}',
               '{"ip":18446744073709551616}', '{"arch":-1}', '{"syscall":1}']
        for line in bad:
            self.assertFalse(check.is_valid(json.loads(line)), line)
            self.check(outside.run("run", "exec.txt", "--records", "-", stdin=line.encode(),
                                   cwd=self.folder), 3)

    def test_disasm(self):
        junk = self.folder / "junk.bpf"
        junk.write_bytes(os.urandom(800))
        rows = self.objects("disasm", "disasm", "--input-format", "raw", junk)
        self.assertEqual(rows[0]["insns"], 100)
        self.assertEqual(len(self.objects("disasm", "disasm", "exec.txt", "odd.txt")), 2)

    def test_ps(self):
        rows = self.objects("ps", "ps")
        self.assertIn(os.getpid(), [row["pid"] for row in rows])
        self.assertEqual(list(rows[0])[2:7], ["pid", "comm", "mode", "filters", "no_new_privs"])
        self.assertGreaterEqual(len(self.objects("ps", "ps", "--threads")), len(rows) - 5)

    def test_names_that_are_no_utf8(self):
        name = os.fsencode(self.folder) + b"/\xff\xfe.txt"
        with open(name, "wb") as file:
            file.write(b"ret #ALLOW\n")
        row, = self.objects("check", "check", os.fsdecode(name))
        self.assertIn("\N{REPLACEMENT CHARACTER}", row["file"])
        sleeper = subprocess.Popen(["bash", "-c", r"printf '\xff(\n' > /proc/$$/comm; echo; read"],
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        sleeper.stdout.readline()
        rows = self.objects("ps", "ps")
        sleeper.communicate(b"\n")
        self.assertTrue([row for row in rows if row["pid"] == sleeper.pid])

    def test_profile(self):
        (self.folder / "profile.json").write_text(
            '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["reboot"], "action": '
            '"SCMP_ACT_ERRNO"}]}')
        for action in ("compile", "intent", "verify"):
            self.objects("profile", "profile", action, "profile.json")
        row, = self.objects("profile", "profile", "verify", "profile.json", "--against",
                            "allow.txt", statuses=(1,))
        self.assertTrue(row["differences"])
        row, = self.objects("profile", "profile", "drift", "allow.txt")
        self.assertIsNone(row["format"])

    def test_fuzz_generator(self):
        rows = self.objects("fuzz-generator", "fuzz-generator", "--profiles", "20", "--no-confirm",
                            statuses=(0, 1))
        self.assertEqual(rows[-1]["profiles"], 20)
        self.assertEqual(rows[-1]["causes"], len(rows) - 1)

    def test_fuzz_generator_asks_the_kernel(self):
        if "ASSAY_NO_FILTERS" in os.environ:
            return
        rows = self.objects("fuzz-generator", "fuzz-generator", "--profiles", "40",
                            statuses=(0, 1))
        self.assertEqual(sum(rows[-1]["confirmations"].values()), len(rows) - 1)
        self.assertEqual(rows[-1]["confirmations"]["contradicted"], 0)

    def test_dump(self):
        self.assertEqual(self.objects("dump", "dump", "--", "true"), [])
        # tests/tool/process_test.py has what is captured.

    @classmethod
    def tearDownClass(cls):
        kept = {path.stem for path in outside.SCHEMAS.glob("*.json")}
        validator("dump")
        assert kept == USED, f"schemas that no test uses: {kept - USED}"


if __name__ == "__main__":
    outside.main()
