#!/usr/bin/python3
"""assay profile from outside: what it prints, in JSON and in words, and how it ends."""
import json
import unittest

import jsonschema

import outside

DENY = {"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64"],
        "syscalls": [{"names": ["reboot"], "action": "SCMP_ACT_ERRNO"}]}
SCHEMA = jsonschema.Draft202012Validator(json.loads((outside.SCHEMAS / "profile.json").read_text()))


class Profile(outside.InFolder):
    def write(self, profile, name="profile.json"):
        text = profile if isinstance(profile, str) else json.dumps(profile, indent=1)
        (self.folder / name).write_text(text)
        return name

    def json(self, *arguments, status=0):
        out = self.check(outside.run("profile", *arguments, "--format", "json", cwd=self.folder),
                         status)
        row, = [json.loads(line) for line in out.decode().splitlines()]
        SCHEMA.validate(row)
        return row

    def test_what_the_runtime_loads_is_what_the_profile_says(self):
        name = self.write(DENY)
        for runtime in ("runc", "crun", "libseccomp"):
            self.assertIs(self.json("verify", name, "--runtime", runtime)["equal"], True)

    def test_compile_writes_the_filter_that_verify_then_takes(self):
        name = self.write(DENY)
        raw = self.check(outside.run("profile", "compile", name, cwd=self.folder))
        (self.folder / "filter.bpf").write_bytes(raw)
        self.assertIs(self.json("verify", name, "--against", "filter.bpf")["equal"], True)
        self.assertEqual(self.json("compile", name)["filters"][0]["insns"], len(raw) // 8)
        listing = self.check(outside.run("profile", "compile", name, "--output-format", "text",
                                         cwd=self.folder)).decode()
        self.assertIn("jeq #x86_64.reboot", listing)

    def test_a_difference_has_its_rule_a_witness_and_a_direction(self):
        name = self.write(DENY)
        row = self.json("verify", name, "--against", "allow.txt", status=1)
        sources = {(each["source"], each["fails"]) for each in row["differences"]}
        self.assertIn(("rule", "open"), sources)
        self.assertIn(("bad-arch", "open"), sources)
        rule, = [each for each in row["differences"] if each["source"] == "rule"]
        self.assertEqual((rule["syscalls"], rule["intended"], rule["actual"], rule["rule"]["line"]),
                         (["reboot"], "ERRNO(1)", "ALLOW", 7))
        self.assertEqual(rule["witness"]["syscall"], "reboot")

    def test_pure_leaves_out_what_nobody_wrote(self):
        name = self.write(DENY)
        row = self.json("verify", name, "--pure", status=1)
        self.assertEqual({each["source"] for each in row["differences"]}, {"default"})
        self.assertEqual({each["actual"] for each in row["differences"]}, {"KILL_THREAD"})

    def test_intent_is_a_policy(self):
        archs = self.json("intent", self.write(DENY))["archs"]
        x86_64 = next(arch for arch in archs if arch["arch"] == "x86_64")
        self.assertEqual(x86_64["default"], "ALLOW")
        self.assertIn({"syscalls": ["reboot"], "condition": None, "verdict": "ERRNO(1)"},
                      x86_64["rules"])

    def test_findings_name_the_line(self):
        odd = {"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [
            {"names": ["raed", "socket"], "action": "SCMP_ACT_ALLOW"},
            {"names": ["socket"], "action": "SCMP_ACT_KILL",
             "args": [{"index": 0, "value": 1, "op": "SCMP_CMP_EQ"}]}]}
        row = self.json("intent", self.write(odd))
        found = {(each["kind"], each["line"]) for each in row["findings"]}
        self.assertTrue({("unknown-call", 6), ("dead-rule", 13)} <= found, found)
        told = outside.run("profile", "intent", "profile.json", cwd=self.folder).stderr.decode()
        self.assertIn("profile.json:6: warning: 'raed' is no system call of any architecture", told)
        self.assertIn("did you mean 'read'?", told)

    def test_a_profile_that_the_runtime_refuses_ends_with_3(self):
        twice = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
            {"names": ["read"], "action": action, "errnoRet": errno,
             "args": [{"index": 0, "value": 1, "op": "SCMP_CMP_EQ"}]}
            for action, errno in (("SCMP_ACT_ERRNO", 1), ("SCMP_ACT_ERRNO", 2))]}
        done = outside.run("profile", "verify", self.write(twice), cwd=self.folder)
        self.assertEqual(done.returncode, 3)
        self.assertIn(b"runc refuses", done.stderr)

    def test_malformed_profiles_are_located(self):
        for text, told in (('{"defaultAction": "SCMP_ACT_ALLOW"\n', "line 1"),
                           ('{"defaultAction":\n "allow"}', "line 2: found 'allow', expected an "
                            "action"),
                           ('{"defaultAction": "SCMP_ACT_ALLOW",\n "syscalls": [\n {"names": 1, '
                            '"action": "SCMP_ACT_LOG"}]}', "line 3"),
                           ("[" * 100000, "line 1")):
            with self.subTest(text=text[:40]):
                done = outside.run("profile", "verify", "--profile-format", "oci",
                                   self.write(text), cwd=self.folder)
                self.assertEqual(done.returncode, 3, done.stderr)
                self.assertIn(told, done.stderr.decode())

    def test_a_profile_is_taken_wherever_a_filter_is(self):
        name = self.write(DENY)
        out = self.check(outside.run("run", name, "--syscall", "reboot", cwd=self.folder)).decode()
        self.assertIn("ERRNO(1)", out)
        self.check(outside.run("diff", name, name, cwd=self.folder))

    def test_containers_of_a_manifest(self):
        (self.folder / "seccomp").mkdir()
        (self.folder / "seccomp/app.json").write_text(json.dumps(DENY))
        name = self.write("kind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n"
                          "  - {name: a, securityContext: {seccompProfile: {type: Localhost, "
                          "localhostProfile: app.json}}}\n  - {name: b}\n", "pod.yaml")
        rows = self.json("containers", name)["containers"]
        self.assertEqual([(row["container"], row["profile"], row["origin"]) for row in rows],
                         [("a", "Localhost", "container"), ("b", "Unconfined", "kubelet-default")])
        row = self.json("verify", name, "--seccomp-root", "seccomp")
        self.assertEqual((row["target"], row["equal"]), ("Pod/web/a", True))

    def test_runtime_default_is_compiled_from_the_file_that_is_said_to_be_it(self):
        name = self.write("kind: Pod\nmetadata: {name: web}\nspec:\n"
                          "  securityContext: {seccompProfile: {type: RuntimeDefault}}\n"
                          "  containers:\n  - {name: a}\n  - {name: b, securityContext: "
                          "{seccompProfile: {type: Unconfined}}}\n  - {name: c}\n", "pod.yaml")
        # An OCI profile, and a template: only with CAP_SYS_ADMIN in the bounding set it allows bpf.
        template = {"defaultAction": "SCMP_ACT_ERRNO", "archMap": [], "syscalls": [
            {"names": ["bpf"], "action": "SCMP_ACT_ALLOW", "includes": {"caps": ["CAP_SYS_ADMIN"]}}]}
        for text, call, verdict in ((DENY, "reboot", "ERRNO(1)"), (template, "bpf", "ERRNO(1)")):
            self.write(text, "default.json")
            out = self.check(outside.run("profile", "verify", name, "--runtime-default",
                                         "default.json", "--format", "json", cwd=self.folder))
            rows = [json.loads(line) for line in out.decode().splitlines()]
            self.assertEqual([(row["target"], row["equal"]) for row in rows],
                             [("Pod/web/a", True), ("Pod/web/c", True)])
            raw = self.check(outside.run("profile", "compile", name + "#Pod/web/c",
                                         "--runtime-default", "default.json", cwd=self.folder))
            (self.folder / "c.bpf").write_bytes(raw)
            out = self.check(outside.run("run", "c.bpf", "--syscall", call, cwd=self.folder))
            self.assertIn(verdict, out.decode())
        self.assertEqual(self.check(outside.run("profile", "verify", name, cwd=self.folder)), b"")
        done = outside.run("profile", "verify", name, "--runtime-default", "absent",
                           cwd=self.folder)
        self.check(done, 3, "absent")
        done = outside.run("profile", "verify", name, "--runtime-default", name, cwd=self.folder)
        self.check(done, 3, "pod.yaml")

    def test_a_finding_of_a_file_for_several_containers_is_told_once(self):
        name = self.write("kind: Pod\nmetadata: {name: web}\nspec:\n"
                          "  securityContext: {seccompProfile: {type: RuntimeDefault}}\n"
                          "  containers: [{name: a}, {name: b}]\n", "pod.yaml")
        self.write({**DENY, "syscalls": [*DENY["syscalls"], *DENY["syscalls"]]}, "default.json")
        done = outside.run("profile", "containers", name, "--runtime-default", "default.json",
                           cwd=self.folder)
        self.check(done)
        told = done.stderr.decode().splitlines()
        self.assertEqual(len(told), len(set(told)), told)
        self.assertIn("[duplicate]", done.stderr.decode())

    def test_groups_of_another_systemd_are_taken_from_a_file(self):
        name = self.write("[Service]\nSystemCallFilter=~@mine\n", "a.service")
        (self.folder / "groups").write_text("@default\n    # always\n    read\n@mine\n    write\n")
        self.assertTrue(self.json("intent", name)["findings"])
        self.assertFalse(self.json("intent", name, "--groups", "groups")["findings"])
        done = outside.run("profile", "intent", name, "--groups", "absent", cwd=self.folder)
        self.assertEqual(done.returncode, 3)

    def test_usage(self):
        for arguments, told in (([], "expected an ACTION"), (["verfy", "x"], "did you mean 'verify'"),
                                (["verify"], "expected a PROFILE"),
                                (["verify", "x", "--cap", "CAP_SYS_ADMON"], "CAP_SYS_ADMIN")):
            done = outside.run("profile", *arguments, cwd=self.folder)
            self.assertEqual(done.returncode, 2)
            self.assertIn(told, done.stderr.decode())


if __name__ == "__main__":
    outside.main()
