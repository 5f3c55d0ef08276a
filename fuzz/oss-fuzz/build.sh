#!/bin/bash -eu
# Builds every fuzz target for OSS-Fuzz and ClusterFuzzLite, with the compiler, the flags and the
# engine that these choose, and packs dictionaries and seed corpora beside them.
: "${CC:?}" "${CXX:?}" "${LIB_FUZZING_ENGINE:?}" "${OUT:?}"
source=$(cd "$(dirname "$0")/../.." && pwd)
build=${WORK:-/tmp}/assay-fuzz

cmake -S "$source" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=None \
  -DCMAKE_CXX_COMPILER="$CXX" -DCMAKE_CXX_FLAGS="${CXXFLAGS:-} -O1 -g" \
  -DASSAY_FUZZ_ENGINE="$LIB_FUZZING_ENGINE"
cmake --build "$build" --target fuzzers ${JOBS:+-j "$JOBS"}

for program in "$build"/fuzz/*_fuzz; do
  name=$(basename "$program" _fuzz)
  cp "$program" "$OUT/"
  [[ ! -f $source/fuzz/$name.dict ]] || cp "$source/fuzz/$name.dict" "$OUT/${name}_fuzz.dict"
  seeds=$source/fuzz/corpus/$name
  [[ ! -d $seeds ]] || (cd "$seeds" && zip -q -r -X "$OUT/${name}_fuzz_seed_corpus.zip" .)
done
