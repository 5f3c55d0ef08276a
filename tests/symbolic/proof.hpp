// Holds what is proven of a program to what it does on inputs: the verdict function's answers
// to the interpreter's, edges and ends to the paths that are run.
#pragma once

#include <cstdint>
#include <ostream>
#include <span>
#include <vector>

#include "assay/sample/random.hpp"
#include "assay/seccomp/seccomp_data.hpp"
#include "assay/seccomp/semantics.hpp"
#include "assay/symbolic/budget.hpp"
#include "assay/verify/program.hpp"

namespace assay::symbolic::test {

struct Tally {
  std::uint64_t programs = 0;
  std::uint64_t not_decided = 0;  // of them
  std::uint64_t not_exact = 0;    // decided, but not in all 32 bits of RET A
  std::uint64_t pairs = 0;        // of a program and an input
  std::uint64_t infeasible = 0;   // edges
  std::uint64_t feasible = 0;
  std::uint64_t verdicts = 0;  // each shown by an input
};
std::ostream& operator<<(std::ostream& out, const Tally& tally);

// Enough for RET A of a whole word; a product of two words ends soon. Nodes decide, not how
// busy the machine is.
inline constexpr Budget small_budget{std::size_t{1} << 21, std::chrono::minutes(2)};

// Adds expectations of the test that calls it. Inputs besides those given come from the
// function itself: witnesses, their neighbours, and some at random.
void expect_proven(Tally& tally, sample::Random& random, const verify::Program& program,
                   std::span<const seccomp::Words> inputs, const seccomp::Semantics& semantics = {},
                   const Budget& budget = small_budget);

void expect_stack_proven(Tally& tally, sample::Random& random,
                         std::span<const verify::Program> oldest_first,
                         std::span<const seccomp::Words> inputs,
                         const seccomp::Semantics& semantics = {},
                         const Budget& budget = small_budget);

// One word of the input changed: by one, by a bit, or to anything.
seccomp::Words neighbour(sample::Random& random, const seccomp::Words& of);

}  // namespace assay::symbolic::test
