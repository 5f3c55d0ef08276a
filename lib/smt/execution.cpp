#include "smt/execution.hpp"

#include <array>
#include <optional>

namespace assay::smt {

using bpf::Instruction;
using bpf::Opcode;
using bpf::Operand;
using bpf::Operation;
using z3::expr;

namespace {

bool negates(const expr& a, const expr& b) {
  return (a.is_not() && eq(a.arg(0), b)) || (b.is_not() && eq(b.arg(0), a));
}

// The solver would find these too, but not cheaply a thousand branches deep.
expr both(const expr& a, const expr& b) {
  if (a.is_true()) return b;
  return b.is_true() ? a : a && b;
}

expr either(const expr& a, const expr& b) {
  if (a.is_false() || b.is_true()) return b;
  if (b.is_false() || a.is_true() || eq(a, b)) return a;
  if (negates(a, b)) return a.ctx().bool_val(true);
  // The two sides of a branch have met again.
  if (a.is_and() && b.is_and() && eq(a.arg(0), b.arg(0)) && negates(a.arg(1), b.arg(1)))
    return a.arg(0);
  return a || b;
}

expr negation(const expr& a) { return a.is_not() ? a.arg(0) : !a; }

// What a count is taken modulo; a shift of bit vectors by more than 31 gives 0, as these do.
std::uint32_t count_mask(seccomp::ShiftRule shift) {
  switch (shift) {
    case seccomp::ShiftRule::Modulo64ZeroAbove31: return 63;
    case seccomp::ShiftRule::Modulo256ZeroAbove31: return 255;
    case seccomp::ShiftRule::Modulo32: break;
  }
  return 31;
}

struct State {
  expr reached;
  expr a;
  expr x;
  std::vector<expr> m;
};

class Executor {
 public:
  Executor(const std::vector<expr>& inputs, const verify::Program& program,
           seccomp::ShiftRule shift)
      : context_(inputs[0].ctx()),
        inputs_(inputs),
        program_(program),
        shift_(shift),
        states_(program.size()) {
    const expr never = context_.bool_val(false);
    result_.reached.assign(program.size(), never);
    result_.taken = result_.passed = result_.reached;
    const expr zero = number(0);
    states_[0] = State{context_.bool_val(true), zero, zero, {bpf::scratch_words, zero}};
  }

  Execution run() {
    for (pc_ = 0; pc_ < program_.size(); ++pc_) {
      if (!states_[pc_]) continue;
      State state = std::move(*states_[pc_]);
      states_[pc_].reset();
      result_.reached[pc_] = result_.passed[pc_] = state.reached;
      step(state, program_[pc_], program_.opcode(pc_));
    }
    return std::move(result_);
  }

 private:
  expr number(std::uint32_t value) { return context_.bv_val(value, 32); }

  void step(State& state, const Instruction& insn, const Opcode& opcode) {
    switch (opcode.operation) {
      case Operation::Ld: state.a = loaded(state, insn, opcode); break;
      case Operation::Ldx: state.x = loaded(state, insn, opcode); break;
      case Operation::St: state.m[insn.k] = state.a; break;
      case Operation::Stx: state.m[insn.k] = state.x; break;
      case Operation::Tax: state.x = state.a; break;
      case Operation::Txa: state.a = state.x; break;
      case Operation::Ret:
        result_.returns.push_back(
            {state.reached, opcode.operand == Operand::A ? state.a : number(insn.k)});
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

  expr loaded(const State& state, const Instruction& insn, const Opcode& opcode) {
    switch (opcode.operand) {
      case Operand::Word: return inputs_[insn.k / 4];
      case Operand::Scratch: return state.m[insn.k];
      case Operand::Length: return number(seccomp::data_bytes);
      default: return number(insn.k);
    }
  }

  expr operand(const State& state, const Instruction& insn, const Opcode& opcode) {
    return opcode.operand == Operand::X ? state.x : number(insn.k);
  }

  void compute(State& state, const Instruction& insn, const Opcode& opcode) {
    const expr b = operand(state, insn, opcode);
    if (opcode.operation == Operation::Div && opcode.operand == Operand::X) {
      const expr zero = b == number(0);
      result_.returns.push_back({both(state.reached, zero), number(0)});
      result_.passed[pc_] = state.reached = both(state.reached, negation(zero));
    }
    state.a = arithmetic(opcode.operation, state.a, b);
  }

  expr arithmetic(Operation operation, const expr& a, const expr& b) {
    switch (operation) {
      case Operation::Add: return a + b;
      case Operation::Sub: return a - b;
      case Operation::Mul: return a * b;
      case Operation::Div: return udiv(a, b);
      case Operation::Or: return a | b;
      case Operation::And: return a & b;
      case Operation::Xor: return a ^ b;
      case Operation::Lsh: return shl(a, b & number(count_mask(shift_)));
      case Operation::Rsh: return lshr(a, b & number(count_mask(shift_)));
      default: return -a;
    }
  }

  expr comparison(Operation operation, const expr& a, const expr& b) {
    switch (operation) {
      case Operation::Jeq: return a == b;
      case Operation::Jgt: return ugt(a, b);
      case Operation::Jge: return uge(a, b);
      default: return (a & b) != number(0);
    }
  }

  void branch(State& state, const Instruction& insn, const Opcode& opcode) {
    const expr holds = comparison(opcode.operation, state.a, operand(state, insn, opcode));
    const expr reached = state.reached;
    result_.taken[pc_] = both(reached, holds);
    result_.passed[pc_] = both(reached, negation(holds));
    state.reached = result_.taken[pc_];
    go(pc_ + 1 + insn.jt, state);
    state.reached = result_.passed[pc_];
    go(pc_ + 1 + insn.jf, state);
  }

  void go(std::size_t target, const State& from) {
    std::optional<State>& to = states_[target];
    if (!to) {
      to = from;
      return;
    }
    merge(from.reached, from.a, to->a);
    merge(from.reached, from.x, to->x);
    for (std::size_t i = 0; i < to->m.size(); ++i) merge(from.reached, from.m[i], to->m[i]);
    to->reached = either(to->reached, from.reached);
  }

  static void merge(const expr& condition, const expr& then, expr& into) {
    if (!eq(then, into)) into = ite(condition, then, into);
  }

  z3::context& context_;
  const std::vector<expr>& inputs_;
  const verify::Program& program_;
  seccomp::ShiftRule shift_;
  std::vector<std::optional<State>> states_;
  std::size_t pc_ = 0;
  Execution result_;
};

}  // namespace

expr Execution::passing(const verify::Program& program, const symbolic::Place& place) const {
  const std::size_t pc = place.pc;
  if (!place.next) return reached[pc];
  const Instruction& insn = program[pc];
  const Operation operation = program.opcode(pc).operation;
  expr never = reached[pc].ctx().bool_val(false);
  if (operation == Operation::Ret) return never;
  if (bpf::is_branch(operation))
    return either(*place.next == pc + 1 + insn.jt ? taken[pc] : never,
                  *place.next == pc + 1 + insn.jf ? passed[pc] : never);
  const std::size_t next = pc + 1 + (operation == Operation::Ja ? insn.k : 0);
  return *place.next == next ? passed[pc] : never;
}

Execution execute(const std::vector<expr>& inputs, const verify::Program& program,
                  seccomp::ShiftRule shift) {
  return Executor(inputs, program, shift).run();
}

}  // namespace assay::smt
