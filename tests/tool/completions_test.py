#!/usr/bin/python3
"""The completions are those that assay --help makes, each shell can read them, and the man page
tells every command and option."""
import importlib.machinery
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
KEPT = ROOT / "tools/assay/completions"

sys.dont_write_bytecode = True
loader = importlib.machinery.SourceFileLoader("generate", str(KEPT / "generate"))
generator = importlib.util.module_from_spec(importlib.util.spec_from_loader("generate", loader))
loader.exec_module(generator)


def stale(folder):
    for name in ("assay.bash", "_assay", "assay.fish"):
        kept = KEPT / name
        if not kept.exists() or kept.read_text() != (folder / name).read_text():
            yield f"{kept.relative_to(ROOT)} is not what tools/assay/completions/generate makes"


def unreadable():
    for shell, name in (("bash", "assay.bash"), ("zsh", "_assay"), ("fish", "assay.fish")):
        if shutil.which(shell) is None:
            print(f"{shell} is missing: its completion is not parsed")
            continue
        done = subprocess.run([shell, "-n", KEPT / name], capture_output=True, text=True)
        if done.returncode or done.stderr:
            yield f"{shell} cannot read {name}: {done.stderr}"


def bash_offers(*words):
    script = (f'. "{KEPT / "assay.bash"}"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _assay; '
              'echo "${COMPREPLY[@]}"')
    return subprocess.run(["bash", "-c", script, "bash", *words], capture_output=True, text=True,
                          check=True).stdout.split()


def not_offered(commands, options):
    for command in commands:
        if command not in bash_offers("assay", command[:2]):
            yield f"bash does not offer the command {command}"
        missing = ({f"--{option.name}" for option in options[command]}
                   - set(bash_offers("assay", command, "--")))
        if missing:
            yield f"bash does not offer {sorted(missing)} for {command}"


def not_in_man_page(commands, options):
    page = re.sub(r"\\[-&]", "-", (ROOT / "docs/man/assay.1").read_text())
    for command in commands:
        if not re.search(rf"^\.It Cm {command}$", page, re.M):
            yield f"docs/man/assay.1 does not tell of the command {command}"
    for name in sorted({option.name for many in options.values() for option in many}):
        if not re.search(rf"Fl -{name}\b(?!-)", page):
            yield f"docs/man/assay.1 does not tell of --{name}"


def main():
    with tempfile.TemporaryDirectory() as folder:
        commands, options = generator.generate(os.environ["ASSAY"], Path(folder))
        found = [*stale(Path(folder)), *unreadable()]
    if len(commands) < 6 or any(not options[command] for command in commands):
        found.append(f"--help is not understood: {list(commands)}")
    found += [*not_offered(commands, options), *not_in_man_page(commands, options)]
    print("\n".join(found) or f"{len(commands)} commands, "
          f"{sum(map(len, options.values()))} options, all there")
    return 1 if found else 0


sys.exit(main())
