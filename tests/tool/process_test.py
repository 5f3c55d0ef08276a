#!/usr/bin/python3
"""Live processes: dump, ps and pid:N, on processes of our own under filters of our own."""
import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import jsonschema

import outside

# Goes under the filters it is given, oldest first, then runs COMMAND: FILTER... -- COMMAND...
UNDER = r"""
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
class Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_char_p)]
end = sys.argv.index("--")
assert libc.prctl(38, 1, 0, 0, 0) == 0
for path in sys.argv[1:end]:
    code = open(path, "rb").read()
    program = Program(len(code) // 8, code)
    if libc.prctl(22, 2, ctypes.byref(program)) != 0:
        sys.exit(os.strerror(ctypes.get_errno()))
os.execvp(sys.argv[end + 1], sys.argv[end + 1:])
"""
# One thread under the filter, the other without.
UNEQUAL = r"""
import ctypes, threading, time
libc = ctypes.CDLL(None, use_errno=True)
class Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_char_p)]
def confined():
    code = open("openat.bpf", "rb").read()
    program = Program(len(code) // 8, code)
    assert libc.prctl(38, 1, 0, 0, 0) == 0
    assert libc.prctl(22, 2, ctypes.byref(program)) == 0
    print("ready", flush=True)
    time.sleep(60)
threading.Thread(target=confined, daemon=True).start()
time.sleep(60)
"""
NOBODY = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]


def status_of(pid, field):
    text = Path(f"/proc/{pid}/status").read_text()
    return re.search(rf"^{field}:\s*(\d+)", text, re.M)[1]


class Live(outside.InFolder):
    def setUp(self):
        super().setUp()
        for name in ("exec", "openat", "allow"):
            self.check(outside.run("asm", f"{name}.txt", "-o", f"{name}.bpf", cwd=self.folder))
        (self.folder / "under.py").write_text(UNDER)
        self.under = [sys.executable, "under.py"]

    def wait_for(self, process, comm):
        deadline = time.monotonic() + 10
        while Path(f"/proc/{process.pid}/comm").read_text() != comm + "\n":
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.02)

    @contextlib.contextmanager
    def sleeper(self, *filters):
        """A process under these filters, once it is."""
        command = [*self.under, *filters, "--", "sleep", "60"] if filters else ["sleep", "60"]
        process = subprocess.Popen(command, cwd=self.folder)
        try:
            self.wait_for(process, "sleep")
            yield process.pid
        finally:
            process.kill()
            process.wait()

    def rows(self, name, done, status=0):
        rows = [json.loads(line) for line in self.check(done, status).decode().splitlines()]
        schema = json.loads((outside.SCHEMAS / f"{name}.json").read_text())
        for row in rows:
            jsonschema.Draft202012Validator(schema).validate(row)
        return rows

    def needs_root(self):
        if os.geteuid() != 0:
            self.skipTest("reading filters needs root")
        if status_of("self", "Seccomp") != "0":
            self.skipTest("reading filters is not for processes under seccomp")


class Ps(Live):
    def test_rows(self):
        with self.sleeper("allow.bpf", "allow.bpf") as confined, self.sleeper() as free:
            rows = {row["pid"]: row for row in
                    self.rows("ps", outside.run("ps", "--format", "json"))}
            self.assertEqual([rows[confined][key] for key in
                              ("comm", "mode", "filters", "no_new_privs")],
                             ["sleep", "filter", 2 + int(rows[free]["filters"]), True])
            self.assertIn(rows[free]["mode"], ("disabled", "filter"))
            self.assertEqual(list(rows), sorted(rows))
            if rows[free]["mode"] == "disabled":
                some = self.rows("ps", outside.run("ps", "--confined", "--format", "json"))
                self.assertIn(confined, [row["pid"] for row in some])
                self.assertNotIn(free, [row["pid"] for row in some])
            text = self.check(outside.run("ps")).decode()
            self.assertRegex(text, rf"(?m)^ *{confined}  filter +2  yes +sleep$")


class DumpPid(Live):
    def setUp(self):
        super().setUp()
        self.needs_root()

    def test_stack(self):
        with self.sleeper("openat.bpf", "allow.bpf") as pid:
            done = outside.run("dump", "--pid", str(pid), "--output-dir", "out", "--format", "json",
                               cwd=self.folder)
            rows = self.rows("dump", done)
            self.assertEqual([(row["pid"], row["tid"], row["order"], row["insns"]) for row in rows],
                             [(pid, pid, 0, 9), (pid, pid, 1, 1)])
            self.assertEqual([row["file"] for row in rows],
                             [f"out/000-{pid}-0.bpf", f"out/001-{pid}-1.bpf"])
            for row, kept in zip(rows, ("openat.bpf", "allow.bpf")):
                self.assertEqual((self.folder / row["file"]).read_bytes(),
                                 (self.folder / kept).read_bytes())
            self.assertEqual((self.folder / "out/manifest.ndjson").read_bytes(), done.stdout)
            rows = self.rows("dump", outside.run("dump", "--pid", str(pid), "--format", "json"))
            self.assertEqual(bytes.fromhex(rows[0]["hex"]),
                             (self.folder / "openat.bpf").read_bytes())
            self.assertIsNone(rows[0]["file"])
            self.assertEqual(status_of(pid, "TracerPid"), "0")

    def test_as_filter(self):
        with self.sleeper("openat.bpf", "allow.bpf") as pid:
            rows = self.rows("check", outside.run("check", f"pid:{pid}", "--format", "json"))
            self.assertEqual([row["file"] for row in rows], [f"pid:{pid}/0", f"pid:{pid}/1"])
            record = ["--syscall", "openat", "--arch", "x86_64", "--arg", "2=O_RDWR"]
            row, = self.rows("run", outside.run("run", f"pid:{pid}", *record, "--format", "json"))
            self.assertEqual((row["verdict"], len(row["filters"])), ("ERRNO(13)", 2))
            row, = self.rows("run", outside.run("run", f"pid:{pid}/1", *record, "--format", "json"))
            self.assertEqual(row["verdict"], "ALLOW")
            done = outside.run("asm", f"pid:{pid}/0")
            self.assertEqual(self.check(done), (self.folder / "openat.bpf").read_bytes())
            self.check(outside.run("check", f"pid:{pid}/2"), 3, "found 2 filters")

    def test_none(self):
        with self.sleeper() as pid:
            done = outside.run("dump", "--pid", str(pid))
            self.assertEqual(self.check(done, 0, "has no filters (mode disabled)"), b"")
            self.check(outside.run("run", f"pid:{pid}", "--nr", "0"), 3, "mode disabled")

    def test_no_such_process(self):
        for arguments in (["dump", "--pid", "2147483647"], ["check", "pid:2147483647"]):
            self.check(outside.run(*arguments), 3, "no such process")

    def test_without_privilege(self):
        os.chmod(self.folder, 0o755)
        with self.sleeper("allow.bpf") as pid:
            for arguments in (["dump", "--pid", str(pid)], ["check", f"pid:{pid}"]):
                done = subprocess.run([*NOBODY, outside.ASSAY, *arguments], capture_output=True,
                                      timeout=60)
                self.check(done, 4, f"assay: pid:{pid}: ")
            rows = self.rows("ps", subprocess.run([*NOBODY, outside.ASSAY, "ps", "--format", "json"],
                                                  capture_output=True, timeout=60))
            self.assertIn(pid, [row["pid"] for row in rows])

    def test_unreadable_file(self):
        secret = self.folder / "secret"
        secret.write_text("ret #0\n")
        secret.chmod(0)
        os.chmod(self.folder, 0o755)
        done = subprocess.run([*NOBODY, outside.ASSAY, "check", secret], capture_output=True,
                              timeout=60)
        self.check(done, 3, "Permission denied")


class AuditOfProcesses(Live):
    def audit(self, *arguments):
        return self.rows("audit", outside.run("audit", *arguments, "--fail-on", "never", "--format",
                                              "json", cwd=self.folder))

    def rules(self, row):
        return {finding["rule"]: finding for finding in row["findings"]}

    def test_all_filters_are_judged_as_one_stack(self):
        with self.sleeper("openat.bpf", "allow.bpf") as pid:
            row, = self.audit(f"pid:{pid}")
            self.assertEqual(row["target"], f"pid:{pid}")
            self.assertIn("door-open", self.rules(row))
            self.assertNotIn("allows-everything", self.rules(row))
            only, = self.audit(f"pid:{pid}/1")
            self.assertIn("allows-everything", self.rules(only))

    def test_what_the_process_may_do_is_used(self):
        without = ["setpriv", "--bounding-set", "-all", "--inh-caps", "-all", "--reuid", "65534",
                   "--clear-groups"]
        os.chmod(self.folder, 0o755)
        for command, severity, here in (([], "medium", True), (without, "low", False)):
            process = subprocess.Popen([*command, *self.under, "openat.bpf", "--", "sleep", "60"],
                                       cwd=self.folder)
            try:
                self.wait_for(process, "sleep")
                row, = self.audit(f"pid:{process.pid}")
                found = self.rules(row)["reach-kernel-code"]
                self.assertEqual(found["severity"], severity)
                self.assertEqual({known["holds"] for known in found["requires"]}, {here})
            finally:
                process.kill()
                process.wait()

    def test_every_process_under_a_filter(self):
        with self.sleeper("openat.bpf") as one, self.sleeper("allow.bpf") as other, \
                self.sleeper() as free:
            done = outside.run("audit", "pid:*", "--fail-on", "never", "--format", "json")
            self.assertIn(done.returncode, (0, 3))  # 3: one has ended meanwhile
            targets = {json.loads(line).get("target") for line in done.stdout.splitlines()}
            self.assertLessEqual({f"pid:{one}", f"pid:{other}"}, targets)
            self.assertNotIn(f"pid:{free}", targets)

    def test_threads_under_other_filters(self):
        process = subprocess.Popen([sys.executable, "-c", UNEQUAL], cwd=self.folder,
                                   stdout=subprocess.PIPE)
        try:
            self.assertEqual(process.stdout.readline(), b"ready\n")
            row, = self.audit(f"pid:{process.pid}")
            self.assertIn("threads-differ", self.rules(row))
        finally:
            process.kill()
            process.wait()
            process.stdout.close()


class ProfilesOfProcesses(Live):
    """What a process got, beside the profile that it should have."""
    DENY = {"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64"],
            "syscalls": [{"names": ["clone3", "reboot"], "action": "SCMP_ACT_ERRNO"}]}
    OTHER = {**DENY, "syscalls": [{"names": ["reboot"], "action": "SCMP_ACT_ERRNO"}]}

    def setUp(self):
        super().setUp()
        self.needs_root()
        for name in ("DENY", "OTHER"):
            (self.folder / f"{name}.json").write_text(json.dumps(getattr(self, name)))
        self.check(outside.run("profile", "compile", "DENY.json", "-o", "deny.bpf",
                               cwd=self.folder))

    def profile(self, *arguments, status=0):
        return self.rows("profile", outside.run("profile", *arguments, "--format", "json",
                                                cwd=self.folder), status)

    def test_drift_of_a_process_is_that_of_its_profile(self):
        with self.sleeper("deny.bpf") as pid:
            meant, loaded = self.profile("drift", "DENY.json", f"pid:{pid}", status=1)
            self.assertEqual(loaded["file"], f"pid:{pid}")
            self.assertEqual(loaded["calls"], meant["calls"])
            self.assertEqual([(call["syscall"], call["verdicts"]) for call in loaded["calls"]
                              if call["breaks"]], [("clone3", ["ERRNO(1)"])])
            other, loaded = self.profile("drift", "OTHER.json", f"pid:{pid}", status=1)
            self.assertFalse([call for call in other["calls"] if call["breaks"]])
            self.assertNotEqual(loaded["calls"], other["calls"])

    def test_a_process_under_another_profile_has_a_witness(self):
        with self.sleeper("deny.bpf") as pid:
            against = ["--against", f"pid:{pid}"]
            row, = self.profile("verify", "DENY.json", *against)
            self.assertIs(row["equal"], True)
            row, = self.profile("verify", "OTHER.json", *against, status=1)
            difference, = row["differences"]
            self.assertEqual((difference["syscalls"], difference["intended"],
                              difference["actual"], difference["fails"]),
                             (["clone3"], "ALLOW", "ERRNO(1)", "closed"))
            witness = difference["witness"]
            self.assertEqual(witness["syscall"], "clone3")
            (self.folder / "witness").write_text(json.dumps(witness) + "\n")
            ran, = self.rows("run", outside.run("run", f"pid:{pid}", "--records", "witness",
                                                "--format", "json", cwd=self.folder))
            self.assertEqual(ran["verdict"], "ERRNO(1)")


class WithoutFilters(Live):
    def test_a_witness_is_not_confirmed_where_no_filter_can_be_installed(self):
        (self.folder / "none.txt").write_text(
            "ld [nr]\njeq #x86_64.seccomp, no\nret #ALLOW\nno: ret #ERRNO(1)\n")
        self.check(outside.run("asm", "none.txt", "-o", "none.bpf", cwd=self.folder))
        def fuzz(*options):
            command = [*self.under, "none.bpf", "--", outside.ASSAY, "fuzz-generator", "--profiles",
                       "20", *options, "--", "cat", "allow.bpf"]
            return subprocess.run(command, cwd=self.folder, capture_output=True, timeout=60,
                                  env=outside.environment())
        told = self.check(fuzz(), 1).decode()
        self.assertIn("  not confirmed: seccomp filters cannot be installed here\n", told)
        self.assertRegex(told, r"the running kernel: 0 causes confirmed, 0 contradicted, [1-9]\d* not "
                         "confirmed\n")
        self.assertNotIn("confirmed", self.check(fuzz("--no-confirm"), 1).decode())
        self.check(fuzz("--confirm"), 4, "seccomp filters cannot be installed here")


class DumpCommand(Live):
    def dump(self, *arguments, **options):
        return outside.run("dump", *arguments, cwd=self.folder, **options)

    def test_stacks_of_parent_and_child(self):
        inner = [*self.under, "exec.bpf", "--", "sh", "-c", "echo inner; exit 7"]
        outer = [*self.under, "allow.bpf", "allow.bpf", "--", "sh", "-c",
                 'echo outer; ("$@"); true', "-", sys.executable, "-c", "print('child')"]
        done = self.dump("--output", "rows", "--format", "json", "--output-dir", "out", "--",
                         *outer)
        self.assertEqual(self.check(done), b"outer\nchild\n")
        rows = [json.loads(line) for line in (self.folder / "rows").read_text().splitlines()]
        self.assertEqual([(row["order"], row["insns"], row["flags"]) for row in rows],
                         [(0, 1, 0), (1, 1, 0)])
        self.assertEqual(len(list((self.folder / "out").glob("*.bpf"))), 2)
        done = self.dump("--format", "json", "--output", "rows", "--", *inner)
        self.assertIn("Operation not permitted", done.stderr.decode())  # its exec is refused
        row, = [json.loads(line) for line in (self.folder / "rows").read_text().splitlines()]
        self.assertEqual(bytes.fromhex(row["hex"]), (self.folder / "exec.bpf").read_bytes())

    def test_passes_through(self):
        done = self.dump("--", "sh", "-c", "cat; echo complaint >&2; exit 3", stdin=b"text")
        self.assertEqual((done.returncode, done.stdout), (0, b"text"))
        self.assertIn(b"complaint\n", done.stderr)
        self.assertIn(b"exited with 3", done.stderr)
        done = self.dump("--quiet", "--", "sh", "-c", "exit 3")
        self.check(done, 0, "")

    def test_no_such_command(self):
        self.check(self.dump("--", "./absent"), 3, "absent: ")

    def test_options_of_the_command_are_its_own(self):
        done = self.dump("--", "echo", "--", "--format", "json")
        self.assertEqual(done.stdout, b"-- --format json\n")

    def test_default_signals(self):
        """COMMAND meets SIGPIPE as if it had been started by hand."""
        done = self.dump("--", "bash", "-c", "trap -p; yes | head -1; echo ${PIPESTATUS[0]}")
        self.assertEqual(done.stdout, b"y\n141\n")

    def test_ctrl_c(self):
        process = subprocess.Popen(
            [outside.ASSAY, "dump", "--output", "rows", "--output-dir", "out", "--", *self.under,
             "allow.bpf", "--", "sh", "-c", "echo started; exec sleep 60"],
            cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.assertEqual(process.stdout.readline(), b"started\n")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
        self.assertEqual(process.returncode, 130)
        self.assertFalse([name for name in os.listdir(self.folder) if name.startswith("rows")])
        kept = sorted(path.name[:3] for path in (self.folder / "out").iterdir())
        self.assertEqual(kept, ["000", "man"])


if __name__ == "__main__":
    outside.main()
