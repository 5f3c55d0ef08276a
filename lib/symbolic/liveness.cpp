#include "symbolic/liveness.hpp"

namespace assay::symbolic {

using bpf::Operand;
using bpf::Operation;

namespace {

constexpr Registers a = 1U << register_a;
constexpr Registers x = 1U << register_x;

struct Access {
  Registers read = 0;
  Registers written = 0;
};

Access access(const bpf::Instruction& insn, const bpf::Opcode& opcode) {
  const Registers cell = 1U << (register_m + insn.k % bpf::scratch_words);
  const Registers from = opcode.operand == Operand::Scratch ? cell : 0;
  switch (opcode.operation) {
    case Operation::Ld: return {from, a};
    case Operation::Ldx: return {from, x};
    case Operation::St: return {a, cell};
    case Operation::Stx: return {x, cell};
    case Operation::Tax: return {a, x};
    case Operation::Txa: return {x, a};
    case Operation::Ret: return {opcode.operand == Operand::A ? a : 0, 0};
    case Operation::Ja: return {};
    default: break;
  }
  const Registers read = a | (opcode.operand == Operand::X ? x : 0);
  return {read, bpf::is_branch(opcode.operation) ? 0 : a};
}

}  // namespace

std::vector<Registers> live_before(const verify::Program& program) {
  std::vector<Registers> live(program.size(), 0);
  for (std::size_t pc = program.size(); pc-- > 0;) {
    const bpf::Instruction& insn = program[pc];
    const bpf::Opcode& opcode = program.opcode(pc);
    Registers after = 0;
    if (opcode.operation == Operation::Ja) {
      after = live[pc + 1 + insn.k];
    } else if (bpf::is_branch(opcode.operation)) {
      after = live[pc + 1 + insn.jt] | live[pc + 1 + insn.jf];
    } else if (opcode.operation != Operation::Ret) {
      after = live[pc + 1];
    }
    Access done = access(insn, opcode);
    // What is computed for nobody reads nothing, but for a divisor, which may end the program.
    const bool for_nobody = done.written != 0 && (done.written & after) == 0;
    if (for_nobody) done.read &= opcode.operation == Operation::Div ? x : 0;
    live[pc] = (after & ~done.written) | done.read;
  }
  return live;
}

}  // namespace assay::symbolic
