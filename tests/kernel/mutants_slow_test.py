#!/usr/bin/python3
"""The harness is tested: each mistake of tests/data/kernel/mutants, put into the real source, is
found by a campaign beside the running kernel. Prints how many programs each took.

  mutants_slow_test.py [FOLDER]   keeps the programs in FOLDER, and makes those that are missing
"""
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
ROWS = ROOT / "tests/data/kernel/mutants/mutants.txt"
BUILD = Path(os.environ["ASSAY"]).resolve().parents[2]
LIMIT = 200_000  # programs; unchanged sources agree on far more
ASKED = 180  # seconds for all mutants; told and not asserted, since a busy machine takes longer


def rows():
    for line in ROWS.read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        cells = [cell.strip().replace(r"\|", "|") for cell in re.split(r"(?<!\\)\|", line)]
        if len(cells) != 4:
            sys.exit(f"{ROWS}: four cells expected: {line}")
        yield cells


def commands():
    entries = json.loads((BUILD / "compile_commands.json").read_text())
    return {str(Path(entry["file"]).resolve().relative_to(ROOT)): entry for entry in entries
            if Path(entry["file"]).resolve().is_relative_to(ROOT)}


def compile_as(entry, source, to):
    words = shlex.split(entry["command"])
    for option in ("-o", "-MF", "-MT"):
        if option in words:
            at = words.index(option)
            del words[at:at + 2]
    words = [word for word in words if word not in ("-MD", "-c", "-Werror", "-O2", "-O3")
             and not word.startswith("-g")]
    words = words[:-1] + ["-O1", "-w", "-c", str(source), "-o", str(to)]
    subprocess.run(words, cwd=entry["directory"], check=True)


def mutated(path, old, new):
    lines = (ROOT / path).read_text().split("\n")
    places = [i for i, line in enumerate(lines) if line.strip() == old]
    if len(places) != 1:
        sys.exit(f"{ROWS}: {path} has this line {len(places)} times: {old}")
    lines[places[0]] = new
    return "\n".join(lines)


def link(entry, objects, to):
    compiler = next(word for word in shlex.split(entry["command"]) if word.endswith("++")
                    or re.search(r"\+\+-\d+$", word))
    sanitizers = [word for word in shlex.split(entry["command"]) if word.startswith("-fsanitize")]
    subprocess.run([compiler, *sanitizers, *map(str, objects), f"{BUILD}/lib/libassay.a",
                    f"{BUILD}/lib/libassay_core.a", "-lseccomp", "-lz3", "-o", str(to)],
                   check=True)


def build(row, known, main, folder):
    name, path, old, new = row
    if (folder / name).exists():
        return
    source = folder / f"{name}.cpp"
    source.write_text(mutated(path, old, new))
    compile_as(known[path], source, folder / f"{name}.o")
    link(known[path], [main, folder / f"{name}.o"], folder / name)


def ask(program):
    done = subprocess.run([program, str(LIMIT)], capture_output=True, text=True, timeout=300,
                          check=False)
    return done.returncode, done.stdout


def main():
    if "ASSAY_NO_FILTERS" in os.environ:
        print(os.environ["ASSAY_NO_FILTERS"])
        return 77
    start = time.monotonic()
    all_rows = list(rows())
    known = commands()
    wrong = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(sys.argv[1] if len(sys.argv) > 1 else name)
        main_object = folder / "main.o"
        compile_as(known["lib/kernel/campaign.cpp"], ROOT / "tests/kernel/mutant_main.cpp",
                   main_object)
        link(known["lib/kernel/campaign.cpp"], [main_object], folder / "unchanged")
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            list(pool.map(lambda row: build(row, known, main_object, folder), all_rows))
        built = time.monotonic() - start
        status, told = ask(folder / "unchanged")
        if status == 4:
            print("this kernel cannot be asked")
            return 77
        if status != 0:
            wrong.append("unchanged sources")
            print(told)
        for row in all_rows:
            status, told = ask(folder / row[0])
            print(f"{row[0]:28} {'found' if status == 1 else 'MISSED'} "
                  f"{told.splitlines()[-1] if told else ''}")
            if status != 1:
                wrong.append(row[0])
    print(f"{len(all_rows)} mistakes, {len(all_rows) - len(wrong)} found, {built:.0f} s to build")
    print(f"{len(all_rows)} mutants in {time.monotonic() - start:.0f} s (asked {ASKED})")
    for each in wrong:
        print(f"wrong: {each}")
    return 1 if wrong or len(all_rows) < 25 else 0


sys.exit(main())
