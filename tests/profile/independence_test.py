#!/usr/bin/python3
"""Fails when the intent, or anything of its room that it includes, includes a header of the
language, of an engine, of libseccomp or of the compilers of profiles: the two opinions that are
compared must not share what could be wrong.
"""
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
INCLUDE = re.compile(r'^\s*#\s*include\s*["<]([^">]+)[">]', re.M)
FORBIDDEN = re.compile(r"assay/(bpf|verify|engine|compiled|text(?!/printable)|kernel|sample)/"
                       r"|(^|/)seccomp\.h$"
                       r"|assay/profile/(compile|generator|verify|systemd_stack)|linux/")


def path_of(include):
    for top in ("include", "lib"):
        path = ROOT / top / include
        if path.is_file():
            return path
    return None


def main():
    seen, open_paths, found = set(), [ROOT / "lib/profile/intent.cpp",
                                ROOT / "lib/profile/systemd_intent.cpp"], []
    while open_paths:
        path = open_paths.pop()
        if path in seen:
            continue
        seen.add(path)
        for include in INCLUDE.findall(path.read_text()):
            if FORBIDDEN.search(include):
                found.append(f"{path.relative_to(ROOT)} includes {include}")
            elif re.match(r"(assay/)?profile/", include):
                header = path_of(include)
                source = ROOT / "lib/profile" / (Path(include).stem + ".cpp")
                open_paths += [each for each in (header, source) if each and each.is_file()]
    print("\n".join(found) or f"{len(seen)} files, all independent")
    return 1 if found or len(seen) < 8 else 0


if __name__ == "__main__":
    sys.exit(main())
