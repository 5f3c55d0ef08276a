// repaired(): each field is taken into the range that its rule allows, and a load from a
// cell of M[] that the kernel's pass does not see stored takes a stored cell instead, or
// where there is none becomes the load of a constant.
#include <array>
#include <cassert>

#include "assay/bpf/opcode.hpp"
#include "assay/sample/program.hpp"
#include "assay/seccomp/seccomp_data.hpp"
#include "assay/seccomp/verdict.hpp"
#include "assay/verify/accept.hpp"

namespace assay::sample {

using bpf::Instruction;
using bpf::KRule;
using bpf::Opcode;
using bpf::Operand;
using bpf::Operation;

namespace {

constexpr std::size_t accepted_codes = [] {
  std::size_t count = 0;
  for (const Opcode& row : bpf::opcodes) count += row.seccomp ? 1 : 0;
  return count;
}();

constexpr auto accepted_rows = [] {
  std::array<Opcode, accepted_codes> rows{};
  std::size_t next = 0;
  for (const Opcode& row : bpf::opcodes)
    if (row.seccomp) rows[next++] = row;
  return rows;
}();

const Opcode& repair_code(Instruction& insn) {
  const Opcode* opcode = bpf::find_opcode(insn.code);
  if (opcode != nullptr && opcode->seccomp) return *opcode;
  const Opcode& other = accepted_rows[insn.code % accepted_codes];
  insn.code = other.code;
  return other;
}

std::uint32_t repair_k(const Opcode& opcode, std::uint32_t k, std::uint32_t left) {
  switch (opcode.rule) {
    case KRule::Any: return k;
    case KRule::NonZero: return k == 0 ? 1 : k;
    case KRule::ShiftCount: return k % 32;
    case KRule::ScratchIndex: return k % bpf::scratch_words;
    case KRule::Offset: return k % seccomp::data_bytes / 4 * 4;
    case KRule::Target: return k % left;
  }
  return k;
}

void repair_fields(Instruction& insn, std::uint32_t left) {
  const Opcode& opcode = repair_code(insn);
  if (opcode.rule != KRule::Target || left != 0) insn.k = repair_k(opcode, insn.k, left);
  if (bpf::uses_jumps(opcode) && left != 0) {
    insn.jt = static_cast<std::uint8_t>(insn.jt % left);
    insn.jf = static_cast<std::uint8_t>(insn.jf % left);
  }
}

// A load of M[] that is refused, made one that is not.
void repair_load(Instruction& insn, const Opcode& opcode, std::uint32_t stored) {
  if ((stored >> insn.k & 1U) != 0) return;
  if (stored == 0) {
    insn.code = bpf::code_of(opcode.operation, Operand::Immediate);
    return;
  }
  do insn.k = (insn.k + 1) % bpf::scratch_words;
  while ((stored >> insn.k & 1U) == 0);
}

// The kernel's pass as verify/accept.cpp has it.
void repair_scratch(Instructions& program) {
  constexpr std::uint32_t all = 0xffff;
  std::vector<std::uint32_t> arriving(program.size(), all);
  std::uint32_t stored = 0;
  for (std::size_t pc = 0; pc < program.size(); ++pc) {
    Instruction& insn = program[pc];
    const Opcode& opcode = *bpf::find_opcode(insn.code);
    stored &= arriving[pc];
    if (opcode.operation == Operation::St || opcode.operation == Operation::Stx) {
      stored |= 1U << insn.k;
    } else if (opcode.operand == Operand::Scratch) {
      repair_load(insn, opcode, stored);
    } else if (bpf::is_jump(opcode.operation)) {
      const bool branch = bpf::is_branch(opcode.operation);
      arriving[pc + 1 + (branch ? insn.jt : insn.k)] &= stored;
      arriving[pc + 1 + (branch ? insn.jf : insn.k)] &= stored;
      stored = all;
    }
  }
}

}  // namespace

verify::Program repaired(std::span<const Instruction> instructions) {
  const std::size_t length = std::min(instructions.size(), bpf::max_instructions);
  Instructions program(instructions.begin(), instructions.begin() + std::ptrdiff_t(length));
  const std::uint16_t return_k = bpf::code_of(Operation::Ret, Operand::Immediate);
  if (program.empty()) program.push_back({return_k, 0, 0, value_of(seccomp::Action::Allow)});
  for (std::size_t pc = 0; pc < program.size(); ++pc)
    repair_fields(program[pc], static_cast<std::uint32_t>(program.size() - pc - 1));
  Instruction& last = program.back();
  if (bpf::find_opcode(last.code)->operation != Operation::Ret) last.code = return_k;
  repair_scratch(program);
  auto accepted = verify::accept(program);
  assert(accepted.has_value());
  return *std::move(accepted);
}

}  // namespace assay::sample
