#!/usr/bin/python3
"""Each rule of docs/conformance.md names a test that exists, and the page has every rule of
tests/data/kernel/conformance."""
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.exit(subprocess.run([ROOT / "tools/conformance", "--check"], check=False).returncode)
