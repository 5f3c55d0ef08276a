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

namespace {

std::vector<Instruction> allow_gate(std::uint64_t gate_pointer) {
  const auto low = static_cast<std::uint32_t>(gate_pointer);
  const auto high = static_cast<std::uint32_t>(gate_pointer >> 32);
  // Offsets 8 and 12 hold the low and the high word where the machine is little-endian.
  return {
      make(Operation::Ld, Operand::Word, 8), make(Operation::Jeq, Operand::Immediate, low, 0, 3),
      make(Operation::Ld, Operand::Word, 12), make(Operation::Jeq, Operand::Immediate, high, 0, 1),
      make(Operation::Ret, Operand::Immediate, seccomp::value_of(seccomp::Action::Allow))};
}

}  // namespace

std::vector<Instruction> sentinel(std::uint64_t gate_pointer, std::uint32_t answer) {
  auto result = allow_gate(gate_pointer);
  result.push_back(make(Operation::Ret, Operand::Immediate, answer));
  return result;
}

std::vector<Instruction> open_to_gate(std::span<const Instruction> program,
                                      std::uint64_t gate_pointer) {
  auto result = allow_gate(gate_pointer);
  result.push_back(make(Operation::Ld, Operand::Immediate, 0));
  result.insert(result.end(), program.begin(), program.end());
  return result;
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

// JEQ reaches 255 instructions, so that each part has a JA of its own in front:
//   ld [8]; jeq #p0, 0, 1; ja part0; jeq #p1, 0, 1; ja part1; ja part2; part0: ld #0; ...
std::vector<Instruction> show_parts(std::span<const Instruction> program,
                                    std::uint64_t first_pointer, std::uint64_t distance) {
  std::vector<Instruction> result{make(Operation::Ld, Operand::Word, 8)};
  const std::size_t part_size = program.size() + value_tail + 1;
  const std::size_t first_part = 2 * value_parts;
  const auto go_to = [&](unsigned part) {
    const std::size_t target = first_part + part * part_size;
    result.push_back(make(Operation::Ja, Operand::Immediate,
                          static_cast<std::uint32_t>(target - result.size() - 1)));
  };
  for (unsigned part = 0; part + 1 < value_parts; ++part) {
    result.push_back(make(Operation::Jeq, Operand::Immediate,
                          static_cast<std::uint32_t>(first_pointer + part * distance), 0, 1));
    go_to(part);
  }
  go_to(value_parts - 1);
  for (unsigned part = 0; part < value_parts; ++part) {
    result.push_back(make(Operation::Ld, Operand::Immediate, 0));
    const auto shown = show_part(program, part);
    result.insert(result.end(), shown.begin(), shown.end());
  }
  return result;
}

}  // namespace assay::kernel
