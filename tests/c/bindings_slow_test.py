#!/usr/bin/python3
"""The examples in C, Go and Rust build against the C library and say the same; the Python
package passes its tests and becomes a wheel without the network."""
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
LIBRARY = Path(os.path.abspath(os.environ["ASSAY"])).parents[2] / "lib"
ENVIRONMENT = {**os.environ, "LD_LIBRARY_PATH": str(LIBRARY), "LC_ALL": "C.UTF-8",
               "ASSAY_LIBRARY": str(LIBRARY / "libassay.so.0"), "PYTHONDONTWRITEBYTECODE": "1"}


def needs(*programs):
    missing = [program for program in programs if shutil.which(program, path="/usr/bin") is None]
    return unittest.skipIf(missing, f"{' '.join(missing)} is not here")


class Bindings(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def run_it(self, *command, **more):
        done = subprocess.run([str(part) for part in command], cwd=self.folder,
                              env={**ENVIRONMENT, **more}, capture_output=True, text=True,
                              check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def says(self, program):
        self.assertEqual(self.run_it(program), "ERRNO(13)\n")

    @needs("cc")
    def test_c(self):
        self.run_it("/usr/bin/cc", "-std=c99", "-Wall", "-Wextra", "-pedantic", "-Werror",
                    f"-I{ROOT}/include", ROOT / "examples/c/verdict.c", f"-L{LIBRARY}", "-lassay",
                    "-o", "verdict")
        self.says("./verdict")

    @needs("go", "gcc")
    def test_go(self):
        shutil.copy(ROOT / "examples/go/verdict.go", self.folder)
        self.run_it("/usr/bin/go", "build", "-o", "verdict", "verdict.go", GO111MODULE="off",
                    GOCACHE=str(self.folder / "cache"), GOFLAGS="", CGO_ENABLED="1",
                    CGO_CFLAGS=f"-I{ROOT}/include", CGO_LDFLAGS=f"-L{LIBRARY} -lassay")
        self.says("./verdict")

    @needs("rustc")
    def test_rust(self):
        self.run_it("/usr/bin/rustc", "--edition", "2021", ROOT / "examples/rust/verdict.rs",
                    "-L", LIBRARY, "-l", "assay", "-o", "verdict")
        self.says("./verdict")

    def package(self):
        copy = self.folder / "python"
        shutil.copytree(ROOT / "python", copy)
        shutil.copy(LIBRARY / "libassay.so.0", copy / "assay")
        return copy

    @needs("pytest")
    def test_python(self):
        print(self.run_it("/usr/bin/python3", "-m", "pytest", "-q", "-p", "no:cacheprovider",
                          ROOT / "python/tests", PYTHONPATH=str(ROOT / "python")), end="")

    def wheel(self, copy):
        # Nothing of this is asked of the network, which is not there.
        self.run_it("/usr/bin/env", "-C", copy, "/usr/bin/python3", "setup.py", "-q",
                    "bdist_wheel", "--dist-dir", self.folder, no_proxy="*")
        wheel, = self.folder.glob("assay-*.whl")
        return wheel

    def test_wheel_without_the_library(self):
        copy = self.package()
        (copy / "assay/libassay.so.0").unlink()
        self.assertTrue(self.wheel(copy).name.endswith("-py3-none-any.whl"))

    def test_wheel(self):
        wheel = self.wheel(self.package())
        machine = sysconfig.get_platform().replace("-", "_").replace(".", "_")
        self.assertTrue(wheel.name.endswith(f"-py3-none-{machine}.whl"), wheel.name)
        target = self.folder / "site"
        shutil.unpack_archive(wheel, target, "zip")
        code = "import assay; print(assay.Filter.read('ret #LOG\\n').run('read').verdict)"
        found = self.run_it("/usr/bin/python3", "-c", code, PYTHONPATH=str(target),
                            ASSAY_LIBRARY="")
        self.assertEqual(found, "LOG\n")

    @needs("nm")
    def test_symbols_are_those_of_the_header(self):
        shown = self.run_it("/usr/bin/nm", "-D", "--defined-only", "--with-symbol-versions",
                            LIBRARY / "libassay.so.0")
        names = {line.split()[-1] for line in shown.splitlines()} - {"ASSAY_0@@ASSAY_0", "ASSAY_0"}
        header = (ROOT / "include/assay/assay.h").read_text()
        declared = {word.split("(")[0].lstrip("*") for line in header.splitlines()
                    if line.startswith("ASSAY_API") for word in line.split() if "(" in word}
        self.assertEqual(names, {f"{name}@@ASSAY_0" for name in declared})


if __name__ == "__main__":
    program = unittest.main(exit=False)
    sys.exit(0 if program.result.wasSuccessful() and not program.result.skipped
             else 77 if program.result.wasSuccessful() else 1)
