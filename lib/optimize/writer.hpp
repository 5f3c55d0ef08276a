// Writes a filter from its last instruction to its first: every jump goes forward, so that its
// target is always there already and its distance known.
//
// A branch reaches 255 instructions. What is further is reached by a copy where it is a RET, else
// through a JA.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "assay/bpf/instruction.hpp"
#include "assay/bpf/opcode.hpp"

namespace assay::optimize {

class Writer {
 public:
  // An instruction, counted from the end.
  using Position = std::size_t;

  // What follows everything that is written from now on. Not empty.
  void append(std::span<const bpf::Instruction> instructions);

  Position ret(std::uint32_t value);
  // A = word, A &= mask; then `next`.
  Position load(std::uint32_t word, Position next);
  Position mask(std::uint32_t mask, Position next);
  Position branch(bpf::Operation comparison, std::uint32_t k, Position holds, Position fails);

  std::size_t size() const { return reversed_.size(); }
  std::vector<bpf::Instruction> instructions() const {
    return {reversed_.rbegin(), reversed_.rend()};
  }

 private:
  Position put(const bpf::Instruction& insn);
  std::size_t distance(Position target) const { return reversed_.size() - 1 - target; }
  Position nearer(Position target);
  void fall_through_to(Position next);

  std::vector<bpf::Instruction> reversed_;
};

}  // namespace assay::optimize
