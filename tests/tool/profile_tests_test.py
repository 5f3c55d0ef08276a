#!/usr/bin/python3
"""assay profile test and drift from outside, on the examples."""
import json
import os
import unittest
import xml.etree.ElementTree

import jsonschema

import outside

EXAMPLES = outside.SCHEMAS.parent.parent / "examples/profiles"
SCHEMA = jsonschema.Draft202012Validator(json.loads((outside.SCHEMAS / "profile.json").read_text()))


class ProfileTests(outside.InFolder):
    def run_json(self, *arguments, status=0):
        out = self.check(outside.run("profile", *arguments, "--format", "json", cwd=self.folder),
                         status)
        rows = [json.loads(line) for line in out.decode().splitlines()]
        for row in rows:
            SCHEMA.validate(row)
        return rows

    def table(self, text):
        (self.folder / "table.yaml").write_text(text)
        return "table.yaml"

    def test_the_example_passes_and_says_what_it_covers(self):
        row, = self.run_json("test", EXAMPLES / "container.json",
                             "--table", EXAMPLES / "container-tests.yaml")
        self.assertEqual((row["passed"], row["failed"]), (9, 0))
        rules = row["coverage"]["rules"]
        self.assertEqual((rules["covered"], rules["total"]), (2, 3))
        self.assertEqual([each["what"] for each in rules["missed"]], ["personality"])
        branches = row["coverage"]["branches"]
        self.assertLess(branches["covered"], branches["total"])

    def test_a_violated_row_has_a_witness_that_run_confirms(self):
        table = self.table("cases:\n- {call: socket, args: {0: 0..16}, expect: ALLOW}\n")
        row, = self.run_json("test", EXAMPLES / "container.json", "--table", table, status=1)
        violation, = row["cases"][0]["violations"]
        self.assertEqual(violation["verdict"], "ERRNO(1)")
        self.assertEqual(violation["witness"]["args"][0], 16)
        (self.folder / "record.ndjson").write_text(json.dumps(violation["witness"]) + "\n")
        out = self.check(outside.run("run", EXAMPLES / "container.json", "--records",
                                     "record.ndjson", "--format", "json", cwd=self.folder))
        self.assertEqual(json.loads(out)["verdict"], "ERRNO(1)")

    def test_junit_is_written_beside(self):
        table = self.table("cases:\n- {name: good, call: read, expect: ALLOW}\n"
                           "- {name: bad, call: read, expect: ERRNO}\n"
                           "- {name: void, call: mmap2, expect: ERRNO}\n")
        self.check(outside.run("profile", "test", EXAMPLES / "container.json", "--table", table,
                               "--junit", "out.xml", cwd=self.folder), 1)
        suite = xml.etree.ElementTree.parse(self.folder / "out.xml").getroot().find("testsuite")
        self.assertEqual((suite.get("tests"), suite.get("failures"), suite.get("errors")),
                         ("3", "1", "1"))

    def test_a_table_that_cannot_be_read_says_where(self):
        table = self.table("cases:\n- {call: raed, expect: ALLOW}\n")
        done = outside.run("profile", "test", EXAMPLES / "container.json", "--table", table,
                           cwd=self.folder)
        self.assertEqual(done.returncode, 3)
        self.assertIn(b"table.yaml: line 2, column 10", done.stderr)
        self.assertIn(b"'read'", done.stderr)

    def test_every_example_verifies(self):
        for name in ("container.json", "web-server.service", "firecracker.json", "cat.policy"):
            for row in self.run_json("verify", EXAMPLES / name):
                self.assertIs(row["equal"], True, name)

    def test_a_unit_is_read_with_its_drop_ins(self):
        table = self.table("cases:\n- {call: sched_getparam, expect: ALLOW}\n"
                           "- {call: sched_setparam, expect: ERRNO(EPERM)}\n")
        row, = self.run_json("test", EXAMPLES / "web-server.service", "--table", table)
        self.assertEqual(row["passed"], 2)

    def test_drift_calls_out_what_breaks(self):
        (self.folder / "p.json").write_text(json.dumps(
            {"defaultAction": "SCMP_ACT_ERRNO", "architectures": ["SCMP_ARCH_X86_64"],
             "syscalls": [{"names": ["read"], "action": "SCMP_ACT_ALLOW"}]}))
        row, = self.run_json("drift", "p.json", "--runtime", "crun", status=1)
        breaks = {each["syscall"] for each in row["calls"] if each["breaks"]}
        self.assertLessEqual({"clone3", "faccessat2", "fchmodat2"}, breaks)
        self.assertGreaterEqual(len(row["calls"]), 45)
        later, = self.run_json("drift", "p.json", "--runtime", "crun", "--since",
                               "libseccomp-2.5.4", status=1)
        self.assertLess(len(later["calls"]), len(row["calls"]))

    def test_drift_is_of_filters_and_processes_as_well(self):
        (self.folder / "p.json").write_text(json.dumps(
            {"defaultAction": "SCMP_ACT_ERRNO", "architectures": ["SCMP_ARCH_X86_64"],
             "syscalls": [{"names": ["read"], "action": "SCMP_ACT_ALLOW"}]}))
        made = outside.run("profile", "compile", "p.json", "--runtime", "crun", "-o", "p.bpf",
                           cwd=self.folder)
        self.assertEqual(made.returncode, 0, made.stderr)
        of_profile, = self.run_json("drift", "p.json", "--runtime", "crun", status=1)
        of_filter, = self.run_json("drift", "p.bpf", status=1)
        self.assertEqual(of_filter["calls"], of_profile["calls"])
        done = outside.run("profile", "drift", f"pid:{os.getpid()}", cwd=self.folder)
        self.assertEqual(done.returncode, 3)
        self.assertIn("a process with filters", done.stderr.decode())

    def test_wrong_options_are_bad_usage(self):
        for arguments in (["test", "p.json"], ["drift", "p.json", "--since", "linux-five"],
                          ["tset", "p.json"]):
            (self.folder / "p.json").write_text('{"defaultAction": "SCMP_ACT_ALLOW"}')
            done = outside.run("profile", *arguments, cwd=self.folder)
            self.assertEqual(done.returncode, 2, arguments)


if __name__ == "__main__":
    unittest.main()
