#!/bin/bash
# Installs a build into a folder, moves it, and builds strangers against it: by
# find_package and by pkg-config.
# install_test.sh CMAKE BUILD_DIR COMPILER WHETHER_FULL [COMPILER_FLAG...]
set -euo pipefail
cmake=$1 build=$2 compiler=$3 full=$4 flags="${*:5}"
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
  echo "install_test: $*" >&2
  exit 1
}

"$cmake" --install "$build" --prefix "$work/first" >"$work/install.log" ||
  fail "cmake --install failed: $(tail -3 "$work/install.log")"
prefix=$work/moved
mv "$work/first" "$prefix"

expect() {  # WHAT WANTED GOT
  [[ $3 == "$2" ]] || fail "$1 printed '$3', not '$2'"
  echo "$1: $3"
}

by_cmake() {  # COMPONENT PROGRAM WANTED
  "$cmake" -S "$here/consumer" -B "$work/$2" -DCMAKE_PREFIX_PATH="$prefix" -DCONSUMED="$1" \
    -DPROGRAM="$2" -DCMAKE_CXX_COMPILER="$compiler" -DCMAKE_CXX_FLAGS="$flags" >"$work/log" 2>&1 &&
    "$cmake" --build "$work/$2" >>"$work/log" 2>&1 || fail "assay::$1, $2: $(cat "$work/log")"
  expect "assay::$1 by find_package, $2" "$3" "$("$work/$2/consumer")"
}

by_pkg_config() {  # PACKAGE COMPONENT WANTED
  local found
  found=$(PKG_CONFIG_PATH=$(find "$prefix" -name pkgconfig) pkg-config --cflags --libs "$1")
  # shellcheck disable=SC2086  # both are lists of words
  "$compiler" -std=c++20 $flags "$here/consumer/consumer_$2.cpp" $found -o "$work/$1-by-pc" ||
    fail "$1 by pkg-config does not build"
  expect "$1 by pkg-config" "$3" "$("$work/$1-by-pc")"
}

# Every object of the library, so that a dependence which pkg-config does not name is noticed.
whole_by_pkg_config() {
  local found
  found=$(PKG_CONFIG_PATH=$(find "$prefix" -name pkgconfig) pkg-config --cflags --libs assay)
  found=${found/-l:libassay.a/-Wl,--whole-archive -l:libassay.a -Wl,--no-whole-archive}
  [[ $found == *whole-archive* ]] || fail "assay by pkg-config is not libassay.a: $found"
  # shellcheck disable=SC2086  # both are lists of words
  "$compiler" -std=c++20 $flags "$here/consumer/consumer_assay.cpp" $found -o "$work/whole" ||
    fail "assay.pc does not name all that libassay.a needs"
}

# Nothing but a header is looked for.
PKG_CONFIG_LIBDIR=/nonexistent by_cmake core core 00050001
by_pkg_config assay-core core 00050001
[[ $full == 1 ]] || exit 0
by_cmake assay assay 257
by_cmake assay sample 8
by_pkg_config assay assay 257
whole_by_pkg_config

expect "the installed command" "assay" "$("$prefix/bin/assay" --version | head -1 | cut -d' ' -f1)"
for file in share/man/man1/assay.1 share/bash-completion/completions/assay \
  share/zsh/site-functions/_assay share/fish/vendor_completions.d/assay.fish; do
  [[ -s $prefix/$file ]] || fail "$file is not installed"
done
broken=$(ASSAY=$prefix/bin/assay PYTHONPATH=$here/../tool /usr/bin/python3 -Bc '
import links_test, pathlib, sys
print(*links_test.broken(pathlib.Path(sys.argv[1]).resolve()), sep="\n")
' "$prefix/share/doc/assay")
[[ -z $broken ]] || fail "links of the installed documents lead nowhere: $broken"

# Under /usr, as in a package, zsh's completion lies where Debian's zsh looks for it.
"$cmake" --install "$build" --prefix "$work/root/usr" >"$work/install.log" ||
  fail "cmake --install failed: $(tail -3 "$work/install.log")"
[[ -s $work/root/usr/share/zsh/vendor-completions/_assay ]] ||
  fail "zsh's completion is not among those of packages"
