// A Program is a filter that Linux accepts. Holding one proves that
//   - it has 1 to 4096 instructions, all of opcodes that seccomp allows,
//   - every jump goes forward and stays inside, and the last instruction returns,
//   - constants are in range: divisors not 0, shifts below 32, M[] below 16,
//     input offsets below 64 and aligned to 4,
//   - it passes the kernel's own test for loads of M[] before a store.
// verify::accept() is the only maker. Engines rely on all this and check none of it.
// Immutable; a copy shares the instructions, and threads may share a Program.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "assay/bpf/instruction.hpp"
#include "assay/bpf/opcode.hpp"

namespace assay::verify {

class Program {
 public:
  // Byte for byte what was accepted, junk in unused fields included.
  std::span<const bpf::Instruction> instructions() const { return *instructions_; }
  std::size_t size() const { return instructions_->size(); }
  const bpf::Instruction& operator[](std::size_t pc) const { return (*instructions_)[pc]; }
  const bpf::Opcode& opcode(std::size_t pc) const { return *bpf::find_opcode((*this)[pc].code); }

  friend bool operator==(const Program& a, const Program& b) {
    return *a.instructions_ == *b.instructions_;
  }

 private:
  friend class Acceptance;  // lib/verify/accept.cpp
  explicit Program(std::span<const bpf::Instruction> accepted)
      : instructions_(std::make_shared<const std::vector<bpf::Instruction>>(accepted.begin(),
                                                                            accepted.end())) {}
  std::shared_ptr<const std::vector<bpf::Instruction>> instructions_;
};

}  // namespace assay::verify
