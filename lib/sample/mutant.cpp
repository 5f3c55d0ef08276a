#include "assay/sample/mutant.hpp"

#include <array>
#include <bit>
#include <cassert>

#include "assay/sample/constants.hpp"
#include "assay/seccomp/seccomp_data.hpp"
#include "assay/seccomp/verdict.hpp"
#include "assay/verify/accept.hpp"

namespace assay::sample {

using bpf::Instruction;
using bpf::Opcode;
using bpf::Operand;
using bpf::Operation;

namespace {

constexpr auto mutations = std::to_array<Mutation>(
    {Mutation::Offset, Mutation::Jump, Mutation::Constant, Mutation::Operator, Mutation::Return});

bool applies(Mutation mutation, const Opcode& opcode) {
  const bool constant = opcode.operand == Operand::Immediate;
  switch (mutation) {
    case Mutation::Offset:
      return opcode.operand == Operand::Word || opcode.operand == Operand::Scratch;
    case Mutation::Jump: return bpf::is_jump(opcode.operation);
    case Mutation::Constant:
      return constant && opcode.operation != Operation::Ja && opcode.operation != Operation::Ret;
    case Mutation::Operator:
      return bpf::is_branch(opcode.operation) ||
             (bpf::is_arithmetic(opcode.operation) && opcode.operand != Operand::None);
    case Mutation::Return: return opcode.operation == Operation::Ret;
  }
  return false;
}

std::uint32_t other_constant(Random& random, std::uint32_t k) {
  switch (random.below(4)) {
    case 0: return k ^ 1U << random.below(32);
    case 1: return k << 24 | (k & 0xff00) << 8 | (k >> 8 & 0xff00) | k >> 24;
    case 2: return any_constant(random);
    default: return near(random, k);
  }
}

std::uint16_t other_code(Random& random, const Opcode& opcode) {
  std::array<std::uint16_t, bpf::opcodes.size()> found{};
  std::size_t count = 0;
  for (const Opcode& row : bpf::opcodes)
    if (row.seccomp && applies(Mutation::Operator, row) && row.operand == opcode.operand &&
        bpf::is_branch(row.operation) == bpf::is_branch(opcode.operation))
      found[count++] = row.code;
  return random.pick(std::span(found).first(count));
}

std::uint32_t other_return(Random& random, std::uint32_t k) {
  if (random.one_in(3)) return other_constant(random, k);
  return random.pick(seccomp::actions).value | (k & seccomp::data_mask);
}

void change(Random& random, Instruction& insn, const Opcode& opcode, Mutation mutation) {
  switch (mutation) {
    case Mutation::Offset:
      insn.k = opcode.operand == Operand::Word ? 4 * random.below(seccomp::data_words)
                                               : random.below(bpf::scratch_words);
      break;
    case Mutation::Jump:
      if (!bpf::is_branch(opcode.operation)) {
        insn.k = near(random, insn.k);
      } else if (random.one_in(3)) {
        std::swap(insn.jt, insn.jf);
      } else {
        std::uint8_t& distance = random.one_in(2) ? insn.jt : insn.jf;
        distance = static_cast<std::uint8_t>(near(random, distance));
      }
      break;
    case Mutation::Constant: insn.k = other_constant(random, insn.k); break;
    case Mutation::Operator: insn.code = other_code(random, opcode); break;
    case Mutation::Return:
      if (opcode.operand == Operand::A)
        insn.code = bpf::code_of(Operation::Ret, Operand::Immediate);
      insn.k = other_return(random, insn.k);
      break;
  }
}

}  // namespace

std::string_view name(Mutation mutation) {
  constexpr auto names =
      std::to_array<std::string_view>({"offset", "jump", "constant", "operator", "return"});
  return names[static_cast<std::size_t>(mutation)];
}

std::optional<Mutant> mutant(Random& random, std::span<const Instruction> program,
                             Mutation mutation) {
  std::vector<std::size_t> places;
  for (std::size_t pc = 0; pc < program.size(); ++pc) {
    const Opcode* opcode = bpf::find_opcode(program[pc].code);
    if (opcode != nullptr && applies(mutation, *opcode)) places.push_back(pc);
  }
  if (places.empty()) return std::nullopt;
  const std::size_t pc = random.pick(places);
  Mutant result{{program.begin(), program.end()}, pc, mutation};
  Instruction& insn = result.instructions[pc];
  // A draw may give back what was there; every kind has another value to offer.
  while (insn == program[pc]) change(random, insn, *bpf::find_opcode(insn.code), mutation);
  return result;
}

std::optional<Mutant> accepted_mutant(Random& random, const verify::Program& program,
                                      unsigned tries) {
  for (; tries != 0; --tries) {
    auto drawn = mutant(random, program.instructions(), random.pick(mutations));
    if (drawn && verify::accept(drawn->instructions)) return drawn;
  }
  return std::nullopt;
}

}  // namespace assay::sample
