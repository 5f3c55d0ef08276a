// Programs in the making: instructions drawn one after the other, each with operands that
// the rules for a single instruction allow. Left open is the pass over M[], which about half
// of the drafts with loads of M[] fail; repaired() settles that.
#pragma once

#include <vector>

#include "assay/bpf/opcode.hpp"
#include "assay/sample/program.hpp"

namespace assay::sample {

class Draft {
 public:
  Draft(Random& random, std::size_t length);
  Instructions take() { return std::move(program_); }

 private:
  const bpf::Opcode& opcode(std::size_t pc);
  bpf::Instruction instruction(const bpf::Opcode& opcode, std::size_t pc);
  bpf::Instruction last();
  std::uint32_t k(const bpf::Opcode& opcode, std::size_t left);
  std::uint32_t constant();
  std::uint32_t return_value();
  std::uint32_t distance(std::size_t left, std::uint32_t furthest);

  Random& random_;
  bool about_scratch_;  // mostly M[], jumps and returns
  Instructions program_;
  std::vector<std::uint32_t> constants_;  // drawn so far, to come back
};

}  // namespace assay::sample
