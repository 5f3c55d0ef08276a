#!/usr/bin/python3
"""cpack makes a .deb; in a fresh root of Debian 12 apt installs it with what it depends on. There
the sessions of README.md print what is shown, the steps for continuous integration and the hooks of
pre-commit run, and the library is found."""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.dont_write_bytecode = True
for room in ("tool", "ci"):
    sys.path.insert(0, str(ROOT / "tests" / room))
import links_test  # noqa: E402
import readme_test  # noqa: E402
import steps_test  # noqa: E402

BUILD = Path(os.path.abspath(os.environ["ASSAY"])).parents[2]
DOCUMENTS = "/usr/share/doc/assay"
MIRROR = re.compile(r"^(?:deb |URIs:)\s*(?:\[[^]]*\] )?(https?://\S+/debian)/?(?:\s|$)", re.M)


def mirror():
    """Where this machine's own packages come from."""
    for path in [Path("/etc/apt/sources.list"), *Path("/etc/apt/sources.list.d").glob("*")]:
        found = MIRROR.search(path.read_text()) if path.exists() else None
        if found:
            return found.group(1)
    return None


def run_it(*command, **options):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True,
                          check=False, **options)
    if done.returncode:
        raise AssertionError(f"{command}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout


class Deb(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = Path(tempfile.mkdtemp())
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        run_it("cpack", "--config", BUILD / "CPackConfig.cmake", "-B", cls.folder, cwd=cls.folder)
        cls.package, = cls.folder.glob("*.deb")

    def inside(self, root, line, **variables):
        """(status, all output) of a line of bash in the root, where the package's README.md is."""
        settings = [f"{name}={value}" for name, value in variables.items()]
        done = subprocess.run(["chroot", root, "env", "-i", "PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8",
                               *settings, "bash", "-c", f"cd {DOCUMENTS} && {line}"],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr

    def test_contents(self):
        listed = {line.split()[5][1:] for line in
                  run_it("dpkg-deb", "-c", self.package).splitlines()}
        for path in ("/usr/bin/assay", "/usr/share/man/man1/assay.1", "/usr/include/assay/assay.h",
                     "/usr/share/bash-completion/completions/assay",
                     "/usr/share/zsh/vendor-completions/_assay",
                     f"{DOCUMENTS}/README.md", f"{DOCUMENTS}/SECURITY.md",
                     f"{DOCUMENTS}/CONTRIBUTING.md", f"{DOCUMENTS}/docs/architecture.md",
                     f"{DOCUMENTS}/ci/audit", f"{DOCUMENTS}/python/setup.py",
                     f"{DOCUMENTS}/examples/container.bpf"):
            self.assertIn(path, listed)
        self.assertEqual([path for path in listed if "__pycache__" in path], [])
        run_it("dpkg-deb", "-x", self.package, self.folder / "unpacked")
        documents = Path(f"{self.folder}/unpacked{DOCUMENTS}").resolve()
        self.assertEqual(links_test.broken(documents), [])
        self.assertTrue(any(path.endswith("/libassay.so.0") for path in listed))
        depends = run_it("dpkg-deb", "-f", self.package, "Depends")
        for name in ("libc6", "libseccomp2", "libz3-4"):
            self.assertIn(name, depends)
        suggested = run_it("dpkg-deb", "-f", self.package, "Suggests")
        for name in ("expected", "seccomp", "sqlite3", "yaml", "z3"):
            self.assertIn(f"lib{name}-dev", suggested)

    def fresh_root(self):
        """With the package installed."""
        root = self.folder / "root"
        run_it("debootstrap", "--variant=minbase", "bookworm", root, mirror())
        shutil.copy(self.package, root / "assay.deb")
        for name in ("resolv.conf", "hosts"):
            if Path("/etc", name).exists():
                shutil.copy(Path("/etc", name), root / "etc" / name)
        shutil.copytree("/etc/apt/apt.conf.d", root / "etc/apt/apt.conf.d", dirs_exist_ok=True)
        run_it("chroot", root, "apt-get", "install", "-y", "-q", "--no-install-recommends",
                    "/assay.deb", env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"})
        return root

    @unittest.skipIf(os.geteuid() != 0, "needs root, for chroot")
    @unittest.skipIf(shutil.which("debootstrap") is None, "debootstrap is not here")
    @unittest.skipIf(mirror() is None, "no mirror of Debian is configured")
    def test_in_a_fresh_root(self):
        root = self.fresh_root()
        self.assertTrue(self.inside(root, "assay --version")[1].startswith("assay "))
        self.assertIn("libassay.so.0", self.inside(root, "/sbin/ldconfig -p")[1])
        for command, shown in readme_test.sessions():
            with self.subTest(command=command):
                self.assertEqual(self.inside(root, command)[1].rstrip("\n"), shown)
        self.steps_run(root)
        self.hooks_run(root)

    def steps_run(self, root):
        """Of the GitHub Action and of the GitLab template, on the examples."""
        tests = "examples/profiles/container.json=examples/profiles/container-tests.yaml"
        for file in ("action.yml", "ci/gitlab.yml"):
            for step in steps_test.STEP.findall((ROOT / file).read_text()):
                with self.subTest(file=file, step=step):
                    status, output = self.inside(
                        root, step, GITHUB_ACTION_PATH=DOCUMENTS, ASSAY_HOME=DOCUMENTS,
                        ASSAY_TARGETS="examples/*.bpf examples/profiles/*.json",
                        ASSAY_FAIL_ON="never", ASSAY_PROFILE_TESTS=tests)
                    self.assertEqual(status, 0, output)
            sarif = Path(f"{root}{DOCUMENTS}/assay.sarif")
            self.assertEqual(json.loads(sarif.read_text())["version"], "2.1.0")
            sarif.unlink()

    def hooks_run(self, root):
        """On a filter that is accepted and has findings of severity high."""
        statuses = [self.inside(root, f"{entry} examples/container.bpf")[0]
                    for entry in steps_test.hooks()]
        self.assertEqual(statuses, [0, 1])


if __name__ == "__main__":
    program = unittest.main(exit=False)
    sys.exit(0 if program.result.wasSuccessful() and not program.result.skipped
             else 77 if program.result.wasSuccessful() else 1)
