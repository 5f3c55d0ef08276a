#!/usr/bin/python3
"""assay audit from outside: forms, selection, many targets; and the pages of the rules."""
import hashlib
import json
import re
import subprocess
from pathlib import Path

import jsonschema

import outside

ROOT = Path(__file__).resolve().parent.parent.parent
SCHEMA = ROOT / "tests/third_party/sarif/sarif-2.1.0-rtm.5.json"
DENY_EXEC = "ld [nr]\njeq #x86_64.execve, +0, +1\nret #ERRNO(EACCES)\nret #ALLOW\n"
CLEAN = "ld [arch]\njne #AUDIT_ARCH_X86_64, no\nld [nr]\njeq #x86_64.exit_group, ok\n" \
        "no: ret #KILL_PROCESS\nok: ret #ALLOW\n"


class Audit(outside.InFolder):
    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        return name

    def audit(self, *arguments, **options):
        return outside.run("audit", *arguments, cwd=self.folder, **options)

    def rows(self, *arguments, statuses=(0, 1), **options):
        done = self.audit(*arguments, "--format", "json", **options)
        self.assertIn(done.returncode, statuses, done.stderr)
        return [json.loads(line) for line in done.stdout.decode().splitlines()]

    def test_exit_status_is_that_of_the_threshold(self):
        self.write("exec.txt", DENY_EXEC)
        self.write("clean.txt", CLEAN)
        self.assertEqual(self.audit("exec.txt").returncode, 1)
        self.assertEqual(self.audit("exec.txt", "--rule", "door-exec", "--fail-on", "critical")
                         .returncode, 0)
        self.assertEqual(self.audit("clean.txt").returncode, 0)
        only = ("exec.txt", "--rule", "default-open")
        self.assertEqual(self.audit(*only).returncode, 0)
        self.assertEqual(self.audit(*only, "--fail-on", "info").returncode, 1)

    def test_rules_are_chosen(self):
        self.write("exec.txt", DENY_EXEC)
        row, = self.rows("exec.txt", "--rule", "door-exec,x32-open")
        self.assertEqual({finding["rule"] for finding in row["findings"]},
                         {"door-exec", "x32-open"})
        row, = self.rows("exec.txt", "--ignore", "door-exec")
        self.assertNotIn("door-exec", {finding["rule"] for finding in row["findings"]})
        row, = self.rows("exec.txt", "--severity", "critical")
        self.assertEqual([finding["rule"] for finding in row["findings"]],
                         ["arch-not-distinguished"])
        done = self.audit("exec.txt", "--rule", "door-exek")
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"did you mean 'door-exec'?", done.stderr)

    def test_baseline_leaves_what_is_new(self):
        self.write("exec.txt", DENY_EXEC)
        old = self.audit("exec.txt", "--format", "json", "--rule", "door-exec").stdout
        (self.folder / "old.json").write_bytes(old)
        row, = self.rows("exec.txt", "--baseline", "old.json")
        self.assertEqual(row["known"], 1)
        self.assertNotIn("door-exec", {finding["rule"] for finding in row["findings"]})
        self.write("no.json", "no JSON\n")
        done = self.audit("exec.txt", "--baseline", "no.json")
        self.assertEqual(done.returncode, 3)
        self.assertIn(b"no.json: line 1", done.stderr)

    def test_a_comment_suppresses_with_a_reason(self):
        self.write("exec.txt", "; assay: ignore door-exec: execveat is closed by the LSM\n"
                   + DENY_EXEC)
        row, = self.rows("exec.txt")
        self.assertEqual([(one["rule"], one["reason"]) for one in row["suppressed"]],
                         [("door-exec", "execveat is closed by the LSM")])
        self.write("exec.txt", "; assay: ignore door-exec\n" + DENY_EXEC)
        done = self.audit("exec.txt", "--format", "json")
        self.assertEqual(json.loads(done.stdout)["suppressed"], [])
        self.assertIn(b"line 1: 'assay: ignore' door-exec gives no reason", done.stderr)

    def test_bad_input_is_one_line_and_stops_nothing(self):
        self.write("set/a.txt", DENY_EXEC)
        self.write("set/b.txt", "this is no filter\n")
        self.write("set/c.txt", CLEAN)
        rows = self.rows("set", statuses=(3,))
        self.assertEqual([row["target"] for row in rows], ["set/a.txt", "set/b.txt", "set/c.txt"])
        self.assertEqual([("error" in row) for row in rows], [False, True, False])
        text = self.check(self.audit("set"), 3, "").decode()
        self.assertEqual(text.count("set/b.txt"), 1)
        self.assertIn("2 audited, 1 could not be", text)

    def test_results_do_not_depend_on_jobs(self):
        for i in range(30):
            self.write(f"set/{i:02}.txt", DENY_EXEC.replace("execve", ("execve", "mount")[i % 2]))
        one = self.audit("set", "--format", "json", "--jobs", "1").stdout
        self.assertEqual(len(one.splitlines()), 30)
        for jobs in ("2", "7", "64"):
            self.assertEqual(self.audit("set", "--format", "json", "--jobs", jobs).stdout, one)
        self.assertEqual(self.audit("set", "--jobs", "1").stdout,
                         self.audit("set", "--jobs", "8").stdout)

    def test_targets_come_from_a_list(self):
        self.write("a.txt", DENY_EXEC)
        self.write("b.txt", CLEAN)
        rows = self.rows("--targets", "-", stdin=b"a.txt\n\nb.txt\n")
        self.assertEqual([row["target"] for row in rows], ["a.txt", "b.txt"])

    def test_a_list_may_be_long_but_not_a_name(self):
        self.write("a.txt", DENY_EXEC)
        listed = b"\n" * (20 << 20) + b"a.txt"
        rows = self.rows("--targets", "-", stdin=listed)
        self.assertEqual([row["target"] for row in rows], ["a.txt"])
        done = self.audit("--targets", "-", stdin=b"a.txt\n" + b"x" * 100_000)
        self.check(done, 3, "byte 6: found a line of more than 65536 bytes")

    def test_a_stack_is_judged_as_a_whole(self):
        self.write("exec.txt", DENY_EXEC)
        self.write("other.txt", DENY_EXEC.replace("execve", "execveat"))
        row, = self.rows("exec.txt", "other.txt", "--stack")
        self.assertEqual(row["filters"], 2)
        self.assertNotIn("door-exec", {finding["rule"] for finding in row["findings"]})

    def test_the_fingerprint_is_that_of_the_whole_stack(self):
        self.write("exec.txt", DENY_EXEC)
        self.write("halves.txt", "ld [args[1].hi]\njeq #1, +0, +3\nld [args[1].lo]\n"
                                 "jeq #2, +0, +1\nret #LOG\nret #ALLOW\n")
        for targets in (["exec.txt"], ["halves.txt"], ["halves.txt", "exec.txt", "--stack"],
                        ["exec.txt", "--semantics", "linux-4.10"]):
            row, = self.rows(*targets)
            alone, = self.rows(*targets, "--kernel", "running", "--rule", "door-exec")
            done = outside.run("fingerprint", *targets, "--format", "json", cwd=self.folder)
            digest = json.loads(self.check(done))["fingerprint"]
            self.assertEqual((row["fingerprint"], alone["fingerprint"]), (digest, digest))
        row, = self.rows("exec.txt", "--node-limit", "10", statuses=(5,))
        self.assertIsNone(row["fingerprint"])

    def test_facts_are_used(self):
        self.write("exec.txt", DENY_EXEC)
        row, = self.rows("exec.txt", "--fact", "ia32=no")
        self.assertNotIn("arch-not-distinguished", {one["rule"] for one in row["findings"]})
        done = self.audit("exec.txt", "--fact", "ia32=perhaps")
        self.assertEqual(done.returncode, 2)

    def test_every_witness_is_what_run_says(self):
        self.write("exec.txt", DENY_EXEC)
        row, = self.rows("exec.txt")
        calls = [call for finding in row["findings"] for call in finding["evidence"]["calls"]]
        records = "".join(json.dumps(call["record"]) + "\n" for call in calls).encode()
        done = outside.run("run", "exec.txt", "--records", "-", "--format", "json",
                           cwd=self.folder, stdin=records)
        verdicts = [json.loads(line)["verdict"] for line in done.stdout.splitlines()]
        self.assertEqual(verdicts, [call["verdict"] for call in calls])

    def lines(self, *arguments):
        row, = self.rows(*arguments)
        return {finding["rule"]: (finding["location"]["file"], finding["location"]["line"])
                for finding in row["findings"]}

    def test_a_filter_as_text_has_the_line_of_the_instruction(self):
        self.write("odd.txt", "; two returns\nld [nr]\n\njeq #x86_64.execve, no\nret #ALLOW\n"
                              "ld #1\nno: ret #0x00060000\n")
        found = self.lines("odd.txt")
        self.assertEqual(found["dead-instruction"], ("odd.txt", 6))
        self.assertEqual(found["unknown-action"], ("odd.txt", 7))
        # No instruction is meant: the one that lets execveat through.
        self.assertEqual(found["door-exec"], ("odd.txt", 5))
        text = self.audit("odd.txt").stdout.decode()
        self.assertIn("at line 6 instruction 3\n", text)
        self.assertIn("decided at line 5\n", text)
        sarif = json.loads(self.audit("odd.txt", "--format", "sarif").stdout)
        starts = {result["ruleId"]: result["locations"][0]["physicalLocation"]["region"]["startLine"]
                  for result in sarif["runs"][0]["results"]}
        self.assertEqual((starts["dead-instruction"], starts["door-exec"]), (6, 5))

    def test_a_raw_filter_has_no_line(self):
        self.write("exec.txt", DENY_EXEC)
        raw = outside.run("asm", "exec.txt", cwd=self.folder).stdout
        (self.folder / "exec.bpf").write_bytes(raw)
        self.assertEqual({line for _, line in self.lines("exec.bpf").values()}, {None})

    def test_a_profile_has_the_line_of_what_decides(self):
        self.write("profile.json", '''{"defaultAction": "SCMP_ACT_ERRNO",
 "architectures": ["SCMP_ARCH_X86_64"],
 "syscalls": [
  {"names": ["read",
             "bpf",
             "exit_group"], "action": "SCMP_ACT_ALLOW"},
  {"names": ["prctl"], "action": "SCMP_ACT_ALLOW"}]}
''')
        found = self.lines("profile.json", "--fact", "ia32=no")
        self.assertEqual(found["reach-kernel-code"], ("profile.json", 5))
        self.assertEqual(found["reach-prctl"], ("profile.json", 7))

    def test_a_call_without_a_rule_has_the_line_of_the_default_action(self):
        self.write("open.json", '''{
 "defaultAction": "SCMP_ACT_ALLOW",
 "architectures": ["SCMP_ARCH_X86_64"],
 "syscalls": [{"names": ["execve"], "action": "SCMP_ACT_ERRNO"}]}
''')
        found = self.lines("open.json", "--fact", "ia32=no")
        self.assertEqual(found["door-exec"], ("open.json", 2))

    def test_a_unit_has_no_line(self):
        self.write("x.service", "[Service]\nExecStart=/bin/true\nMemoryDenyWriteExecute=yes\n")
        self.assertEqual({line for _, line in self.lines("x.service").values()}, {None})

    def test_sarif_is_valid(self):
        text = SCHEMA.read_bytes()
        self.assertIn(hashlib.sha256(text).hexdigest(), (SCHEMA.parent / "README.md").read_text())
        self.write("set/a b.txt", "; assay: ignore x32-open: not here\n" + DENY_EXEC)
        self.write("set/b.txt", "this is no filter\n")
        self.write("set/c.txt", "ret #ALLOW\nret #ALLOW\nret #ALLOW\nret #ALLOW\n")
        sarif = json.loads(self.audit("set", "--format", "sarif").stdout)
        jsonschema.Draft4Validator(json.loads(text)).validate(sarif)
        run, = sarif["runs"]
        results = run["results"]
        self.assertGreater(len(results), 10)
        for result in results:
            rule = run["tool"]["driver"]["rules"][result["ruleIndex"]]
            self.assertEqual(rule["id"], result["ruleId"])
            region = result["locations"][0]["physicalLocation"]["region"]
            self.assertGreaterEqual(region["startLine"], 1)
        self.assertEqual([one["ruleId"] for one in results if "suppressions" in one], ["x32-open"])
        self.assertFalse(run["invocations"][0]["executionSuccessful"])

    def test_sarif_is_what_code_scanning_asks_for(self):
        self.write("exec.txt", DENY_EXEC)
        run, = json.loads(self.audit("exec.txt", "--format", "sarif").stdout)["runs"]
        for rule in run["tool"]["driver"]["rules"]:
            self.assertLessEqual(len(rule["id"]), 255)
            self.assertLessEqual(len(rule["fullDescription"]["text"]), 1024, rule["id"])
            self.assertRegex(rule["properties"]["security-severity"], r"^\d+\.\d$")
            self.assertTrue(rule["help"]["text"])
        for result in run["results"]:
            self.assertTrue(result["message"]["text"])
            self.assertTrue(result["partialFingerprints"])
            self.assertIn(result["level"], ("note", "warning", "error"))

    def test_each_rule_has_its_page(self):
        script = ROOT / "tools/rule-pages"
        done = subprocess.run([script, "--check", outside.ASSAY], capture_output=True, text=True,
                              check=False)
        self.assertEqual((done.returncode, done.stdout + done.stderr), (0, ""))
        listed = self.audit("--rules").stdout.decode()
        ids = re.findall(r"^([a-z0-9-]+) ", listed, re.M)
        pages = sorted(page.stem for page in (ROOT / "docs/rules").glob("*.md"))
        self.assertEqual(sorted(ids), pages)

    def test_a_rule_is_explained(self):
        text = self.check(self.audit("--explain", "x32-open"), 0, "").decode()
        for part in ("Asks:", "What to do:", "See:"):
            self.assertIn(part, text)


if __name__ == "__main__":
    outside.main()
