#!/bin/bash -eu
# Builds every fuzz target for OSS-Fuzz and ClusterFuzzLite, with the compiler, the flags and the
# engine that these choose, and packs dictionaries and seed corpora beside them. $CFLAGS has nothing
# to say: all is C++. Libraries that the machine that fuzzes may lack go to $OUT/lib.
: "${CC:?}" "${CXX:?}" "${LIB_FUZZING_ENGINE:?}" "${OUT:?}"
source=$(cd "$(dirname "$0")/../.." && pwd)
[[ -e $source/fuzz/oss-fuzz ]] || source=$SRC/assay  # this script was copied out of the tree
build=${WORK:-/tmp}/assay-fuzz

# RPATH and not RUNPATH: what the libraries themselves need is looked for there as well.
# shellcheck disable=SC2016  # $ORIGIN is the loader's
cmake -S "$source" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=None -DASSAY_TESTS=OFF \
  -DCMAKE_CXX_COMPILER="$CXX" -DCMAKE_CXX_FLAGS="-O1 -gline-tables-only ${CXXFLAGS:-}" \
  -DCMAKE_EXE_LINKER_FLAGS="${LDFLAGS:-} -Wl,--disable-new-dtags" -DCMAKE_BUILD_RPATH='$ORIGIN/lib' \
  -DASSAY_FUZZ_ENGINE="$LIB_FUZZING_ENGINE"
cmake --build "$build" --target fuzzers ${JOBS:+-j "$JOBS"}

mkdir -p "$OUT/lib"
for program in "$build"/fuzz/*_fuzz; do
  name=$(basename "$program" _fuzz)
  cp "$program" "$OUT/"
  # All but the C library's own, which every machine has, and the loader.
  ldd "$program" | awk '$2 == "=>" && $3 ~ "^/" {print $3}' |
    grep -Ev '/(lib(c|m|dl|rt|resolv|pthread)\.so|ld-)' | xargs -r cp -u -L -t "$OUT/lib"
  [[ ! -f $source/fuzz/$name.dict ]] || cp "$source/fuzz/$name.dict" "$OUT/${name}_fuzz.dict"
  seeds=$source/fuzz/corpus/$name
  [[ ! -d $seeds ]] || (cd "$seeds" && zip -q -r -X "$OUT/${name}_fuzz_seed_corpus.zip" .)
done
