#include "assay/verify/bitmap.hpp"

#include <array>

#include "assay/seccomp/verdict.hpp"

namespace assay::verify {

using enum bpf::Operation;
using enum bpf::Operand;

namespace {

constexpr std::uint32_t nr_offset = 0;
constexpr std::uint32_t arch_offset = 4;

bool holds(bpf::Operation comparison, std::uint32_t a, std::uint32_t k) {
  switch (comparison) {
    case Jeq: return a == k;
    case Jgt: return a > k;
    case Jge: return a >= k;
    default: return (a & k) != 0;
  }
}

}  // namespace

BitmapReason bitmap_answer(const Program& program, std::uint32_t nr, std::uint32_t arch) {
  std::uint32_t a = 0;
  std::size_t pc = 0;
  for (;; ++pc) {
    const bpf::Instruction& insn = program[pc];
    const bpf::Opcode& opcode = program.opcode(pc);
    if (opcode.operation == Ld && opcode.operand == Word) {
      if (insn.k != nr_offset && insn.k != arch_offset) return {BitmapAnswer::ReadsInput, pc};
      a = insn.k == nr_offset ? nr : arch;
    } else if (opcode.operation == Ja) {
      pc += insn.k;
    } else if (bpf::is_branch(opcode.operation) && opcode.operand == Immediate) {
      pc += holds(opcode.operation, a, insn.k) ? insn.jt : insn.jf;
    } else if (opcode.operation == And && opcode.operand == Immediate) {
      a &= insn.k;
    } else if (opcode.operation == Ret) {
      if (opcode.operand == A) return {BitmapAnswer::ReturnsAccumulator, pc};
      const bool allow = insn.k == value_of(seccomp::Action::Allow);
      return {allow ? BitmapAnswer::Constant : BitmapAnswer::NotAllow, pc};
    } else {
      return {BitmapAnswer::UsesOther, pc};
    }
  }
}

std::string_view name(BitmapAnswer answer) {
  constexpr auto names = std::to_array<std::string_view>(
      {"constant", "reads-input", "uses-other", "returns-accumulator", "not-allow"});
  return names[static_cast<std::size_t>(answer)];
}

}  // namespace assay::verify
