// The same, on every small program, and on a million pairs of a random one and an input.
#include <gtest/gtest.h>

#include <iostream>

#include "engine/agreement.hpp"
#include "symbolic/proof_programs.hpp"

namespace assay::symbolic::test {
namespace {

void expect_small(Letters letters, std::size_t instructions) {
  Tally tally;
  prove_small_programs(tally, letters, instructions, agreement::slowdown());
  std::cout << tally;
  EXPECT_LE(tally.not_decided * 1'000, tally.programs);
}

TEST(SlowProofs, OfTwoInstructions) { expect_small(Letters::Many, 2); }

TEST(SlowProofs, OfThreeInstructions) { expect_small(Letters::Few, 3); }

TEST(SlowProofs, OfRandomPrograms) {
  Tally tally;
  prove_random_programs(tally, 1'000, 1'000 + 6'500 / agreement::slowdown());
  std::cout << tally;
  EXPECT_GE(tally.pairs, 1'000'000 / agreement::slowdown());
  EXPECT_LE(tally.not_decided * 30, tally.programs);
}

TEST(SlowProofs, OfRandomStacks) {
  Tally tally;
  prove_random_stacks(tally, 150, 150 + 2'000 / agreement::slowdown());
  std::cout << tally;
  EXPECT_LE(tally.not_decided * 10, tally.programs);
}

}  // namespace
}  // namespace assay::symbolic::test
