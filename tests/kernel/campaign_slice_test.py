#!/usr/bin/python3
"""What continuous integration asks the running kernel: a campaign of $ASSAY_SLICE seconds (60), with
the seed $ASSAY_SEED or the number of this day, so that each day draws other programs."""
import json
import os
import subprocess
import sys
import time

if "ASSAY_NO_FILTERS" in os.environ:
    print(os.environ["ASSAY_NO_FILTERS"])
    sys.exit(77)
seed = os.environ.get("ASSAY_SEED", str(int(time.time()) // 86400))
done = subprocess.run([os.environ["ASSAY"], "campaign", "--seed", seed, "--programs", "4000000000",
                       "--seconds", os.environ.get("ASSAY_SLICE", "60"), "--format", "json"],
                      capture_output=True, text=True, timeout=500, check=False)
print(done.stdout, done.stderr)
if done.returncode == 4 and not done.stdout:
    sys.exit(77)
last = json.loads(done.stdout.splitlines()[-1])
print(f"seed {seed}: {last['acceptances']} acceptances, {last['verdicts']} verdicts, "
      f"{last['mismatches']} mismatches, never met: {last['unmet']}")
sys.exit(1 if done.returncode != 0 or last["mismatches"] or last["unmet"] else 0)
