// Filters that tests of this room ask about, and what must hold of an answer.
#pragma once

#include <initializer_list>
#include <vector>

#include "assay/engine/filter_stack.hpp"
#include "assay/seccomp/verdict.hpp"
#include "assay/symbolic/question.hpp"
#include "assay/verify/accept.hpp"

namespace assay::smt {

using bpf::Instruction;
using bpf::Operand;
using bpf::Operation;
using verify::Program;

constexpr std::uint32_t allow = seccomp::value_of(seccomp::Action::Allow);
constexpr std::uint32_t refuse = seccomp::value_of(seccomp::Action::Errno, 1);

inline Instruction op(Operation operation, Operand operand, std::uint32_t k = 0,
                      std::uint8_t jt = 0, std::uint8_t jf = 0) {
  return {bpf::code_of(operation, operand), jt, jf, k};
}
inline Instruction load(std::uint32_t word) { return op(Operation::Ld, Operand::Word, 4 * word); }
inline Instruction tax() { return op(Operation::Tax, Operand::None); }
inline Instruction ret(std::uint32_t value) {
  return op(Operation::Ret, Operand::Immediate, value);
}

inline Program program(const std::vector<Instruction>& instructions) {
  return verify::accept(instructions).value();
}

// ALLOW where word 4 times word 6 is word 8: no diagram of a reasonable size has this.
inline Program product() {
  return program({load(4), tax(), load(6), op(Operation::Mul, Operand::X), tax(), load(8),
                  op(Operation::Jeq, Operand::X, 0, 0, 1), ret(allow), ret(refuse)});
}

// RET A of (4 + 6) * 8, the sum as an adder has it or in the two halves of one. Equal, but
// neither diagrams nor Z3 see it in reasonable time.
inline Program product_of_sum() {
  return program({load(4), tax(), load(6), op(Operation::Add, Operand::X), tax(), load(8),
                  op(Operation::Mul, Operand::X), op(Operation::Ret, Operand::A)});
}
inline Program product_of_halves() {
  return program({load(4), tax(), load(6), op(Operation::And, Operand::X),
                  op(Operation::Lsh, Operand::Immediate, 1), op(Operation::St, Operand::Scratch, 0),
                  load(6), op(Operation::Xor, Operand::X), op(Operation::Ldx, Operand::Scratch, 0),
                  op(Operation::Add, Operand::X), tax(), load(8), op(Operation::Mul, Operand::X),
                  op(Operation::Ret, Operand::A)});
}

// What the interpreter says, as Precision has it.
inline std::uint32_t verdict_of(const std::vector<Program>& stack, const seccomp::Words& words,
                                const seccomp::Semantics& semantics,
                                symbolic::Precision precision) {
  const seccomp::Verdict verdict =
      stack.size() == 1 ? seccomp::Verdict{engine::Interpreter(stack[0], semantics).run(words)}
                        : engine::FilterStack(stack, semantics).run(words);
  return precision == symbolic::Precision::Exact ? verdict.value
                                                 : verdict.normalised(semantics).value;
}

}  // namespace assay::smt
