#!/usr/bin/python3
"""Fails when a room includes a later one, or the core anything but std and tl::expected.

The order is tests/rooms.txt. Room "tool" is the command, tools/assay/.
"""
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CORE_ENDS_WITH = "compiled"
INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]', re.M)


def read_order():
    lines = (ROOT / "tests/rooms.txt").read_text().splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def folders_of(room):
    if room == "tool":
        return [ROOT / "tools/assay"]
    return [ROOT / "include/assay" / room, ROOT / "lib" / room]


def room_of(include):
    """The room of an include that is written from include/ or from lib/."""
    parts = include.split("/")
    if parts[0] == "assay":
        return "c" if parts[1] == "assay.h" else parts[1]
    return parts[0] if len(parts) > 1 and (ROOT / "lib" / parts[0]).is_dir() else None


def complaints(path, room, order):
    in_core = order.index(room) <= order.index(CORE_ENDS_WITH)
    text = path.read_text()
    for match in INCLUDE.finditer(text):
        quote, include = match.groups()
        where = f"{path.relative_to(ROOT)}:{text.count(chr(10), 0, match.start(2)) + 1}"
        used = room_of(include) if quote == '"' else None
        if used is not None and used not in order:
            yield f"{where}: {include} is of no room in tests/rooms.txt"
        elif used is not None and order.index(used) > order.index(room):
            yield f"{where}: room {room} includes {include} of the later room {used}"
        elif in_core and quote == "<" and "/" in include and include != "tl/expected.hpp":
            yield f"{where}: the core includes <{include}>"
        elif in_core and quote == "<" and include.endswith(".h"):
            yield f"{where}: the core includes the system's <{include}>"


def main():
    order = read_order()
    found, files = [], 0
    for top in (ROOT / "include/assay", ROOT / "lib"):
        for folder in top.iterdir():
            if folder.is_dir() and folder.name not in order:
                found.append(f"{folder.relative_to(ROOT)} is no room in tests/rooms.txt")
    for room in order:
        for folder in folders_of(room):
            for path in sorted(folder.rglob("*.[ch]pp")):
                files += 1
                found += complaints(path, room, order)
    print("\n".join(found) or f"{files} files, all in order")
    return 1 if found or files == 0 else 0


sys.exit(main())
