#include "symbolic/backward.hpp"

#include <algorithm>

#include "symbolic/liveness.hpp"

namespace assay::symbolic {

using bpf::Instruction;
using bpf::Opcode;
using bpf::Operand;
using bpf::Operation;
using verify::Program;

namespace {

// Longer programs are mostly one region (region.hpp), which takes less forward.
constexpr std::size_t most_instructions = 512;

// A as (word & mask) | fixed. Without a live word, or without a mask, just `fixed`.
struct Held {
  std::uint8_t word = 0;
  std::uint32_t mask = 0;
  std::uint32_t fixed = 0;
  friend bool operator==(const Held&, const Held&) = default;
};

struct State {
  Held a;
  ValueEdge meaning;
};

class Reading {
 public:
  Reading(ValueDiagram& values, Diagram& diagram,
          const std::array<Word, seccomp::data_words>& inputs, const Program& program,
          const ValueDiagram::Map& kept)
      : values_(values),
        diagram_(diagram),
        inputs_(inputs),
        program_(program),
        kept_(kept),
        live_(live_before(program)),
        states_(program.size()) {}

  std::optional<ValueEdge> run() {
    add(0, {});
    for (std::size_t pc = 0; pc < program_.size(); ++pc)
      for (std::size_t i = 0; i < states_[pc].size(); ++i)
        if (!go_on(pc, states_[pc][i].a)) return std::nullopt;
    for (std::size_t pc = program_.size(); pc-- > 0 && !diagram_.exhausted();)
      for (State& state : states_[pc]) state.meaning = meaning(pc, state.a);
    return states_[0][0].meaning;
  }

 private:
  // Where paths disagree about A, and it is read, there are several states of one instruction.
  std::size_t most_states() const { return 2 * program_.size(); }

  Held seen(std::size_t pc, const Held& a) const {
    return (live_[pc] >> register_a & 1) != 0 ? a : Held{};
  }

  void add(std::size_t pc, const Held& a) {
    const Held here = seen(pc, a);
    std::vector<State>& states = states_[pc];
    const auto same = [&](const State& state) { return state.a == here; };
    if (std::any_of(states.begin(), states.end(), same)) return;
    states.push_back({here, {}});
    ++count_;
  }

  bool go_on(std::size_t pc, const Held& a) {
    const Instruction& insn = program_[pc];
    const Opcode& opcode = program_.opcode(pc);
    if (opcode.operation == Operation::Ret) return opcode.operand == Operand::Immediate;
    if (opcode.operation == Operation::Ja) {
      add(pc + 1 + insn.k, a);
    } else if (bpf::is_branch(opcode.operation)) {
      if (opcode.operand != Operand::Immediate) return false;
      add(pc + 1 + insn.jt, a);
      add(pc + 1 + insn.jf, a);
    } else {
      const auto next = after(insn, opcode, a);
      if (!next) return false;
      add(pc + 1, *next);
    }
    return count_ <= most_states();
  }

  static std::optional<Held> after(const Instruction& insn, const Opcode& opcode, const Held& a) {
    switch (opcode.operation) {
      case Operation::Ld:
        if (opcode.operand == Operand::Word)
          return Held{static_cast<std::uint8_t>(insn.k / 4), 0xffffffff, 0};
        if (opcode.operand == Operand::Immediate) return Held{0, 0, insn.k};
        return std::nullopt;
      case Operation::And:
        if (opcode.operand != Operand::Immediate) return std::nullopt;
        return Held{a.word, a.mask & insn.k, a.fixed & insn.k};
      case Operation::Or:
        if (opcode.operand != Operand::Immediate) return std::nullopt;
        return Held{a.word, a.mask & ~insn.k, a.fixed | insn.k};
      default: return std::nullopt;
    }
  }

  ValueEdge meaning_at(std::size_t pc, const Held& a) const {
    const Held here = seen(pc, a);
    for (const State& state : states_[pc])
      if (state.a == here) return state.meaning;
    return {};
  }

  ValueEdge meaning(std::size_t pc, const Held& a) {
    const Instruction& insn = program_[pc];
    const Opcode& opcode = program_.opcode(pc);
    if (opcode.operation == Operation::Ret) return values_.leaf(kept_(insn.k));
    if (opcode.operation == Operation::Ja) return meaning_at(pc + 1 + insn.k, a);
    if (!bpf::is_branch(opcode.operation)) return meaning_at(pc + 1, *after(insn, opcode, a));
    const ValueEdge then = meaning_at(pc + 1 + insn.jt, a);
    const ValueEdge otherwise = meaning_at(pc + 1 + insn.jf, a);
    if (then == otherwise) return then;
    const Word word = word_of(a);
    if (const auto links = compare_chain(diagram_, opcode.operation, word, insn.k))
      return values_.choice(links->chain(), then, otherwise);
    return values_.choice(compare(diagram_, opcode.operation, word, Word::constant(insn.k)), then,
                          otherwise);
  }

  Word word_of(const Held& a) const {
    Word word = inputs_[a.word];
    for (std::size_t bit = 0; bit < 32; ++bit)
      if ((a.mask >> bit & 1) == 0) word.bits[bit] = (a.fixed >> bit & 1) != 0 ? yes : no;
    return word;
  }

  ValueDiagram& values_;
  Diagram& diagram_;
  const std::array<Word, seccomp::data_words>& inputs_;
  const Program& program_;
  const ValueDiagram::Map& kept_;
  std::vector<Registers> live_;
  std::vector<std::vector<State>> states_;
  std::size_t count_ = 0;
};

}  // namespace

std::optional<ValueEdge> backward(ValueDiagram& values, Diagram& diagram,
                                  const std::array<Word, seccomp::data_words>& inputs,
                                  const Program& program, const ValueDiagram::Map& kept) {
  if (program.size() > most_instructions) return std::nullopt;
  return Reading(values, diagram, inputs, program, kept).run();
}

}  // namespace assay::symbolic
