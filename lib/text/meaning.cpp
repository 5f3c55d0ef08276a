#include "text/meaning.hpp"

#include <array>

#include "assay/bpf/opcode.hpp"

namespace assay::text {
namespace {

using bpf::Instruction;
using bpf::Opcode;
using bpf::Operand;
using bpf::Operation;

constexpr std::uint32_t nr_offset = 0;
constexpr std::uint32_t arch_offset = 4;

struct State {
  bool reached = false;
  Content a = Content::Other;
  Content x = Content::Other;
  std::array<Content, bpf::scratch_words> scratch{};
  std::optional<std::uint32_t> arch;
};

void join(Content& into, Content from) {
  if (into != from) into = Content::Other;
}

void join(State& into, const State& from) {
  if (!from.reached) return;
  if (!into.reached) {
    into = from;
    return;
  }
  join(into.a, from.a);
  join(into.x, from.x);
  for (std::size_t i = 0; i < into.scratch.size(); ++i) join(into.scratch[i], from.scratch[i]);
  if (into.arch != from.arch) into.arch.reset();
}

Content loaded(const Opcode& row, const Instruction& insn, const State& state) {
  if (row.operand == Operand::Scratch && insn.k < state.scratch.size())
    return state.scratch[insn.k];
  if (row.operand == Operand::Word && insn.k == nr_offset) return Content::Nr;
  if (row.operand == Operand::Word && insn.k == arch_offset) return Content::Arch;
  return Content::Other;
}

void step(const Opcode& row, const Instruction& insn, State& state) {
  switch (row.operation) {
    case Operation::Ld: state.a = loaded(row, insn, state); break;
    case Operation::Ldx: state.x = loaded(row, insn, state); break;
    case Operation::St:
      if (insn.k < state.scratch.size()) state.scratch[insn.k] = state.a;
      break;
    case Operation::Stx:
      if (insn.k < state.scratch.size()) state.scratch[insn.k] = state.x;
      break;
    case Operation::Tax: state.x = state.a; break;
    case Operation::Txa: state.a = state.x; break;
    default:
      if (bpf::is_arithmetic(row.operation)) state.a = Content::Other;
  }
}

// The states behind the two sides of a branch; an impossible side is not reached.
struct Sides {
  State if_true;
  State if_false;
};

Sides split(const Opcode& row, const Instruction& insn, const State& state) {
  Sides sides{state, state};
  if (row.operation != Operation::Jeq || row.operand != Operand::Immediate ||
      state.a != Content::Arch)
    return sides;
  sides.if_true.arch = insn.k;
  if (state.arch) (*state.arch == insn.k ? sides.if_false : sides.if_true).reached = false;
  return sides;
}

}  // namespace

std::vector<Meaning> find_meanings(std::span<const Instruction> instructions,
                                   std::optional<std::uint32_t> arch) {
  std::vector<Meaning> meanings(instructions.size());
  std::vector<State> states(instructions.size());
  if (!states.empty()) {
    states[0].reached = true;
    states[0].arch = arch;
  }
  const auto flow = [&](std::uint64_t to, const State& state) {
    if (to < states.size()) join(states[to], state);
  };
  for (std::size_t pc = 0; pc < instructions.size(); ++pc) {
    State& state = states[pc];
    meanings[pc] = {state.a, state.arch, state.reached};
    const Instruction& insn = instructions[pc];
    const Opcode* row = bpf::find_opcode(insn.code);
    if (!state.reached || row == nullptr || row->operation == Operation::Ret) continue;
    const std::uint64_t next = pc + 1;
    if (row->operation == Operation::Ja) {
      flow(next + insn.k, state);
    } else if (bpf::is_branch(row->operation)) {
      const Sides sides = split(*row, insn, state);
      flow(next + insn.jt, sides.if_true);
      flow(next + insn.jf, sides.if_false);
    } else {
      step(*row, insn, state);
      flow(next, state);
    }
  }
  return meanings;
}

}  // namespace assay::text
