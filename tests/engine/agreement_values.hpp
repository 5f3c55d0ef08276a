// What the engines are asked about values: random accepted programs on records made for
// them, and each operation on a grid of operands.
#pragma once

#include <cstdint>

#include "engine/agreement.hpp"

namespace assay::agreement {

inline constexpr std::size_t records_of_a_program = 24;

// Programs first to end - 1 of the random campaign. Records are such that the running kernel
// can be asked when it is one of the engines; else they have any arch and byte order.
void run_random_programs(Tester& tester, std::uint64_t first, std::uint64_t end);

// A op X and A op K, for each arithmetic operation and comparison, on all pairs of boundary
// constants (as far as K may have them).
void run_operand_grid(Tester& tester);

// All accepted programs among those of three instructions, one in `step`.
void run_three_instructions(Tester& tester, std::uint64_t step);

}  // namespace assay::agreement
