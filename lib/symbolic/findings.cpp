#include "assay/symbolic/findings.hpp"

#include <algorithm>
#include <array>

#include "assay/verify/findings.hpp"
#include "symbolic/halves.hpp"

namespace assay::symbolic {

using seccomp::Semantics;
using verify::Program;

namespace {

constexpr std::array<std::string_view, 6> names{"never-reached", "never-holds",
                                                "always-holds",  "mixed-sources",
                                                "low-half-only", "high-half-ignored"};

bool disagree(const Provenance& sources) { return sources.alternatives() > 1; }

// Comparisons that find words of different origin in a register.
std::vector<Finding> mixed_sources(const Program& program, const Analysis& analysis) {
  std::vector<Finding> result;
  const auto add = [&](std::size_t pc, Register held_by, const Provenance& sources) {
    if (!disagree(sources)) return;
    Finding finding;
    finding.kind = FindingKind::MixedSources;
    finding.insn = pc;
    finding.held_by = held_by;
    finding.sources = sources;
    result.push_back(std::move(finding));
  };
  for (std::size_t pc = 0; pc < program.size(); ++pc) {
    const bpf::Opcode& opcode = program.opcode(pc);
    if (!bpf::is_branch(opcode.operation) || !analysis.reachable(pc)) continue;
    add(pc, Register::A, analysis.a_at(pc));
    if (opcode.operand == bpf::Operand::X) add(pc, Register::X, analysis.x_at(pc));
  }
  return result;
}

}  // namespace

std::vector<Finding> dead_parts(const Program& program,
                                const std::function<bool(std::size_t pc)>& reached,
                                const std::function<bool(const Analysis::Edge&)>& passed) {
  std::vector<Finding> result;
  const std::vector<bool> by_structure = verify::reachable(program);
  bool in_run = false;
  for (std::size_t pc = 0; pc < program.size(); ++pc) {
    const bool alive = reached(pc);
    Finding finding;
    finding.insn = pc;
    if (!alive && by_structure[pc]) {
      if (in_run) {
        ++result.back().count;
      } else {
        finding.kind = FindingKind::NeverReached;
        result.push_back(finding);
      }
    }
    in_run = !alive && by_structure[pc];
    const bpf::Instruction& insn = program[pc];
    if (!alive || !bpf::is_branch(program.opcode(pc).operation) || insn.jt == insn.jf) continue;
    const bool holds = passed({pc, pc + 1 + insn.jt});
    const bool fails = passed({pc, pc + 1 + insn.jf});
    if (holds && fails) continue;
    finding.kind = holds ? FindingKind::AlwaysHolds : FindingKind::NeverHolds;
    result.push_back(finding);
  }
  return result;
}

tl::expected<std::vector<Finding>, NotDecided> findings_of(Manager& manager, const Program& program,
                                                           const Analysis& analysis,
                                                           const Semantics& semantics) {
  const auto function = analysis.function();
  if (!function) return tl::unexpected(function.error());
  std::vector<Finding> result = dead_parts(
      program, [&](std::size_t pc) { return analysis.reachable(pc); },
      [&](const Analysis::Edge& edge) { return analysis.feasible(edge); });
  const auto add = [&](std::vector<Finding> more) {
    std::move(more.begin(), more.end(), std::back_inserter(result));
  };
  add(mixed_sources(program, analysis));
  add(halves_of(program, *function, semantics));
  if (manager.exhausted()) return tl::unexpected(manager.not_decided());
  std::stable_sort(result.begin(), result.end(), [](const Finding& a, const Finding& b) {
    return a.insn != b.insn ? a.insn < b.insn : a.kind < b.kind;
  });
  return result;
}

std::string_view name(FindingKind kind) { return names[static_cast<std::size_t>(kind)]; }

}  // namespace assay::symbolic
