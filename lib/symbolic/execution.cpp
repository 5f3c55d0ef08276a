#include "symbolic/execution.hpp"

#include <deque>

#include "symbolic/liveness.hpp"
#include "symbolic/region.hpp"
#include "symbolic/word_values.hpp"

namespace assay::symbolic {

using bpf::Instruction;
using bpf::Opcode;
using bpf::Operand;
using bpf::Operation;
using verify::Program;

namespace {

// The inputs for which a register was filled from one source.
struct Origin {
  Sources source;
  Edge where;
  friend bool operator==(const Origin&, const Origin&) = default;
};
using Origins = std::vector<Origin>;

struct Value {
  Word word;
  Sources sources;
  Origins origins = {};  // of several sources; they exclude each other
  friend bool operator==(const Value&, const Value&) = default;
};
// Values are shared: a state names them, and most steps change one.
using ValueId = std::uint32_t;

// More than this many pieces of possible values, and a region is walked step by step.
constexpr std::size_t most_intervals = 8192;

// Instructions executed before one is reached: a function of the input and how many more on
// every path since.
struct Executed {
  ValueEdge base;
  std::uint32_t more = 0;
  friend bool operator==(const Executed&, const Executed&) = default;
};

struct State {
  Edge reached = no;
  std::array<ValueId, register_count> registers{};
  Executed executed;
};

// Of what was computed from one source each.
Sources combined(Sources a, Sources b) {
  if (a == constant_source || a == b) return b;
  return b == constant_source ? a : mixed_source;
}

class Executor {
 public:
  Executor(Diagram& diagram, const std::array<Word, seccomp::data_words>& variables,
           const Program& program, seccomp::ShiftRule shift, const InstructionCounter* counter)
      : diagram_(diagram),
        counter_(counter),
        program_(program),
        shift_(shift),
        live_(live_before(program)),
        regions_(program),
        states_(program.size()),
        values_(std::make_shared<Values>()) {
    add({Word::constant(0), constant_source});
    for (std::size_t i = 0; i < variables.size(); ++i)
      inputs_[i] = add({variables[i], Sources{1} << i});
    states_[0].reached = yes;
    result_.reached.resize(program.size());
    result_.taken.resize(program.size());
    result_.passed.resize(program.size());
    result_.held.resize(program.size());
    result_.values = values_;
  }

  Execution run() {
    for (pc_ = 0; pc_ < program_.size() && !diagram_.exhausted(); ++pc_) {
      const State& state = states_[pc_];
      if (state.reached == no) continue;
      result_.reached[pc_].within = state.reached;
      result_.held[pc_] = held(state);
      if (counter_ != nullptr || !regions_.starts(pc_) || !pass_region(state))
        step(state, program_[pc_], program_.opcode(pc_));
    }
    return std::move(result_);
  }

 private:
  ValueId add(const Value& value) {
    values_->push_back(value);
    return static_cast<ValueId>(values_->size() - 1);
  }
  const Value& value(ValueId id) const { return (*values_)[id]; }
  Held held(const State& state) { return {sources(state, register_a), sources(state, register_x)}; }
  // Those that are feasible here: paths that disagreed where they met may have parted again.
  Sources sources(const State& state, std::size_t at) {
    const Value& held = value(state.registers[at]);
    if (held.origins.empty()) return held.sources;
    Sources result = 0;
    for (const Origin& origin : held.origins)
      if (diagram_.meet(state.reached, origin.where)) result |= origin.source;
    return result;
  }

  Origins origins(const Value& value, Edge within) {
    if (value.origins.empty()) return {{value.sources, within}};
    Origins result;
    for (const Origin& origin : value.origins)
      add(result, {origin.source, diagram_.conjunction(origin.where, within)});
    return result;
  }

  void add(Origins& to, const Origin& origin) {
    if (origin.where == no) return;
    for (Origin& known : to) {
      if (known.source != origin.source) continue;
      known.where = diagram_.disjunction(known.where, origin.where);
      return;
    }
    to.push_back(origin);
  }

  static Value value_of(const Word& word, Origins origins) {
    Value result{word, 0};
    for (const Origin& origin : origins) result.sources |= origin.source;
    if (origins.size() > 1) result.origins = std::move(origins);
    return result;
  }

  Value computed(const Word& word, const Value& a, const Value& b) {
    if (a.origins.empty() && b.origins.empty()) return {word, combined(a.sources, b.sources)};
    Origins result;
    for (const Origin& of_a : origins(a, yes))
      for (const Origin& of_b : origins(b, of_a.where))
        add(result, {combined(of_a.source, of_b.source), of_b.where});
    return value_of(word, std::move(result));
  }

  void step(State state, const Instruction& insn, const Opcode& opcode) {
    auto& registers = state.registers;
    ++state.executed.more;
    switch (opcode.operation) {
      case Operation::Ld: registers[register_a] = loaded(state, insn, opcode); break;
      case Operation::Ldx: registers[register_x] = loaded(state, insn, opcode); break;
      case Operation::St: registers[register_m + insn.k] = registers[register_a]; break;
      case Operation::Stx: registers[register_m + insn.k] = registers[register_x]; break;
      case Operation::Tax: registers[register_x] = registers[register_a]; break;
      case Operation::Txa: registers[register_a] = registers[register_x]; break;
      case Operation::Ret:
        returns(state, state.reached,
                opcode.operand == Operand::A ? value(registers[register_a]).word
                                             : Word::constant(insn.k));
        return;
      case Operation::Ja: go(pc_ + 1 + insn.k, state); return;
      case Operation::Jeq:
      case Operation::Jgt:
      case Operation::Jge:
      case Operation::Jset: branch(state, insn, opcode); return;
      default: compute(state, insn, opcode); break;
    }
    go(pc_ + 1, state);
  }

  ValueId loaded(const State& state, const Instruction& insn, const Opcode& opcode) {
    switch (opcode.operand) {
      case Operand::Word: return inputs_[insn.k / 4];
      case Operand::Scratch: return state.registers[register_m + insn.k];
      case Operand::Length: return add({Word::constant(seccomp::data_bytes), constant_source});
      default: return add({Word::constant(insn.k), constant_source});
    }
  }

  Value operand(const State& state, const Instruction& insn, const Opcode& opcode) const {
    if (opcode.operand == Operand::X) return value(state.registers[register_x]);
    return {Word::constant(insn.k), constant_source};
  }

  void compute(State& state, const Instruction& insn, const Opcode& opcode) {
    const Value a = value(state.registers[register_a]);
    const Value b = operand(state, insn, opcode);
    if (opcode.operation == Operation::Div && opcode.operand == Operand::X) {
      const Edge zero = compare(diagram_, Operation::Jeq, b.word, Word::constant(0));
      returns(state, diagram_.conjunction(state.reached, zero), Word::constant(0));
      state.reached = diagram_.conjunction(state.reached, !zero);
      result_.passed[pc_].within = state.reached;
    }
    if (((live_[pc_ + 1] >> register_a) & 1) == 0) return;
    state.registers[register_a] =
        add(computed(arithmetic(diagram_, opcode.operation, a.word, b.word, shift_), a, b));
  }

  void branch(State& state, const Instruction& insn, const Opcode& opcode) {
    const Diagram::Halves halves = split(state, insn, opcode);
    result_.taken[pc_].within = halves.holds;
    result_.passed[pc_].within = halves.fails;
    state.reached = halves.holds;
    go(pc_ + 1 + insn.jt, state);
    state.reached = halves.fails;
    go(pc_ + 1 + insn.jf, state);
  }

  Diagram::Halves split(const State& state, const Instruction& insn, const Opcode& opcode) {
    const Word& a = value(state.registers[register_a]).word;
    const Value b = operand(state, insn, opcode);
    if (const auto k = b.word.constant())
      if (const auto links = compare_chain(diagram_, opcode.operation, a, *k))
        return diagram_.split(state.reached, links->chain());
    const Edge holds = compare(diagram_, opcode.operation, a, b.word);
    return {diagram_.conjunction(state.reached, holds),
            diagram_.conjunction(state.reached, !holds)};
  }

  // The whole region at once, where A is a plain input word.
  bool pass_region(State state) {
    const Word& a = value(state.registers[register_a]).word;
    if (!is_variable(diagram_, a)) return false;
    auto possible = possible_values(diagram_, state.reached, a, most_intervals);
    if (!possible) return false;
    const Held here = held(state);
    const Regions::Passage passage = regions_.pass(pc_, std::move(*possible));
    for (const Regions::Step& step : passage.steps) {
      result_.reached[step.pc] = {state.reached, &a, step.any};
      result_.held[step.pc] = here;
      if (step.holds) result_.taken[step.pc] = {state.reached, &a, step.holding};
      if (step.fails) result_.passed[step.pc] = {state.reached, &a, step.failing};
    }
    const Edge reached = state.reached;
    for (const Regions::Exit& exit : passage.exits) {
      state.reached = diagram_.conjunction(reached, among(diagram_, a, exit.values.intervals()));
      go(exit.target, state);
    }
    return true;
  }

  void returns(const State& state, Edge condition, const Word& word) {
    if (condition == no) return;
    result_.returns.push_back({pc_, condition, word});
    if (counter_ != nullptr) result_.returns.back().executed = settled(state.executed);
  }

  ValueEdge settled(const Executed& executed) {
    if (executed.more == 0) return executed.base;
    return counter_->counts.mapped(executed.base,
                                   [&](std::uint32_t count) { return count + executed.more; });
  }

  Executed merged(Edge condition, const Executed& then, const Executed& otherwise) {
    if (then == otherwise) return then;
    return {counter_->counts.choice(condition, settled(then), settled(otherwise)), 0};
  }

  void go(std::size_t target, const State& from) {
    if (from.reached == no) return;
    State& to = states_[target];
    if (to.reached == no) {
      to = from;
      return;
    }
    for (std::size_t i = 0; i < register_count; ++i) {
      if (((live_[target] >> i) & 1) == 0 || to.registers[i] == from.registers[i]) continue;
      to.registers[i] = merged(from, to, i);
    }
    if (counter_ != nullptr) to.executed = merged(from.reached, from.executed, to.executed);
    to.reached = diagram_.disjunction(to.reached, from.reached);
  }

  // No input comes both ways.
  ValueId merged(const State& from, const State& to, std::size_t at) {
    const Value& a = value(from.registers[at]);
    const Value& b = value(to.registers[at]);
    if (a == b) return to.registers[at];
    diagram_.count_call(Work::Merge);
    const Word word = choice(diagram_, from.reached, a.word, b.word);
    if (a.sources == b.sources && a.origins.empty() && b.origins.empty())
      return add({word, a.sources});
    Origins all = origins(b, to.reached);
    for (const Origin& origin : origins(a, from.reached)) add(all, origin);
    return add(value_of(word, std::move(all)));
  }

  Diagram& diagram_;
  const InstructionCounter* counter_;
  const Program& program_;
  seccomp::ShiftRule shift_;
  std::vector<Registers> live_;
  Regions regions_;
  std::vector<State> states_;
  using Values = std::deque<Value>;
  std::shared_ptr<Values> values_;
  std::array<ValueId, seccomp::data_words> inputs_{};
  std::size_t pc_ = 0;
  Execution result_;
};

}  // namespace

Edge Reach::inputs(Diagram& diagram) const {
  if (a == nullptr) return within;
  const Edge equal = compare(diagram, Operation::Jeq, *a, Word::constant(value));
  return diagram.conjunction(within, equal);
}

Execution execute(Diagram& diagram, const std::array<Word, seccomp::data_words>& variables,
                  const Program& program, seccomp::ShiftRule shift,
                  const InstructionCounter* counter) {
  return Executor(diagram, variables, program, shift, counter).run();
}

}  // namespace assay::symbolic
