// The programs that proofs are tried on: random ones, and all small ones of some alphabets.
#pragma once

#include <cstdint>

#include "assay/sample/enumeration.hpp"
#include "symbolic/proof.hpp"

namespace assay::symbolic::test {

// Random accepted programs first to end - 1, each with records made for it.
void prove_random_programs(Tally& tally, std::uint64_t first, std::uint64_t end);
void prove_random_stacks(Tally& tally, std::uint64_t first, std::uint64_t end);

// Every accepted program of so many instructions over two words of the input, with two ways
// to end; one in `step`. Few: of one letter for each kind of instruction, else of about 80.
enum class Letters : std::uint8_t { Few, Many };
void prove_small_programs(Tally& tally, Letters letters, std::size_t instructions,
                          std::uint64_t step);

}  // namespace assay::symbolic::test
