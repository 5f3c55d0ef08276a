#!/usr/bin/python3
"""fuzz/oss-fuzz/build.sh builds every target, packs what belongs to them, and each target fuzzes
for some seconds without a finding: with libFuzzer and with AFL++, or with what $ASSAY_OSS_FUZZ names
of "libfuzzer afl". (tools/test --all names the latter: it has built the targets for libFuzzer.)
"""
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
ENGINES = os.environ.get("ASSAY_OSS_FUZZ", "libfuzzer afl").split()
SECONDS = os.environ.get("ASSAY_FUZZ_SECONDS", "5")
AFL_DRIVER = Path("/usr/lib/afl/libAFLDriver.a")


class OssFuzz(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.out = self.folder / "out"
        self.out.mkdir()

    def build(self, **variables):
        done = subprocess.run([ROOT / "fuzz/oss-fuzz/build.sh"], capture_output=True, text=True,
                              env={**os.environ, "OUT": str(self.out), "WORK": str(self.folder),
                                   **variables}, check=False)
        self.assertEqual(done.returncode, 0, done.stdout[-3000:] + done.stderr[-3000:])
        names = sorted(path.name[:-len("_fuzz.cpp")] for path in (ROOT / "fuzz").glob("*_fuzz.cpp"))
        for name in names:
            self.assertTrue((self.out / f"{name}_fuzz").exists(), name)
            for kind, source in (("_fuzz.dict", f"{name}.dict"),
                                 ("_fuzz_seed_corpus.zip", f"corpus/{name}")):
                self.assertEqual((self.out / (name + kind)).exists(),
                                 (ROOT / "fuzz" / source).exists(), name + kind)
        return names

    def seeds(self, name):
        seeds = self.folder / "seeds" / name
        seeds.mkdir(parents=True)
        packed = self.out / f"{name}_fuzz_seed_corpus.zip"
        if packed.exists():
            zipfile.ZipFile(packed).extractall(seeds)
        else:
            (seeds / "seed").write_bytes(b"0")
        return seeds

    def dictionary(self, name):
        words = self.out / f"{name}_fuzz.dict"
        return words if words.exists() else None

    def test_libfuzzer(self):
        if "libfuzzer" not in ENGINES:
            return
        flags = "-fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=all"
        for name in self.build(CC="clang", CXX="clang++", CFLAGS=flags, CXXFLAGS=flags,
                               LIB_FUZZING_ENGINE="-fsanitize=fuzzer"):
            with self.subTest(name=name):
                words = self.dictionary(name)
                command = [self.out / f"{name}_fuzz", f"-max_total_time={SECONDS}", "-timeout=20",
                           f"-artifact_prefix={self.folder}/", self.seeds(name)]
                done = subprocess.run(command + ([f"-dict={words}"] if words else []),
                                      capture_output=True, text=True, check=False)
                self.assertEqual(done.returncode, 0, done.stderr[-2000:])
                self.assertIn("Done ", done.stderr)

    @unittest.skipIf(shutil.which("afl-fuzz") is None or not AFL_DRIVER.exists(),
                     "AFL++ is not here")
    def test_afl(self):
        if "afl" not in ENGINES:
            return
        environment = {**os.environ, "AFL_SKIP_CPUFREQ": "1", "AFL_NO_UI": "1",
                       "AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES": "1", "AFL_NO_AFFINITY": "1"}
        for name in self.build(CC="afl-clang-fast", CXX="afl-clang-fast++",
                               LIB_FUZZING_ENGINE=str(AFL_DRIVER), AFL_QUIET="1"):
            with self.subTest(name=name):
                results = self.folder / "results" / name
                results.mkdir(parents=True)
                words = self.dictionary(name)
                command = ["afl-fuzz", "-V", SECONDS, "-t", "5000+", "-m", "none", "-i",
                           self.seeds(name), "-o", results]
                done = subprocess.run(command + (["-x", words] if words else []) +
                                      ["--", self.out / f"{name}_fuzz"], env=environment,
                                      capture_output=True, text=True, check=False)
                self.assertEqual(done.returncode, 0, done.stdout[-2000:])
                self.assertEqual(list(results.glob("default/crashes/id:*")), [])


if __name__ == "__main__":
    program = unittest.main(exit=False)
    sys.exit(0 if program.result.wasSuccessful() and not program.result.skipped
             else 77 if program.result.wasSuccessful() else 1)
