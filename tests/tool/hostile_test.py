#!/usr/bin/python3
"""Hostile and unlucky surroundings: endless and huge inputs, closed pipes, Ctrl-C, little memory."""
import os
import resource
import signal
import subprocess
import time

import outside

GIB = 1 << 30
# AddressSanitizer reserves terabytes of addresses.
SANITIZED = b"__asan_init" in open(outside.ASSAY, "rb").read()


def limited(size):
    if SANITIZED:
        return {}
    return {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_AS, (size, size))}


def lines_within(size, arguments, stdin):
    """Exit status and lines of the command, whose own memory (not files, not code) stays below
    size. No peak is read: getrusage counts what this interpreter had before exec."""
    options = {}
    if not SANITIZED:
        options["preexec_fn"] = lambda: resource.setrlimit(resource.RLIMIT_DATA, (size, size))
    with subprocess.Popen([outside.ASSAY, *arguments], stdin=stdin, stdout=subprocess.PIPE,
                          **options) as process:
        lines = sum(1 for _ in process.stdout)
    return process.returncode, lines


class Huge(outside.InFolder):
    def quick(self, *arguments, status=3, stderr="", **options):
        start = time.monotonic()
        done = outside.run(*arguments, cwd=self.folder, **limited(256 << 20), **options)
        self.check(done, status, stderr)
        self.assertLess(time.monotonic() - start, 10)

    def test_sparse_file(self):
        with open(self.folder / "huge", "wb") as file:
            file.truncate(4 * GIB)
        for form in ("auto", "raw", "raw-be", "text", "ddd", "hex", "c"):
            with self.subTest(form=form):
                self.quick("check", "huge", "--input-format", form, stderr="found 4294967296 bytes")
        self.quick("run", "exec.txt", "--records", "huge", stderr="line 1: ")

    def test_endless(self):
        for form in ("auto", "raw", "raw-be", "text", "ddd", "hex", "c"):
            with self.subTest(form=form):
                self.quick("check", "/dev/zero", "--input-format", form, stderr="/dev/zero: ")
        self.quick("asm", "/dev/zero", stderr="/dev/zero: ")

    def test_endless_pipe(self):
        for text, form in (("y", "auto"), ("ret #0", "text"), ("00", "hex"), ("1", "ddd"),
                           ("{6,0,0,0},", "c")):
            with self.subTest(form=form):
                done = outside.shell(f"yes '{text}' | assay check - --input-format {form}",
                                     self.folder)
                self.check(done, 3, "-: ")

    def test_many_short_labels(self):
        text = "".join(f"L{i}: ret #0\n" for i in range(65535))
        self.quick("check", "-", stdin=text.encode(), status=1)

    def test_deep_nesting(self):
        self.quick("run", "exec.txt", "--records", "-", stdin=b'{"x":' + b"[" * 900_000,
                   stderr="line 1, ")


class Pipes(outside.InFolder):
    def test_reader_that_leaves(self):
        (self.folder / "big.bpf").write_bytes(b"\6\0\0\0\0\0\xff\x7f" * 60_000)
        done = outside.shell("assay disasm big.bpf | head -1; echo ${PIPESTATUS[0]}", self.folder)
        self.assertEqual(self.check(done, 0, "").split(), [b"ret", b"#ALLOW", b"141"])
        done = outside.shell("trap '' PIPE; assay disasm big.bpf | head -1; echo ${PIPESTATUS[0]}",
                             self.folder)
        self.assertEqual(self.check(done, 0, "").split(), [b"ret", b"#ALLOW", b"141"])

    def test_endless_records_end_with_their_reader(self):
        done = outside.shell("yes '{\"nr\":59}' | assay run exec.txt --records - | head -2",
                             self.folder)
        self.assertEqual(len(self.check(done, 0, "").splitlines()), 2)

    def test_answers_come_one_by_one(self):
        process = subprocess.Popen([outside.ASSAY, "run", "exec.txt", "--records", "-"],
                                   cwd=self.folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for nr, verdict in ((59, b"ERRNO(1)"), (1, b"ALLOW")):
            process.stdin.write(b'{"arch":"x86_64","nr":%d}\n' % nr)
            process.stdin.flush()
            self.assertEqual(process.stdout.readline().split()[0], verdict)
        self.assertEqual(process.communicate()[0], b"")
        self.assertEqual(process.returncode, 0)


class Interrupted(outside.InFolder):
    def interrupt(self, number, *options):
        process = subprocess.Popen([outside.ASSAY, "run", "exec.txt", "--records", "-", *options],
                                   cwd=self.folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE)
        process.stdin.write(b'{"nr":1}\n' * 5000)
        process.stdin.flush()
        time.sleep(0.3)
        process.send_signal(number)
        _, stderr = process.communicate(timeout=10)
        self.assertEqual(stderr, b"")
        return process.returncode

    def test_ctrl_c(self):
        before = sorted(os.listdir(self.folder))
        self.assertEqual(self.interrupt(signal.SIGINT), 130)
        self.assertEqual(self.interrupt(signal.SIGINT, "--output", "result"), 130)
        self.assertEqual(self.interrupt(signal.SIGTERM, "--output", "result"), 143)
        self.assertEqual(sorted(os.listdir(self.folder)), before)


class Output(outside.InFolder):
    def test_whole_or_not_at_all(self):
        kept = self.folder / "kept"
        kept.write_text("as before")
        kept.chmod(0o640)
        self.check(outside.run("run", "exec.txt", "--records", "-", "-o", "kept", cwd=self.folder,
                               stdin=b'{"nr":1}\n{'), 3)
        self.assertEqual(kept.read_text(), "as before")
        (self.folder / "link").symlink_to("kept")
        self.check(outside.run("check", "allow.txt", "-o", "link", cwd=self.folder))
        self.assertTrue((self.folder / "link").is_symlink())
        self.assertIn("accepted", kept.read_text())
        self.assertEqual(kept.stat().st_mode & 0o777, 0o640)

    def test_full_disk(self):
        for command in (["check", "exec.txt"], ["disasm", "exec.txt"], ["asm", "exec.txt"],
                        ["run", "exec.txt", "--nr", "1"], ["ps"], ["--version"], ["--help"]):
            with self.subTest(command=command), open("/dev/full", "wb") as full:
                done = subprocess.run([outside.ASSAY, *command], cwd=self.folder, stdout=full,
                                      stderr=subprocess.PIPE, timeout=60)
                self.assertEqual(done.returncode, 4)
                self.assertEqual(done.stderr,
                                 b"assay: cannot write stdout: No space left on device\n")


class Many(outside.InFolder):
    COUNT = 1_000_000
    MEMORY = 8 << 20  # what is read does not pile up

    def test_million_records_in_bounded_memory(self):
        line = b'{"arch":"x86_64","nr":%d,"ip":4096,"args":[%d,"0xffffffffffffffff",0,0,0,0]}\n'
        path = self.folder / "many.jsonl"
        with open(path, "wb") as file:
            for start in range(0, self.COUNT, 1000):
                file.write(b"".join(line % (i % 460, i) for i in range(start, start + 1000)))
        for form in ("text", "json"):
            with self.subTest(form=form), open(path, "rb") as records:
                start = time.monotonic()
                done = lines_within(self.MEMORY, ["run", str(self.folder / "openat.txt"),
                                                  "--records", "-", "--format", form], records)
                print(f"{form}: {self.COUNT / (time.monotonic() - start):,.0f} records/s")
                self.assertEqual(done, (0, self.COUNT))

    def test_million_raw_records(self):
        record = b"\1\1\0\0\x3e\0\0\xc0" + bytes(56)  # openat
        with open(self.folder / "many.raw", "wb") as file:
            for _ in range(0, self.COUNT, 1000):
                file.write(record * 1000)
        with open(self.folder / "many.raw", "rb") as records:
            done = lines_within(self.MEMORY, ["run", str(self.folder / "openat.txt"), "--records",
                                              "-", "--records-format", "raw"], records)
        self.assertEqual(done, (0, self.COUNT))


if __name__ == "__main__":
    outside.main()
