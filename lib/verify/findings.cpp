#include "assay/verify/findings.hpp"

#include <algorithm>
#include <array>
#include <tuple>
#include <unordered_map>

namespace assay::verify {

using bpf::Instruction;
using bpf::Opcode;
using bpf::Operand;
using bpf::Operation;

namespace {

void find_unreachable(const Program& program, std::vector<Finding>& found) {
  const std::vector<bool> reached = reachable(program);
  for (std::size_t pc = 0; pc < program.size(); ++pc) {
    if (reached[pc]) continue;
    const std::size_t start = pc;
    while (pc < program.size() && !reached[pc]) ++pc;
    found.push_back({FindingKind::Unreachable, start, pc - start});
  }
}

void find_idle_jumps(const Program& program, std::vector<Finding>& found) {
  for (std::size_t pc = 0; pc < program.size(); ++pc) {
    const Instruction& insn = program[pc];
    const Operation operation = program.opcode(pc).operation;
    if (bpf::is_branch(operation) && insn.jt == insn.jf)
      found.push_back({FindingKind::SameTargets, pc});
    if (operation == Operation::Ja && insn.k == 0) found.push_back({FindingKind::JumpToNext, pc});
  }
}

void find_unused_fields(const Program& program, std::vector<Finding>& found) {
  for (std::size_t pc = 0; pc < program.size(); ++pc) {
    const Instruction& insn = program[pc];
    const Opcode& opcode = program.opcode(pc);
    const auto report = [&](Field field) {
      found.push_back({FindingKind::UnusedField, pc, 1, 0, field});
    };
    if (!bpf::uses_jumps(opcode) && insn.jt != 0) report(Field::Jt);
    if (!bpf::uses_jumps(opcode) && insn.jf != 0) report(Field::Jf);
    if (!bpf::uses_k(opcode) && insn.k != 0) report(Field::K);
  }
}

// One finding a value, at the second instruction that returns it.
void find_duplicate_returns(const Program& program, std::vector<Finding>& found) {
  struct Seen {
    std::size_t first;
    std::size_t second = 0;
    std::size_t count = 1;
  };
  std::unordered_map<std::uint32_t, Seen> values;
  for (std::size_t pc = 0; pc < program.size(); ++pc) {
    const Opcode& opcode = program.opcode(pc);
    if (opcode.operation != Operation::Ret || opcode.operand != Operand::Immediate) continue;
    const auto [at, fresh] = values.try_emplace(program[pc].k, Seen{pc});
    if (!fresh && at->second.count++ == 1) at->second.second = pc;
  }
  for (const auto& [value, seen] : values)
    if (seen.count > 1)
      found.push_back({FindingKind::DuplicateReturn, seen.second, seen.count, seen.first});
}

}  // namespace

std::vector<bool> reachable(const Program& program) {
  std::vector<bool> reached(program.size(), false);
  reached[0] = true;
  // Jumps go forward only, so that one pass sees every source before its target.
  for (std::size_t pc = 0; pc < program.size(); ++pc) {
    if (!reached[pc]) continue;
    const Instruction& insn = program[pc];
    const Operation operation = program.opcode(pc).operation;
    if (operation == Operation::Ret) continue;
    if (operation == Operation::Ja) {
      reached[pc + 1 + insn.k] = true;
    } else if (bpf::is_branch(operation)) {
      reached[pc + 1 + insn.jt] = true;
      reached[pc + 1 + insn.jf] = true;
    } else {
      reached[pc + 1] = true;
    }
  }
  return reached;
}

std::vector<Finding> structural_findings(const Program& program) {
  std::vector<Finding> found;
  find_unreachable(program, found);
  find_idle_jumps(program, found);
  find_unused_fields(program, found);
  find_duplicate_returns(program, found);
  std::sort(found.begin(), found.end(), [](const Finding& a, const Finding& b) {
    return std::tie(a.insn, a.kind, a.field) < std::tie(b.insn, b.kind, b.field);
  });
  return found;
}

std::string_view name(FindingKind kind) {
  constexpr auto names = std::to_array<std::string_view>(
      {"unreachable", "same-targets", "jump-to-next", "unused-field", "duplicate-return"});
  return names[static_cast<std::size_t>(kind)];
}

std::string_view name(Field field) {
  constexpr auto names = std::to_array<std::string_view>({"", "jt", "jf", "k"});
  return names[static_cast<std::size_t>(field)];
}

}  // namespace assay::verify
