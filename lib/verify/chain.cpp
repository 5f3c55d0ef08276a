#include "assay/verify/chain.hpp"

#include "assay/bpf/opcode.hpp"

namespace assay::verify {

using bpf::Instruction;
using bpf::Opcode;
using bpf::Operand;
using bpf::Operation;

namespace {

constexpr std::uint32_t prologue = 3;  // clear A and X, keep the context
constexpr std::uint32_t blinded = 3;   // load a scrambled constant, unscramble it, use it

struct Converted {
  std::uint32_t length;
  std::uint32_t immediates;  // of these, how many hold a constant
};

// eBPF jumps on one side only, and its immediates are signed. A branch whose false side
// falls through stays one instruction, one whose true side does is inverted where the
// opposite comparison exists, and otherwise a jump is added. A constant with bit 31 set
// moves to a register first.
Converted convert_branch(const Opcode& opcode, const Instruction& insn) {
  const bool invertible = opcode.operation != Operation::Jset;
  const bool one = insn.jf == 0 || (insn.jt == 0 && invertible);
  const bool constant = opcode.operand == Operand::Immediate;
  const bool moved = constant && (insn.k >> 31) != 0;
  return {(one ? 1U : 2U) + (moved ? 1U : 0U), constant ? 1U : 0U};
}

// Blinding turns a move of zero into the one-instruction A ^ A.
bool moves_zero(const Opcode& opcode, const Instruction& insn) {
  const bool moves = opcode.operation == Operation::Ld || opcode.operation == Operation::Ldx ||
                     opcode.operation == Operation::Ret;
  return moves && opcode.operand == Operand::Immediate && insn.k == 0;
}

Converted convert(const Opcode& opcode, const Instruction& insn) {
  if (bpf::is_branch(opcode.operation)) return convert_branch(opcode, insn);
  if (moves_zero(opcode, insn)) return {opcode.converted, 0};
  return {opcode.converted, opcode.immediates};
}

}  // namespace

std::uint32_t chain_cost(const Program& program, Blinding blinding,
                         const seccomp::Semantics& semantics) {
  if (!semantics.converted_chain) return static_cast<std::uint32_t>(program.size());
  std::uint32_t total = prologue;
  for (std::size_t pc = 0; pc < program.size(); ++pc) {
    const Converted converted = convert(program.opcode(pc), program[pc]);
    total += converted.length;
    if (blinding == Blinding::On) total += converted.immediates * (blinded - 1);
  }
  return total;
}

bool fits(std::uint32_t added, std::span<const std::uint32_t> attached) {
  return times_it_fits(added, attached) != 0;
}

std::uint32_t times_it_fits(std::uint32_t added, std::span<const std::uint32_t> attached) {
  std::uint64_t used = 0;
  for (const std::uint32_t cost : attached) used += std::uint64_t{cost} + chain_penalty;
  if (used + added > chain_limit) return 0;
  return static_cast<std::uint32_t>((chain_limit - used - added) / (added + chain_penalty) + 1);
}

}  // namespace assay::verify
