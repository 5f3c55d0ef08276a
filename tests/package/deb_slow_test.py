#!/usr/bin/python3
"""cpack makes a .deb; in a fresh root of Debian 12 apt installs it with what it depends on, and
the command, its man page, the library and the headers are there and work."""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

BUILD = Path(os.path.abspath(os.environ["ASSAY"])).parents[2]
MIRROR = re.compile(r"^(?:deb |URIs:)\s*(?:\[[^]]*\] )?(https?://\S+/debian)/?(?:\s|$)", re.M)


def mirror():
    """Where this machine's own packages come from."""
    for path in [Path("/etc/apt/sources.list"), *Path("/etc/apt/sources.list.d").glob("*")]:
        found = MIRROR.search(path.read_text()) if path.exists() else None
        if found:
            return found.group(1)
    return None


class Deb(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def run_it(self, *command, **options):
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True,
                              check=False, **options)
        self.assertEqual(done.returncode, 0, done.stdout[-2000:] + done.stderr[-2000:])
        return done.stdout

    def package(self):
        self.run_it("cpack", "--config", BUILD / "CPackConfig.cmake", "-B", self.folder,
                    cwd=self.folder)
        package, = self.folder.glob("*.deb")
        return package

    def test_contents(self):
        package = self.package()
        listed = {line.split()[5][1:] for line in
                  self.run_it("dpkg-deb", "-c", package).splitlines()}
        for path in ("/usr/bin/assay", "/usr/share/man/man1/assay.1", "/usr/include/assay/assay.h",
                     "/usr/share/bash-completion/completions/assay",
                     "/usr/share/doc/assay/architecture.md", "/usr/share/doc/assay/README.md"):
            self.assertIn(path, listed)
        self.assertTrue(any(path.endswith("/libassay.so.0") for path in listed))
        depends = self.run_it("dpkg-deb", "-f", package, "Depends")
        for name in ("libc6", "libseccomp2", "libz3-4"):
            self.assertIn(name, depends)

    @unittest.skipIf(os.geteuid() != 0, "needs root, for chroot")
    @unittest.skipIf(shutil.which("debootstrap") is None, "debootstrap is not here")
    @unittest.skipIf(mirror() is None, "no mirror of Debian is configured")
    def test_in_a_fresh_root(self):
        package, root = self.package(), self.folder / "root"
        self.run_it("debootstrap", "--variant=minbase", "bookworm", root, mirror())
        shutil.copy(package, root / "assay.deb")
        for name in ("resolv.conf", "hosts"):
            if Path("/etc", name).exists():
                shutil.copy(Path("/etc", name), root / "etc" / name)
        shutil.copytree("/etc/apt/apt.conf.d", root / "etc/apt/apt.conf.d", dirs_exist_ok=True)
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        self.run_it("chroot", root, "apt-get", "install", "-y", "-q", "--no-install-recommends",
                    "/assay.deb", env=environment)
        self.assertTrue(self.run_it("chroot", root, "assay", "--version").startswith("assay "))
        session = ("printf 'ld [nr]\\njeq #59, +0, +1\\nret #ERRNO(1)\\nret #ALLOW\\n' >f; "
                   "assay run f --syscall execve; assay query f --verdict ERRNO; "
                   "echo 'execve(\"x\", [\"x\"], NULL) = 0' | assay replay f - | head -1")
        said = self.run_it("chroot", root, "bash", "-c", session).splitlines()
        self.assertEqual(said[0], "ERRNO(1) value=0x00050001 insns=3 effect=returns(-1)")
        self.assertTrue(said[1].startswith("possible"), said)
        self.assertEqual(said[-1], "1 call: 1 ERRNO(1)")
        linked = self.run_it("chroot", root, "ldconfig", "-p")
        self.assertIn("libassay.so.0", linked)


if __name__ == "__main__":
    program = unittest.main(exit=False)
    sys.exit(0 if program.result.wasSuccessful() and not program.result.skipped
             else 77 if program.result.wasSuccessful() else 1)
