#!/usr/bin/python3
"""fuzz/oss-fuzz/build.sh with libFuzzer and both sanitizers: each target fuzzes for some seconds
without a finding."""
import subprocess
import sys

sys.dont_write_bytecode = True
import targets  # noqa: E402


class LibFuzzer(targets.Targets):
    def test_each_target_fuzzes(self):
        flags = "-fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=all"
        for name in self.build(CC="clang", CXX="clang++", CFLAGS=flags, CXXFLAGS=flags,
                               LIB_FUZZING_ENGINE="-fsanitize=fuzzer"):
            with self.subTest(name=name):
                words = self.dictionary(name)
                command = [self.out / f"{name}_fuzz", f"-max_total_time={targets.SECONDS}",
                           "-timeout=20", f"-artifact_prefix={self.folder}/", self.seeds(name)]
                done = subprocess.run(command + ([f"-dict={words}"] if words else []),
                                      capture_output=True, text=True, check=False)
                self.assertEqual(done.returncode, 0, done.stderr[-2000:])
                self.assertIn("Done ", done.stderr)


if __name__ == "__main__":
    sys.exit(targets.main("libfuzzer"))
