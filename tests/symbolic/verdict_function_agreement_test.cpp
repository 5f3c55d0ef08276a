// What is proven holds on every input that is tried.
#include <gtest/gtest.h>

#include <iostream>

#include "engine/agreement.hpp"
#include "symbolic/proof_programs.hpp"

namespace assay::symbolic::test {
namespace {

TEST(Proofs, OfSmallPrograms) {
  Tally tally;
  prove_small_programs(tally, Letters::Many, 1, 1);
  prove_small_programs(tally, Letters::Many, 2, 7 * agreement::slowdown());
  prove_small_programs(tally, Letters::Few, 3, 31 * agreement::slowdown());
  std::cout << tally;
  EXPECT_LE(tally.not_decided * 1'000, tally.programs);
}

TEST(Proofs, OfRandomPrograms) {
  Tally tally;
  prove_random_programs(tally, 0, 500 / agreement::slowdown());
  std::cout << tally;
  EXPECT_LE(tally.not_decided * 30, tally.programs);
}

TEST(Proofs, OfRandomStacks) {
  Tally tally;
  prove_random_stacks(tally, 0, 150 / agreement::slowdown());
  std::cout << tally;
  EXPECT_LE(tally.not_decided * 10, tally.programs);
}

}  // namespace
}  // namespace assay::symbolic::test
