#include "sample/draft.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "assay/sample/constants.hpp"
#include "assay/seccomp/seccomp_data.hpp"
#include "assay/seccomp/verdict.hpp"

namespace assay::sample {

using bpf::Instruction;
using bpf::Opcode;
using bpf::Operand;
using bpf::Operation;

namespace {

// How often a row of the opcode table is drawn; returns in the middle are rare, so that
// much of a program is executed.
constexpr std::uint32_t weight(const Opcode& opcode) {
  if (!opcode.seccomp) return 0;
  switch (opcode.operation) {
    case Operation::Ld:
      return opcode.operand == Operand::Word ? 24 : opcode.operand == Operand::Scratch ? 10 : 3;
    case Operation::Ldx: return opcode.operand == Operand::Length ? 2 : 8;
    case Operation::St:
    case Operation::Stx: return 7;
    case Operation::Tax: return 10;
    case Operation::Txa: return 5;
    case Operation::Ret:
    case Operation::Neg: return 2;
    case Operation::Ja: return 3;
    default: return bpf::is_jump(opcode.operation) ? 5 : 3;
  }
}

constexpr std::uint32_t scratch_weight(const Opcode& opcode) {
  const bool about = opcode.operand == Operand::Scratch || bpf::is_jump(opcode.operation) ||
                     opcode.operation == Operation::Ret;
  return about ? 6 * weight(opcode) : weight(opcode);
}

using Cumulative = std::array<std::uint32_t, bpf::opcodes.size()>;

constexpr Cumulative add_up(std::uint32_t (*weigh)(const Opcode&)) {
  Cumulative sums{};
  std::uint32_t sum = 0;
  for (std::size_t row = 0; row < bpf::opcodes.size(); ++row)
    sums[row] = sum += weigh(bpf::opcodes[row]);
  return sums;
}

constexpr Cumulative usual = add_up(weight);
constexpr Cumulative scratch = add_up(scratch_weight);

const Opcode& draw(Random& random, const Cumulative& sums) {
  const std::uint32_t at = random.below(sums.back());
  const auto row = std::upper_bound(sums.begin(), sums.end(), at) - sums.begin();
  return bpf::opcodes[static_cast<std::size_t>(row)];
}

const Opcode& row_of(Operation operation, Operand operand) {
  return *bpf::find_opcode(bpf::code_of(operation, operand));
}

}  // namespace

Draft::Draft(Random& random, std::size_t length)
    : random_(random), about_scratch_(random.one_in(4)) {
  program_.resize(length);
  for (std::size_t pc = 0; pc + 1 < length; ++pc) program_[pc] = instruction(opcode(pc), pc);
  if (length != 0) program_.back() = last();
}

// X starts at 0, which is dull to divide by, and A too: a program opens with something.
const Opcode& Draft::opcode(std::size_t pc) {
  if (pc == 0 && random_.one_in(3)) return row_of(Operation::Ldx, Operand::Immediate);
  if (pc <= 1 && random_.one_in(3)) return row_of(Operation::Ld, Operand::Word);
  if (pc == 2 && random_.one_in(3)) return row_of(Operation::Tax, Operand::None);
  return draw(random_, about_scratch_ ? scratch : usual);
}

Instruction Draft::instruction(const Opcode& opcode, std::size_t pc) {
  const std::size_t left = program_.size() - pc - 1;
  Instruction insn{opcode.code, 0, 0, 0};
  const bool junk = random_.one_in(16);
  if (bpf::uses_jumps(opcode)) {
    insn.jt = static_cast<std::uint8_t>(distance(left, 255));
    insn.jf = static_cast<std::uint8_t>(distance(left, 255));
  } else if (junk) {
    insn.jt = static_cast<std::uint8_t>(random_.below(256));
    insn.jf = static_cast<std::uint8_t>(random_.below(256));
  }
  if (bpf::uses_k(opcode)) {
    insn.k = k(opcode, left);
  } else if (junk) {
    insn.k = constant();
  }
  return insn;
}

Instruction Draft::last() {
  const Operand operand = random_.one_in(3) ? Operand::Immediate : Operand::A;
  return instruction(row_of(Operation::Ret, operand), program_.size() - 1);
}

std::uint32_t Draft::k(const Opcode& opcode, std::size_t left) {
  switch (opcode.rule) {
    case bpf::KRule::NonZero: return std::max(constant(), 1U);
    case bpf::KRule::ShiftCount: return random_.below(32);
    case bpf::KRule::ScratchIndex:
      // Few cells, so that loads meet stores.
      return random_.one_in(8) ? random_.below(bpf::scratch_words) : random_.below(3);
    case bpf::KRule::Offset: return 4 * random_.below(seccomp::data_words);
    case bpf::KRule::Target: return distance(left, bpf::max_instructions);
    case bpf::KRule::Any: break;
  }
  return opcode.operation == Operation::Ret ? return_value() : constant();
}

// One that the program has already, or beside it, or a new one.
std::uint32_t Draft::constant() {
  if (!constants_.empty() && random_.one_in(3)) return random_.pick(constants_);
  if (!constants_.empty() && random_.one_in(8)) return near(random_, random_.pick(constants_));
  constants_.push_back(any_constant(random_));
  return constants_.back();
}

std::uint32_t Draft::return_value() {
  if (random_.one_in(4)) return constant();
  const std::uint32_t action = random_.pick(seccomp::actions).value;
  return random_.one_in(2) ? action : action | (any_constant(random_) & seccomp::data_mask);
}

// How many instructions to skip, with `left` behind the jump: mostly few.
std::uint32_t Draft::distance(std::size_t left, std::uint32_t furthest) {
  if (left == 0) return 0;
  const auto end = static_cast<std::uint32_t>(std::min<std::size_t>(left, furthest + 1U));
  if (random_.one_in(3)) return 0;
  return random_.below(random_.one_in(12) ? end : std::min(end, 6U));
}

}  // namespace assay::sample
