#include "assay/engine/interpreter.hpp"

#include <utility>

namespace assay::engine {

using enum bpf::Operation;
using enum bpf::Operand;

namespace {

consteval std::uint16_t on(bpf::Operation operation, bpf::Operand operand) {
  return bpf::code_of(operation, operand);
}

// Marks the code of an equality test whose other side is the one that falls through.
constexpr std::uint16_t unless = 0x100;

constexpr bool is_equality(bpf::Operation operation) {
  return operation == Jeq || operation == Jset;
}

// Who is told of each step; the first costs nothing.
struct Nobody {
  static constexpr bool watching = false;
};

struct Counter {
  static constexpr bool watching = true;
  std::uint32_t instructions = 0;
  void operator()(const State&) { ++instructions; }
};

struct Forward {
  static constexpr bool watching = true;
  Observer& observer;
  void operator()(const State& state) const { observer.on_instruction(state); }
};

std::uint32_t shift_left(std::uint32_t a, std::uint32_t count) {
  return count < 32 ? a << count : 0;
}

std::uint32_t shift_right(std::uint32_t a, std::uint32_t count) {
  return count < 32 ? a >> count : 0;
}

}  // namespace

Interpreter::Step Interpreter::decode(const bpf::Instruction& insn) {
  const bpf::Opcode& opcode = *bpf::find_opcode(insn.code);
  Step step{insn.code, 0, 0, 0, insn.k};
  if (opcode.operand == Word) step.k /= 4;
  if (opcode.operand == Length) step.k = seccomp::data_bytes;
  if (!bpf::is_branch(opcode.operation)) return step;

  step.next = static_cast<std::uint16_t>(insn.jt + 1);
  step.other = static_cast<std::uint16_t>(insn.jf + 1);
  if (opcode.operand == X) return step;
  step.links = 1;
  if (is_equality(opcode.operation) && insn.jt == 0) {
    step.kind |= unless;
    std::swap(step.next, step.other);
  }
  return step;
}

Interpreter::Interpreter(const verify::Program& program, const seccomp::Semantics& semantics)
    : shift_(semantics.shift) {
  steps_.reserve(program.size());
  for (const bpf::Instruction& insn : program.instructions()) steps_.push_back(decode(insn));
  for (std::size_t pc = steps_.size() - 1; pc-- > 0;) {
    const Step& behind = steps_[pc + 1];
    if (steps_[pc].links == 1 && steps_[pc].kind == behind.kind && steps_[pc].other == 1)
      steps_[pc].links = static_cast<std::uint16_t>(behind.links + 1);
  }
}

// The one loop. It checks nothing that a Program guarantees.
template <class Watch>
std::uint32_t Interpreter::execute(const seccomp::Words& words, Watch& watch) const {
  const Step* const first = steps_.data();
  const Step* step = first;
  std::uint32_t a = 0;
  std::uint32_t x = 0;
  ScratchMemory m{};

  const auto tell = [&](const Step* at) {
    if constexpr (Watch::watching) watch({static_cast<std::size_t>(at - first), a, x, m});
  };
  // Along a chain to the first link whose condition holds for its k, or to its last.
  const auto walk = [&](auto holds) {
    const Step* const last = step + step->links - 1;
    if constexpr (!Watch::watching) {
      while (last - step >= 4 &&
             !(holds(step[0].k) || holds(step[1].k) || holds(step[2].k) || holds(step[3].k)))
        step += 4;
    }
    for (;; ++step) {
      tell(step);
      if (holds(step->k)) return step + step->next;
      if (step == last) return step + step->other;
    }
  };
  // Down a tree of the same test of order. Its outcome is even, so that guessing it costs
  // more than waiting: the mask keeps compilers from making a jump of it.
  const auto descend = [&](auto holds) {
    const std::uint16_t kind = step->kind;
    do {
      tell(step);
      const unsigned mask = 0u - static_cast<unsigned>(holds(step->k));
      step += step->other ^ ((step->next ^ step->other) & mask);
    } while (step->kind == kind);
    return step;
  };
  const auto branch = [&](bool holds) { return step + (holds ? step->next : step->other); };

  for (;;) {
    if (step->links == 0) tell(step);
    const std::uint32_t k = step->k;
    switch (step->kind) {
      case on(Ld, Word): a = words[k]; break;
      case on(Ld, Immediate): a = k; break;
      case on(Ld, Length): a = k; break;
      case on(Ld, Scratch): a = m[k]; break;
      case on(Ldx, Immediate): x = k; break;
      case on(Ldx, Length): x = k; break;
      case on(Ldx, Scratch): x = m[k]; break;
      case on(St, Scratch): m[k] = a; break;
      case on(Stx, Scratch): m[k] = x; break;

      case on(Add, Immediate): a += k; break;
      case on(Add, X): a += x; break;
      case on(Sub, Immediate): a -= k; break;
      case on(Sub, X): a -= x; break;
      case on(Mul, Immediate): a *= k; break;
      case on(Mul, X): a *= x; break;
      case on(Div, Immediate): a /= k; break;
      case on(Div, X):
        if (x == 0) return 0;
        a /= x;
        break;
      case on(Or, Immediate): a |= k; break;
      case on(Or, X): a |= x; break;
      case on(And, Immediate): a &= k; break;
      case on(And, X): a &= x; break;
      case on(Xor, Immediate): a ^= k; break;
      case on(Xor, X): a ^= x; break;
      case on(Lsh, Immediate): a <<= k; break;
      case on(Lsh, X): a = shift_left(a, seccomp::shift_count(shift_, x)); break;
      case on(Rsh, Immediate): a >>= k; break;
      case on(Rsh, X): a = shift_right(a, seccomp::shift_count(shift_, x)); break;
      case on(Neg, None): a = 0 - a; break;
      case on(Tax, None): x = a; break;
      case on(Txa, None): a = x; break;

      case on(Ret, Immediate): return k;
      case on(Ret, A): return a;

      case on(Ja, Immediate): step += k; break;

      case on(Jeq, X): step = branch(a == x); continue;
      case on(Jgt, X): step = branch(a > x); continue;
      case on(Jge, X): step = branch(a >= x); continue;
      case on(Jset, X): step = branch((a & x) != 0); continue;

      case on(Jeq, Immediate): step = walk([a](auto c) { return a == c; }); continue;
      case on(Jeq, Immediate) | unless: step = walk([a](auto c) { return a != c; }); continue;
      case on(Jset, Immediate): step = walk([a](auto c) { return (a & c) != 0; }); continue;
      case on(Jset, Immediate) | unless: step = walk([a](auto c) { return !(a & c); }); continue;
      case on(Jgt, Immediate): step = descend([a](auto c) { return a > c; }); continue;
      case on(Jge, Immediate): step = descend([a](auto c) { return a >= c; }); continue;
    }
    ++step;
  }
}

std::uint32_t Interpreter::run(const seccomp::Words& words) const {
  Nobody nobody;
  return execute(words, nobody);
}

Outcome Interpreter::count(const seccomp::Words& words) const {
  Counter counter;
  const std::uint32_t value = execute(words, counter);
  return {value, counter.instructions};
}

std::uint32_t Interpreter::observe(const seccomp::Words& words, Observer& observer) const {
  Forward forward{observer};
  return execute(words, forward);
}

}  // namespace assay::engine
