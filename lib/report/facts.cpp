#include <algorithm>
#include <array>

#include "assay/names/syscalls.hpp"
#include "assay/seccomp/arch.hpp"
#include "assay/symbolic/analysis.hpp"
#include "report/markup.hpp"
#include "report/sections.hpp"

namespace assay::report {
namespace {

using seccomp::Verdict;
using symbolic::Condition;
using symbolic::Manager;
using symbolic::VerdictFunction;

std::vector<verify::Program> programs_of(const audit::Target& target) {
  std::vector<verify::Program> programs;
  for (const audit::Filter& filter : target.filters) programs.push_back(filter.program);
  return programs;
}

std::vector<bool> reached_by_some_input(const verify::Program& program,
                                        const PageOptions& options) {
  Manager manager(symbolic::Order::for_programs(std::span(&program, 1)), options.budget);
  const auto analysis = symbolic::Analysis::of(manager, program, options.semantics);
  std::vector<bool> reached;
  if (!analysis) return reached;
  for (std::size_t pc = 0; pc < program.size(); ++pc) reached.push_back(analysis->reachable(pc));
  return reached;
}

// The listing refers to the instructions, which all copies of a program share.
Shown shown(const audit::Filter& filter, std::size_t index, const PageOptions& options) {
  Shown shown{"p" + std::to_string(index),
              filter.name,
              filter.program,
              text::Listing(filter.program.instructions()),
              {},
              {}};
  if (index >= most_pictures) return shown;
  shown.graph = flow_graph_of(filter.program);
  shown.reached = reached_by_some_input(filter.program, options);
  return shown;
}

std::string words_of(symbolic::Limit limit) {
  switch (limit) {
    case symbolic::Limit::Nodes: return "the node limit was reached";
    case symbolic::Limit::Time: return "the time limit was reached";
    case symbolic::Limit::None: break;
  }
  return "a condition has no short form";
}

// The function whose values are indices of pairs of verdicts.
struct Joined {
  VerdictFunction function;
  std::vector<std::vector<Verdict>> verdicts;
};

tl::expected<Joined, symbolic::NotDecided> joined(Manager& manager,
                                                  std::span<const VerdictFunction> functions) {
  std::vector<VerdictFunction::Case> cases;
  std::vector<std::vector<Verdict>> verdicts;
  for (const Verdict a : functions[0].verdicts()) {
    const Condition where = functions[0].where(a);
    if (functions.size() == 1) {
      cases.emplace_back(where, Verdict{static_cast<std::uint32_t>(verdicts.size())});
      verdicts.push_back({a});
      continue;
    }
    for (const Verdict b : functions[1].verdicts()) {
      const Condition both = where & functions[1].where(b);
      if (both.is_never()) continue;
      cases.emplace_back(both, Verdict{static_cast<std::uint32_t>(verdicts.size())});
      verdicts.push_back({a, b});
    }
  }
  if (manager.exhausted()) return tl::unexpected(manager.not_decided());
  const auto function = VerdictFunction::of_cases(manager, cases, Verdict{0});
  if (!function) return tl::unexpected(function.error());
  return Joined{*function, std::move(verdicts)};
}

// The numbers whose conditional rules leave nothing to the default.
std::vector<text::NumberRange> complete_numbers(const VerdictFunction& function,
                                                const text::ArchPolicy& arch) {
  std::vector<text::NumberRange> complete;
  if (arch.scope.kind != text::Scope::Kind::Named) return complete;
  const VerdictFunction here = function.with_word(1, describe(arch.scope.arch).audit);
  for (const text::Rule& rule : arch.rules) {
    if (rule.condition.kind == text::Expression::Kind::Always || rule.rest) continue;
    // A rule's numbers are treated alike, so that one stands for all.
    const VerdictFunction call = here.with_word(0, rule.numbers.front().first);
    if (call.where(arch.otherwise).is_never())
      complete.insert(complete.end(), rule.numbers.begin(), rule.numbers.end());
  }
  return complete;
}

// The machine's own arch first, what has no name last.
void put_in_order(text::Policy& policy, seccomp::Arch machine) {
  const auto rank = [&](const text::ArchPolicy& entry) {
    if (entry.scope.kind != text::Scope::Kind::Named) return 2;
    return entry.scope.arch == machine ? 0 : 1;
  };
  std::stable_sort(policy.begin(), policy.end(),
                   [&](const auto& a, const auto& b) { return rank(a) < rank(b); });
}

}  // namespace

Meaning meaning_of(std::span<const Subject> subjects, const PageOptions& options) {
  Meaning meaning;
  const auto not_decided = [&](const symbolic::NotDecided& why) {
    meaning.missing = words_of(why.limit);
    return meaning;
  };
  Manager manager(symbolic::Order::fixed(), options.budget);
  std::vector<VerdictFunction> functions;
  for (const Subject& subject : subjects) {
    const auto function =
        VerdictFunction::of_stack(manager, programs_of(subject.target), options.semantics);
    if (!function) return not_decided(function.error());
    functions.push_back(*function);
  }
  auto together = joined(manager, functions);
  if (!together) return not_decided(together.error());
  text::PolicyOptions wanted;
  wanted.machine = options.semantics.machine;
  auto policy = text::policy_of(together->function, wanted);
  if (!policy) {
    not_decided(policy.error().budget);
    meaning.missing += " (" + policy.error().where + ")";
    return meaning;
  }
  meaning.policy = std::move(*policy);
  meaning.verdicts = std::move(together->verdicts);
  put_in_order(meaning.policy, options.semantics.machine);
  for (const text::ArchPolicy& entry : meaning.policy)
    meaning.complete.push_back(complete_numbers(together->function, entry));
  return meaning;
}

Facts facts_of(std::span<const Subject> subjects, const PageOptions& options) {
  Facts facts{subjects, options, {}, {}, meaning_of(subjects, options), {}};
  for (const Subject& subject : subjects) {
    const auto programs = programs_of(subject.target);
    auto filters = cost::FilterCost::of(programs, options.semantics, options.budget);
    facts.costs.push_back({filters ? std::optional(std::move(*filters)) : std::nullopt,
                           cost::Bitmap(programs, options.semantics)});
  }
  for (const Subject& subject : subjects) {
    facts.stacks.emplace_back();
    for (const audit::Filter& filter : subject.target.filters) {
      const auto same =
          std::find_if(facts.programs.begin(), facts.programs.end(),
                       [&](const Shown& known) { return known.program == filter.program; });
      facts.stacks.back().push_back(static_cast<std::size_t>(same - facts.programs.begin()));
      if (same == facts.programs.end())
        facts.programs.push_back(shown(filter, facts.programs.size(), options));
    }
  }
  return facts;
}

}  // namespace assay::report
