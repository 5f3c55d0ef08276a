#!/usr/bin/python3
"""Every folder of tests/data that holds files is read by some test, so that no row goes unrun."""

import pathlib
import sys

tests = pathlib.Path(__file__).resolve().parent
sources = "\n".join(
    path.read_text(errors="replace")
    for suffix in ("*.cpp", "*.py", "*.sh", "CMakeLists.txt")
    for path in tests.rglob(suffix)
    if path.resolve() != pathlib.Path(__file__).resolve()
)
folders = {path.parent.relative_to(tests / "data") for path in (tests / "data").rglob("*.*")
           if path.is_file()}
unread = sorted(str(folder) for folder in folders if str(folder) not in sources)
for folder in unread:
    print(f"tests/data/{folder}: no test names this folder")
sys.exit(1 if unread or not folders else 0)
