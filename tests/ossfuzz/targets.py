"""What the tests of fuzz/oss-fuzz share: build.sh run with one engine, and what it must leave."""
import os
import re
import subprocess
import sys
import tempfile
import unittest
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
SECONDS = os.environ.get("ASSAY_FUZZ_SECONDS", "5")
# What every machine has; anything else must come from $OUT.
EVERYWHERE = re.compile(r"(linux-vdso|ld-linux[-\w]*|lib(c|m|dl|rt|resolv|pthread))\.so")


def main(engine):
    """As unittest.main, unless $ASSAY_OSS_FUZZ names other engines; 77 for what was skipped."""
    if engine not in (wanted := os.environ.get("ASSAY_OSS_FUZZ", engine)).split():
        print(f"skipped: ASSAY_OSS_FUZZ={wanted} leaves {engine} out")
        return 77
    result = unittest.main(exit=False).result
    if result.wasSuccessful() and result.skipped:
        print(f"skipped: {result.skipped[0][1]}")
    return (77 if result.skipped else 0) if result.wasSuccessful() else 1


class Targets(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.out = self.folder / "out"
        self.out.mkdir()

    def build(self, **variables):
        """The names of the targets."""
        done = subprocess.run([ROOT / "fuzz/oss-fuzz/build.sh"], capture_output=True, text=True,
                              env={**os.environ, "OUT": str(self.out), "WORK": str(self.folder),
                                   **variables}, check=False)
        self.assertEqual(done.returncode, 0, done.stdout[-3000:] + done.stderr[-3000:])
        names = sorted(path.name[:-len("_fuzz.cpp")] for path in (ROOT / "fuzz").glob("*_fuzz.cpp"))
        for name in names:
            self.assertTrue((self.out / f"{name}_fuzz").exists(), name)
            self.assertEqual(self.from_elsewhere(self.out / f"{name}_fuzz"), [], name)
            for kind, source in (("_fuzz.dict", f"{name}.dict"),
                                 ("_fuzz_seed_corpus.zip", f"corpus/{name}")):
                self.assertEqual((self.out / (name + kind)).exists(),
                                 (ROOT / "fuzz" / source).exists(), name + kind)
        self.assertTrue(list((self.out / "lib").glob("libyaml-*")))  # of the fuzzer of rules
        return names

    def from_elsewhere(self, program):
        """Libraries that the loader does not find in $OUT and that need not be everywhere."""
        shown = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
        libraries = [line.split() for line in shown.splitlines()]
        return [line for line in libraries
                if not EVERYWHERE.match(Path(line[0]).name)
                and (len(line) < 3 or Path(line[2]).resolve().parent != self.out / "lib")]

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

