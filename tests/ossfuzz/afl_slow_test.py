#!/usr/bin/python3
"""fuzz/oss-fuzz/build.sh with AFL++: each target fuzzes for some seconds without a crash."""
import os
import shutil
import subprocess
import sys
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
import targets  # noqa: E402

DRIVER = Path("/usr/lib/afl/libAFLDriver.a")


class Afl(targets.Targets):
    @unittest.skipIf(shutil.which("afl-fuzz") is None or not DRIVER.exists(), "AFL++ is not here")
    def test_each_target_fuzzes(self):
        environment = {**os.environ, "AFL_SKIP_CPUFREQ": "1", "AFL_NO_UI": "1",
                       "AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES": "1", "AFL_NO_AFFINITY": "1"}
        for name in self.build(CC="afl-clang-fast", CXX="afl-clang-fast++", CXXFLAGS="-O0",
                               LIB_FUZZING_ENGINE=str(DRIVER), AFL_QUIET="1"):
            with self.subTest(name=name):
                results = self.folder / "results" / name
                results.mkdir(parents=True)
                words = self.dictionary(name)
                command = ["afl-fuzz", "-V", targets.SECONDS, "-t", "5000+", "-m", "none", "-i",
                           self.seeds(name), "-o", results]
                done = subprocess.run(command + (["-x", words] if words else []) +
                                      ["--", self.out / f"{name}_fuzz"], env=environment,
                                      capture_output=True, text=True, check=False)
                self.assertEqual(done.returncode, 0, done.stdout[-2000:])
                self.assertEqual(list(results.glob("default/crashes/id:*")), [])


if __name__ == "__main__":
    sys.exit(targets.main("afl"))
