// Our instructions in the words of tests/independent, which knows none of our types.
#pragma once

#include <span>
#include <vector>

#include "assay/bpf/instruction.hpp"
#include "independent/independent.hpp"

namespace assay::agreement {

inline std::vector<independent::Insn> translated(std::span<const bpf::Instruction> program) {
  std::vector<independent::Insn> result;
  result.reserve(program.size());
  for (const bpf::Instruction& insn : program)
    result.push_back({insn.code, insn.jt, insn.jf, insn.k});
  return result;
}

}  // namespace assay::agreement
