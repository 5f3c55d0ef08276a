#!/usr/bin/python3
"""The shell steps of action.yml and of the GitLab template do what they say, and the hooks of
pre-commit name commands that there are. $ASSAY is the command."""
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
ASSAY = Path(os.path.abspath(os.environ["ASSAY"]))
STEP = re.compile(r"""^\s*(?:run: |- )'("\$\w+/ci/[\w-]+")'$""", re.M)


def hooks():
    """The commands of pre-commit's hooks."""
    text = (ROOT / ".pre-commit-hooks.yaml").read_text()
    return re.findall(r"^  entry: (assay .*)$", text, re.M)


class Steps(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        (self.folder / "good.bpf").write_bytes(self.assembled(
            "ld [arch]\njeq #AUDIT_ARCH_X86_64, +0, bad\nld [nr]\njge #0x40000000, bad, +0\n"
            "jeq #0, good, +0\njeq #60, good, bad\ngood: ret #ALLOW\nbad: ret #KILL_PROCESS\n"))

    def assembled(self, text):
        return subprocess.run([ASSAY, "asm", "-"], input=text.encode(), capture_output=True,
                              check=True).stdout

    def steps(self, file):
        found = STEP.findall((ROOT / file).read_text())
        self.assertEqual([re.search(r"ci/([\w-]+)", step).group(1) for step in found],
                         ["install-assay", "audit", "test-profiles"])
        return found

    def run_steps(self, file, **variables):
        """The status of the first step that fails, and all output."""
        environment = {"PATH": f"{ASSAY.parent}:/usr/bin:/bin", "GITHUB_ACTION_PATH": str(ROOT),
                       "ASSAY_HOME": str(ROOT), **variables}
        output = ""
        for step in self.steps(file):
            done = subprocess.run(["bash", "-c", step], cwd=self.folder, env=environment,
                                  capture_output=True, text=True, check=False)
            output += done.stdout + done.stderr
            if done.returncode != 0:
                return done.returncode, output
        return 0, output

    def test_findings_are_written_as_sarif(self):
        for file in ("action.yml", "ci/gitlab.yml"):
            with self.subTest(file=file):
                status, output = self.run_steps(file, ASSAY_TARGETS="*.bpf",
                                                ASSAY_FAIL_ON="critical")
                self.assertEqual(status, 0, output)
                document = json.loads((self.folder / "assay.sarif").read_text())
                self.assertEqual(document["version"], "2.1.0")
                self.assertEqual(document["runs"][0]["tool"]["driver"]["name"], "assay")

    def test_findings_fail_the_job(self):
        (self.folder / "open.bpf").write_bytes(self.assembled("ret #ALLOW\n"))
        status, output = self.run_steps("action.yml", ASSAY_TARGETS="open.bpf",
                                        ASSAY_FAIL_ON="info")
        self.assertEqual(status, 1, output)

    def test_tables_of_profiles_are_tested(self):
        profile, table = self.folder / "p.json", self.folder / "t.yaml"
        profile.write_text('{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": '
                           '[{"names": ["read"], "action": "SCMP_ACT_ALLOW"}]}')
        for verdict, expected in (("ALLOW", 0), ("KILL_THREAD", 1)):
            table.write_text(f"cases: [{{call: read, expect: {verdict}}}]\n")
            status, output = self.run_steps("action.yml", ASSAY_TARGETS="good.bpf",
                                            ASSAY_PROFILE_TESTS=f"{profile}={table}")
            self.assertEqual(status, expected, output)

    def test_a_pattern_that_matches_nothing_is_no_success(self):
        status, output = self.run_steps("ci/gitlab.yml", ASSAY_TARGETS="*.nothing")
        self.assertEqual(status, 2)
        self.assertIn("no file matches", output)

    def test_assay_is_built_where_it_is_not_installed(self):
        """With stubs for what installs packages and what builds."""
        home, bin_folder = self.folder / "home", self.folder / "bin"
        shutil.copytree(ROOT / "ci", home / "ci")
        built = home / "build/release/tools/assay"
        for path, text in ((home / "tools/setup", 'echo "setup $*"'),
                           (bin_folder / "cmake", 'echo "cmake $*"')):
            path.parent.mkdir(parents=True)
            path.write_text(f"#!/bin/bash\n{text}\n")
            path.chmod(0o755)
        (bin_folder / "dirname").symlink_to(shutil.which("dirname"))
        added = self.folder / "path"
        done = subprocess.run([home / "ci/install-assay"], capture_output=True, text=True,
                              env={"PATH": str(bin_folder), "GITHUB_PATH": str(added)}, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        presets = json.loads((ROOT / "CMakePresets.json").read_text())
        folders = {row["name"]: row.get("binaryDir") for row in presets["configurePresets"]}
        self.assertEqual(folders["command"], "${sourceDir}/build/release")
        self.assertEqual(done.stdout.splitlines(),
                         ["setup --build", "cmake --preset command",
                          "cmake --build --preset command --target assay"])
        self.assertEqual(added.read_text(), f"{built}\n")

    def test_hooks_name_commands(self):
        self.assertEqual(len(hooks()), 2)
        for entry in hooks():
            done = subprocess.run([ASSAY, *entry.split()[1:], str(self.folder / "good.bpf")],
                                  capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
