#include "optimize/writer.hpp"

namespace assay::optimize {

using bpf::code_of;
using bpf::Instruction;
using bpf::Operand;
using bpf::Operation;

namespace {
constexpr std::size_t reach = 255;
constexpr std::uint16_t ret_k = code_of(Operation::Ret, Operand::Immediate);
}  // namespace

void Writer::append(std::span<const Instruction> instructions) {
  reversed_.insert(reversed_.begin(), instructions.rbegin(), instructions.rend());
}

Writer::Position Writer::put(const Instruction& insn) {
  reversed_.push_back(insn);
  return reversed_.size() - 1;
}

Writer::Position Writer::ret(std::uint32_t value) {
  // One that a branch from here reaches will do.
  for (std::size_t back = 0; back < reach / 2 && back < reversed_.size(); ++back) {
    const Position at = reversed_.size() - 1 - back;
    if (reversed_[at] == Instruction{ret_k, 0, 0, value}) return at;
  }
  return put({ret_k, 0, 0, value});
}

Writer::Position Writer::nearer(Position target) {
  if (reversed_[target].code == ret_k) return put(reversed_[target]);
  return put({code_of(Operation::Ja, Operand::Immediate), 0, 0,
              static_cast<std::uint32_t>(distance(target))});
}

void Writer::fall_through_to(Position next) {
  if (distance(next) != 0) nearer(next);
}

Writer::Position Writer::load(std::uint32_t word, Position next) {
  fall_through_to(next);
  return put({code_of(Operation::Ld, Operand::Word), 0, 0, 4 * word});
}

Writer::Position Writer::mask(std::uint32_t mask, Position next) {
  fall_through_to(next);
  return put({code_of(Operation::And, Operand::Immediate), 0, 0, mask});
}

Writer::Position Writer::branch(Operation comparison, std::uint32_t k, Position holds,
                                Position fails) {
  // One instruction in between may push the other target out of reach.
  if (distance(holds) > reach) holds = nearer(holds);
  if (distance(fails) > reach) fails = nearer(fails);
  if (distance(holds) > reach) holds = nearer(holds);
  return put({code_of(comparison, Operand::Immediate), static_cast<std::uint8_t>(distance(holds)),
              static_cast<std::uint8_t>(distance(fails)), k});
}

}  // namespace assay::optimize
