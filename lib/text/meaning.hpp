// What the accumulator stands for at each instruction, as far as names need to know: one
// forward pass, since jumps only go forward.
//
// Known is whether A holds nr, holds arch, or anything else, also by way of X and M[]; and
// the architecture when `jeq` on arch leaves exactly one on every path. Works on any
// instructions, rejected filters too: jumps that leave the program lead nowhere.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "assay/bpf/instruction.hpp"

namespace assay::text {

enum class Content : std::uint8_t { Other, Nr, Arch };

struct Meaning {
  Content accumulator = Content::Other;
  std::optional<std::uint32_t> arch;  // the only seccomp_data.arch that comes here
  bool reached = false;
};

// `arch`: known from the start.
std::vector<Meaning> find_meanings(std::span<const bpf::Instruction> instructions,
                                   std::optional<std::uint32_t> arch);

}  // namespace assay::text
