// Which registers an instruction, or one that it leads to, still reads.
#pragma once

#include <cstdint>
#include <vector>

#include "assay/verify/program.hpp"

namespace assay::symbolic {

// A set of registers: bit 0 for A, bit 1 for X, then M[0] to M[15].
using Registers = std::uint32_t;
inline constexpr std::size_t register_a = 0;
inline constexpr std::size_t register_x = 1;
inline constexpr std::size_t register_m = 2;
inline constexpr std::size_t register_count = register_m + bpf::scratch_words;

// [pc] is the set in front of instruction pc.
std::vector<Registers> live_before(const verify::Program& program);

}  // namespace assay::symbolic
