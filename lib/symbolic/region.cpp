#include "symbolic/region.hpp"

#include <map>

namespace assay::symbolic {

using bpf::Operand;
using bpf::Operation;

namespace {

bool is_comparison(const bpf::Opcode& opcode) {
  const bool ordered = opcode.operation == Operation::Jeq || opcode.operation == Operation::Jgt ||
                       opcode.operation == Operation::Jge;
  return ordered && opcode.operand == Operand::Immediate;
}

// The values for which the comparison holds, one interval; none for A > 0xffffffff.
bool holding(Operation comparison, std::uint32_t k, Interval& values) {
  if (comparison == Operation::Jgt && k == 0xffffffff) return false;
  const std::uint32_t first = comparison == Operation::Jgt ? k + 1 : k;
  values = {first, comparison == Operation::Jeq ? k : 0xffffffff};
  return true;
}

}  // namespace

// An instruction belongs to the region of its predecessors when they all are of one; else it
// may start a region of its own.
Regions::Regions(const verify::Program& program)
    : program_(program), entry_(program.size(), program.size()), members_(program.size(), 0) {
  const std::size_t none = program.size();
  const std::size_t several = none + 1;
  std::vector<std::size_t> from(program.size(), several);  // none yet, or mixed
  std::vector<bool> reached(program.size(), false);
  const auto go = [&](std::size_t target, std::size_t region) {
    from[target] = !reached[target] || from[target] == region ? region : several;
    reached[target] = true;
  };
  go(0, several);
  for (std::size_t pc = 0; pc < program.size(); ++pc) {
    if (!reached[pc]) continue;
    const bpf::Instruction& insn = program[pc];
    const bpf::Opcode& opcode = program.opcode(pc);
    const bool compares = is_comparison(opcode);
    const bool jumps = opcode.operation == Operation::Ja;
    if (compares || jumps) {
      entry_[pc] = from[pc] < none ? from[pc] : compares ? pc : none;
      if (compares) ++members_[entry_[pc]];
    }
    const std::size_t region = entry_[pc] < none ? entry_[pc] : several;
    if (jumps) {
      go(pc + 1 + insn.k, region);
    } else if (bpf::is_branch(opcode.operation)) {
      go(pc + 1 + insn.jt, region);
      go(pc + 1 + insn.jf, region);
    } else if (opcode.operation != Operation::Ret) {
      go(pc + 1, several);
    }
  }
}

Regions::Passage Regions::pass(std::size_t entry, IntervalSet values) const {
  Passage passage;
  std::map<std::size_t, IntervalSet> arriving;
  arriving[entry] = std::move(values);
  // Jumps go forward: the lowest place left has all its values.
  while (!arriving.empty()) {
    const auto first = arriving.begin();
    const std::size_t pc = first->first;
    IntervalSet here = std::move(first->second);
    arriving.erase(first);
    if (entry_[pc] != entry) {
      passage.exits.push_back({pc, std::move(here)});
      continue;
    }
    const bpf::Instruction& insn = program_[pc];
    const Operation operation = program_.opcode(pc).operation;
    Step step{pc, here.lowest()};
    if (operation == Operation::Ja) {
      arriving[pc + 1 + insn.k].add(std::move(here));
    } else {
      Interval interval{};
      IntervalSet there;
      if (holding(operation, insn.k, interval)) there = here.take(interval.first, interval.last);
      step.holds = !there.empty();
      step.fails = !here.empty();
      if (step.holds) step.holding = there.lowest();
      if (step.fails) step.failing = here.lowest();
      if (step.holds) arriving[pc + 1 + insn.jt].add(std::move(there));
      if (step.fails) arriving[pc + 1 + insn.jf].add(std::move(here));
    }
    passage.steps.push_back(step);
  }
  return passage;
}

}  // namespace assay::symbolic
