# Sourced by tools/quickstart and tools/test: named steps with a log each.
# shellcheck shell=bash

mkdir -p build/log
if command -v ccache >/dev/null; then
  export CMAKE_CXX_COMPILER_LAUNCHER=ccache
fi
script=tools/$(basename "$0")

die() {
  echo "$script: $*" >&2
  exit 1
}

# try NAME COMMAND...: runs it with its output in build/log/NAME.log, and says how it went.
try() {
  local name=$1 log="build/log/${1// /-}.log" begin=$SECONDS
  shift
  printf '%-20s' "$name"
  if "$@" >"$log" 2>&1 </dev/null; then
    printf 'done in %d s\n' $((SECONDS - begin))
  else
    printf 'failed after %d s; the end of %s:\n' $((SECONDS - begin)) "$log"
    tail -n "${LINES_OF_LOG:-40}" "$log"
    echo
    return 1
  fi
}

# step NAME COMMAND...: the same, and there is no going on without it.
step() {
  try "$@" || die "step '$1' failed, see build/log/${1// /-}.log"
}

# build PRESET [TARGET...]
build() {
  local preset=$1
  shift
  step "configure $preset" cmake --preset "$preset"
  step "build $preset" cmake --build --preset "$preset" ${@:+--target "$@"}
}
