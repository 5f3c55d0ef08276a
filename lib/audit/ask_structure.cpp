// Questions about parts of a filter that decide nothing. Each is a proof, and each is done a
// second way: the part is changed, and the changed filter must mean the same.
#include <algorithm>

#include "assay/symbolic/findings.hpp"
#include "assay/text/verdict.hpp"
#include "assay/verify/accept.hpp"
#include "assay/verify/findings.hpp"
#include "audit/inquiry.hpp"

namespace assay::audit {

using bpf::Instruction;
using bpf::Operand;
using bpf::Operation;
using seccomp::Action;
using seccomp::Verdict;
using symbolic::Analysis;
using symbolic::VerdictFunction;
using verify::Program;

namespace {

constexpr std::uint32_t kill = seccomp::value_of(Action::KillProcess);

Instruction returning(std::uint32_t value) {
  return {bpf::code_of(Operation::Ret, Operand::Immediate), 0, 0, value};
}

// Whether the filter means the same with these instructions.
bool means_the_same(const Inquiry& inquiry, std::size_t filter,
                    const std::vector<Instruction>& changed) {
  const auto program = verify::accept(changed, inquiry.semantics());
  if (!program) return false;
  const auto before = inquiry.analysis(filter)->function();
  const auto after = VerdictFunction::of(inquiry.manager(), *program, inquiry.semantics());
  return before && after && inquiry.manager().equal(*before, *after);
}

std::vector<Instruction> copy_of(const Program& program) {
  return {program.instructions().begin(), program.instructions().end()};
}

Finding located(const Inquiry& inquiry, std::string_view rule, std::size_t filter, std::size_t insn,
                std::size_t count, std::string message) {
  Finding finding =
      inquiry.finding(rule, "filter " + std::to_string(filter) + " insn " + std::to_string(insn),
                      std::move(message));
  finding.location = {filter, insn, count, inquiry.target().filters[filter].name, std::nullopt};
  return finding;
}

struct Run {
  std::size_t first;
  std::size_t count;
};

std::vector<Run> dead_runs(const Program& program, const Analysis& analysis) {
  std::vector<Run> runs;
  for (std::size_t pc = 0; pc < program.size(); ++pc) {
    if (analysis.reachable(pc)) continue;
    if (!runs.empty() && runs.back().first + runs.back().count == pc) {
      ++runs.back().count;
    } else {
      runs.push_back({pc, 1});
    }
  }
  return runs;
}

bool leaves(Operation operation) {
  return operation == Operation::Ret || operation == Operation::Ja;
}

// One or two returns or jumps to which not even a path leads, as generators leave them.
bool is_artefact(const Program& program, const std::vector<bool>& by_structure, const Run& run) {
  constexpr std::size_t most = 2;
  if (run.count > most) return false;
  for (std::size_t pc = run.first; pc < run.first + run.count; ++pc)
    if (by_structure[pc] || !leaves(program.opcode(pc).operation)) return false;
  return true;
}

void report_dead(const Inquiry& inquiry, std::size_t filter, std::string_view rule,
                 const std::vector<Run>& runs) {
  if (runs.empty() || !inquiry.wanted(rule)) return;
  auto changed = copy_of(inquiry.programs()[filter]);
  std::size_t count = 0;
  for (const Run& run : runs) {
    count += run.count;
    for (std::size_t pc = run.first; pc < run.first + run.count; ++pc)
      changed[pc] = returning(kill);
  }
  if (!means_the_same(inquiry, filter, changed)) return;
  Finding finding = located(
      inquiry, rule, filter, runs.front().first, runs.front().count,
      count == 1 ? "no input gets to this instruction"
                 : "no input gets to " + std::to_string(count) + " instructions, from here on");
  finding.evidence.statement = "the condition to get there is false for every input";
  finding.evidence.checked = "with KILL_PROCESS in their place the filter has the same fingerprint";
  inquiry.report(std::move(finding));
}

void ask_dead(const Inquiry& inquiry, std::size_t filter, const Analysis& analysis) {
  const Program& program = inquiry.programs()[filter];
  std::vector<Run> artefacts;
  std::vector<Run> others;
  const std::vector<bool> by_structure = verify::reachable(program);
  for (const Run& run : dead_runs(program, analysis))
    (is_artefact(program, by_structure, run) ? artefacts : others).push_back(run);
  report_dead(inquiry, filter, "generator-artefact", artefacts);
  report_dead(inquiry, filter, "dead-instruction", others);
}

// The returns that the code from pc on can end in, by its structure.
std::vector<Verdict> returns_from(const Program& program, std::size_t pc) {
  std::vector<bool> seen(program.size());
  std::vector<Verdict> result;
  seen[pc] = true;
  for (; pc < program.size(); ++pc) {
    if (!seen[pc]) continue;
    const Instruction& insn = program[pc];
    const bpf::Opcode& opcode = program.opcode(pc);
    if (opcode.operation == Operation::Ret) {
      if (opcode.operand == Operand::Immediate) result.push_back({insn.k});
    } else if (opcode.operation == Operation::Ja) {
      seen[pc + 1 + insn.k] = true;
    } else if (bpf::is_branch(opcode.operation)) {
      seen[pc + 1 + insn.jt] = true;
      seen[pc + 1 + insn.jf] = true;
    } else {
      seen[pc + 1] = true;
    }
  }
  return result;
}

bool compares_number(const Analysis& analysis, std::size_t pc) {
  const symbolic::Provenance sources = analysis.a_at(pc);
  return sources.alternatives() == 1 && sources.words == std::vector<std::size_t>{0};
}

// A rule for a number that earlier code has decided, more mildly than the rule would.
void ask_dead_rule(const Inquiry& inquiry, std::size_t filter, const Analysis& analysis) {
  if (!inquiry.wanted("dead-rule")) return;
  const Program& program = inquiry.programs()[filter];
  const auto own = analysis.function();
  if (!own) return;
  const VerdictFunction native = own->with_word(1, describe(inquiry.native().arch()).audit);
  for (std::size_t pc = 0; pc < program.size(); ++pc) {
    const Instruction& insn = program[pc];
    const bpf::Opcode& opcode = program.opcode(pc);
    const bool equality =
        opcode.operation == Operation::Jeq && opcode.operand == Operand::Immediate;
    if (!equality || insn.jt == insn.jf || !analysis.reachable(pc)) continue;
    const std::size_t target = pc + 1 + insn.jt;
    if (analysis.feasible({pc, target}) || !compares_number(analysis, pc)) continue;
    const auto now = native.with_word(0, insn.k);
    const auto verdicts = now.verdicts();
    const auto intended = returns_from(program, target);
    const auto stricter = std::find_if(intended.begin(), intended.end(), [&](Verdict verdict) {
      const Verdict seen = verdict.normalised(inquiry.semantics());
      return std::none_of(verdicts.begin(), verdicts.end(), [&](Verdict other) {
        return other == seen || overrides(other, seen, inquiry.semantics());
      });
    });
    if (stricter == intended.end()) continue;
    auto changed = copy_of(program);
    changed[pc] = {bpf::code_of(Operation::Ja, Operand::Immediate), 0, 0, insn.jf};
    if (!means_the_same(inquiry, filter, changed)) continue;
    Finding finding =
        located(inquiry, "dead-rule", filter, pc, 1,
                "this rule would answer " + text::to_text(*stricter, inquiry.semantics()) +
                    ", and is never reached by its number: " +
                    text::to_text(verdicts.back(), inquiry.semantics()) + " was answered before");
    finding.evidence.statement = "the comparison fails for every input that gets to it";
    finding.evidence.checked =
        "with a jump in place of the comparison the filter has the same fingerprint";
    const auto example = now.where(verdicts.back()).witness();
    if (example) {
      finding.evidence.calls = {
          inquiry.exhibit("what its number gets", inquiry.native().input(insn.k, *example))};
    }
    inquiry.report(std::move(finding));
    return;
  }
}

// Where a path ends that knows A and meets only comparisons with constants; nothing when it
// comes to anything else.
std::optional<std::size_t> end_of(const Program& program, std::size_t pc,
                                  std::optional<std::uint32_t> a) {
  while (true) {
    const Instruction& insn = program[pc];
    const bpf::Opcode& opcode = program.opcode(pc);
    if (opcode.operation == Operation::Ret) return pc;
    if (opcode.operation == Operation::Ja) {
      pc += 1 + insn.k;
      continue;
    }
    const bool equality =
        opcode.operation == Operation::Jeq && opcode.operand == Operand::Immediate;
    if (!equality) return std::nullopt;
    // Without a value of its own A is none of those compared with.
    pc += 1 + (a == insn.k ? insn.jt : insn.jf);
  }
}

// What a tracer writes to skip a call; libseccomp lets it past its test for x32 everywhere.
constexpr std::uint32_t skipped_call = 0xffffffff;

void ask_effect(const Inquiry& inquiry, std::size_t filter, const Analysis& analysis) {
  constexpr std::size_t most_tries = 8;
  if (!inquiry.wanted("comparison-without-effect")) return;
  const Program& program = inquiry.programs()[filter];
  std::vector<std::size_t> idle;
  for (std::size_t pc = 0; pc < program.size(); ++pc) {
    const Instruction& insn = program[pc];
    const bpf::Opcode& opcode = program.opcode(pc);
    const bool equality =
        opcode.operation == Operation::Jeq && opcode.operand == Operand::Immediate;
    if (!equality || !analysis.reachable(pc) || !compares_number(analysis, pc)) continue;
    if (insn.k == skipped_call) continue;
    if (insn.jt != insn.jf && !analysis.feasible({pc, pc + 1 + insn.jt})) continue;
    const auto met = end_of(program, pc + 1 + insn.jt, insn.k);
    const auto missed = end_of(program, pc + 1 + insn.jf, insn.k);
    if (met && missed && program[*met] == program[*missed]) idle.push_back(pc);
  }
  if (idle.empty()) return;
  std::vector<std::size_t> proved;
  for (const std::size_t pc : idle) {
    if (proved.size() == most_tries) break;
    auto changed = copy_of(program);
    changed[pc] = {bpf::code_of(Operation::Ja, Operand::Immediate), 0, 0, program[pc].jf};
    if (means_the_same(inquiry, filter, changed)) proved.push_back(pc);
  }
  if (proved.empty()) return;
  const std::size_t first = proved.front();
  Finding finding =
      located(inquiry, "comparison-without-effect", filter, first, 1,
              "the comparison with " + std::to_string(program[first].k) +
                  " changes nothing: both sides come to one verdict" +
                  (idle.size() > 1 ? "; so do " + std::to_string(idle.size() - 1) + " more" : ""));
  finding.evidence.statement = "the verdict is the same with either outcome, for every input";
  finding.evidence.checked =
      "with a jump in place of the comparison the filter has the same fingerprint";
  inquiry.report(std::move(finding));
}

// Verdicts of single filters that others of the stack always override: places and what they say.
struct Shadowed {
  std::size_t filter;
  Verdict verdict;
  std::size_t insn;
};

// Puts ALLOW in place of every return of the verdict; the first of them.
std::optional<std::size_t> replace(std::vector<Instruction>& instructions, const Program& program,
                                   Verdict verdict, const seccomp::Semantics& semantics) {
  std::optional<std::size_t> first;
  for (std::size_t pc = 0; pc < instructions.size(); ++pc) {
    const bpf::Opcode& opcode = program.opcode(pc);
    if (opcode.operation != Operation::Ret || opcode.operand != Operand::Immediate) continue;
    if (Verdict{program[pc].k}.normalised(semantics) != verdict) continue;
    if (!first) first = pc;
    instructions[pc] = returning(seccomp::value_of(Action::Allow));
  }
  return first;
}

void ask_shadowed(const Inquiry& inquiry) {
  if (!inquiry.wanted("shadowed-action") || inquiry.programs().size() < 2) return;
  const auto& semantics = inquiry.semantics();
  std::vector<Shadowed> found;
  std::vector<Program> stack;
  for (std::size_t filter = 0; filter < inquiry.programs().size(); ++filter) {
    const Program& program = inquiry.programs()[filter];
    const auto own = inquiry.analysis(filter)->function();
    if (!own) return;
    auto changed = copy_of(program);
    for (const Verdict verdict : own->verdicts()) {
      if (outcome(verdict, semantics) == Outcome::Open) continue;
      if (own->where(verdict).meets(inquiry.function().where(verdict))) continue;
      const auto first = replace(changed, program, verdict, semantics);
      if (first) found.push_back({filter, verdict, *first});
    }
    const auto replaced = verify::accept(changed, semantics);
    stack.push_back(replaced ? *replaced : program);
  }
  if (found.empty()) return;
  const auto after = VerdictFunction::of_stack(inquiry.manager(), stack, semantics);
  if (!after || !inquiry.manager().equal(*after, inquiry.function())) return;
  const Shadowed& first = found.front();
  Finding finding = located(
      inquiry, "shadowed-action", first.filter, first.insn, 1,
      text::to_text(first.verdict, semantics) +
          " of this filter never becomes the verdict: another filter is stronger" +
          (found.size() > 1 ? "; so it is with " + std::to_string(found.size() - 1) + " more"
                            : ""));
  finding.evidence.statement = "where such a filter says so, the stack answers otherwise";
  finding.evidence.checked = "with ALLOW in their place the stack has the same fingerprint";
  inquiry.report(std::move(finding));
}

}  // namespace

void ask_structure(const Inquiry& inquiry) {
  for (std::size_t filter = 0; filter < inquiry.programs().size(); ++filter) {
    const Analysis* const analysis = inquiry.analysis(filter);
    if (analysis == nullptr) return;
    ask_dead(inquiry, filter, *analysis);
    ask_dead_rule(inquiry, filter, *analysis);
    ask_effect(inquiry, filter, *analysis);
  }
  ask_shadowed(inquiry);
}

}  // namespace assay::audit
