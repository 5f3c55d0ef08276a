#include "kernel/sentinel.hpp"

#include "assay/bpf/opcode.hpp"
#include "assay/seccomp/verdict.hpp"

namespace assay::kernel {
namespace {

using bpf::Instruction;
using bpf::Operand;
using bpf::Operation;

constexpr Instruction make(Operation operation, Operand operand, std::uint32_t k,
                           std::uint8_t jt = 0, std::uint8_t jf = 0) {
  return {bpf::code_of(operation, operand), jt, jf, k};
}

constexpr std::uint32_t part_mask = (1U << value_bits) - 1;

}  // namespace

std::vector<Instruction> sentinel(std::uint64_t gate_pointer) {
  using enum seccomp::Action;
  const auto low = static_cast<std::uint32_t>(gate_pointer);
  const auto high = static_cast<std::uint32_t>(gate_pointer >> 32);
  // Offsets 8 and 12 hold the low and the high word where the machine is little-endian.
  return {make(Operation::Ld, Operand::Word, 8),
          make(Operation::Jeq, Operand::Immediate, low, 0, 3),
          make(Operation::Ld, Operand::Word, 12),
          make(Operation::Jeq, Operand::Immediate, high, 0, 1),
          make(Operation::Ret, Operand::Immediate, seccomp::value_of(Allow)),
          make(Operation::Ret, Operand::Immediate, seccomp::value_of(Errno, sentinel_errno))};
}

std::vector<Instruction> show_part(std::span<const Instruction> program, unsigned part) {
  const std::uint32_t shift = part * value_bits;
  const std::uint32_t answer = seccomp::value_of(seccomp::Action::Errno);
  std::vector<Instruction> result(program.begin(), program.end());
  for (std::size_t pc = 0; pc < program.size(); ++pc) {
    const bpf::Opcode* row = bpf::find_opcode(program[pc].code);
    if (row == nullptr || row->operation != Operation::Ret) continue;
    result[pc] = row->operand == Operand::A
                     ? make(Operation::Ja, Operand::Immediate,
                            static_cast<std::uint32_t>(program.size() - pc - 1))
                     : make(Operation::Ret, Operand::Immediate,
                            answer | (program[pc].k >> shift & part_mask));
  }
  result.push_back(make(Operation::Rsh, Operand::Immediate, shift));
  result.push_back(make(Operation::And, Operand::Immediate, part_mask));
  result.push_back(make(Operation::Or, Operand::Immediate, answer));
  result.push_back(make(Operation::Ret, Operand::A, 0));
  return result;
}

}  // namespace assay::kernel
