#include "assay/profile/findings.hpp"

#include <algorithm>
#include <map>
#include <optional>

#include "assay/names/nearest.hpp"
#include "assay/names/syscalls.hpp"
#include "assay/profile/conventions.hpp"
#include "assay/symbolic/condition.hpp"
#include "assay/text/printable.hpp"
#include "assay/text/verdict.hpp"
#include "profile/multiplexer.hpp"

namespace assay::profile {
namespace {

using seccomp::Arch;
using symbolic::Comparison;
using symbolic::Condition;
using symbolic::Manager;
using symbolic::Term;

constexpr std::uint32_t arguments = 6;

std::string quoted(std::string_view text) { return "'" + text::printable(text, 60) + "'"; }

std::string in_line(Place place) {
  return place.line == 0 ? "an earlier rule" : "line " + std::to_string(place.line);
}

Comparison comparison_of(Operator op) {
  switch (op) {
    case Operator::NotEqual:
    case Operator::MaskedNotEqual: return Comparison::NotEqual;
    case Operator::Less: return Comparison::Less;
    case Operator::LessEqual: return Comparison::LessEqual;
    case Operator::GreaterEqual: return Comparison::GreaterEqual;
    case Operator::Greater: return Comparison::Greater;
    case Operator::Equal:
    case Operator::MaskedEqual: break;
  }
  return Comparison::Equal;
}

// Names are looked up among those of all arches.
std::vector<std::string_view> all_names() {
  std::vector<std::string_view> result;
  for (const seccomp::ArchInfo& arch : seccomp::arches) {
    const auto names = names::all_syscall_names(arch.arch);
    result.insert(result.end(), names.begin(), names.end());
  }
  return result;
}

class Inspection {
 public:
  Inspection(const RuleSet& rules, const Environment& environment)
      : rules_(rules),
        conventions_(conventions_of(environment.runtime)),
        arches_(rules.arches),
        manager_(symbolic::Order::fixed(), {std::size_t{1} << 18, std::chrono::seconds(2)}) {
    if (conventions_.adds_host || arches_.empty()) arches_.push_back(environment.host);
  }

  Findings run() && {
    for (const Rule& rule : rules_.rules) {
      inspect(rule);
      for (const Call& call : rule.calls) inspect(rule, call);
    }
    return std::move(findings_);
  }

 private:
  void add(FindingKind kind, Severity severity, Place place, std::string message) {
    findings_.push_back({kind, severity, place, std::move(message)});
  }
  void warn(FindingKind kind, Place place, std::string message) {
    add(kind, Severity::Warning, place, std::move(message));
  }

  void inspect(const Rule& rule) {
    condition_ = Condition::always(manager_);
    for (const ArgumentCondition& condition : rule.conditions) {
      if (condition.index >= arguments) {
        add(FindingKind::Refused, Severity::Error, condition.place,
            "argument " + std::to_string(condition.index) + ": a call has 0 to 5");
        continue;
      }
      inspect(condition);
      condition_ = *condition_ & where(condition);
    }
    if (!rule.conditions.empty() && condition_->is_never())
      warn(FindingKind::ImpossibleCondition, rule.place, "no argument satisfies these conditions");
    inspect_same_argument(rule);
    if (rule.verdict == rules_.otherwise && conventions_.default_rule == Answer::Skip &&
        !rule.calls.empty())
      add(FindingKind::DefaultRule, rule.conditions.empty() ? Severity::Note : Severity::Warning,
          rule.place,
          "the rule says what the default action says, " + text::to_text(rule.verdict) +
              ", and is skipped" +
              (rule.conditions.empty() ? "" : ": it makes no exception from other rules"));
  }

  void inspect(const ArgumentCondition& condition) {
    const bool masked =
        condition.op == Operator::MaskedEqual || condition.op == Operator::MaskedNotEqual;
    if (where(condition).is_always())
      warn(FindingKind::ImpossibleCondition, condition.place,
           "every argument satisfies this condition");
    if (masked && (condition.value_two & ~condition.value) != 0)
      warn(FindingKind::NarrowArgument, condition.place,
           "the compared value has bits outside of the mask, which do not count");
    const std::uint64_t high = condition.value | (masked ? condition.value_two : 0);
    if (high <= 0xffffffff || condition.width == Width::LowWord) return;
    for (const Arch arch : arches_) {
      if ((describe(arch).audit & 0x80000000) != 0 && arch != Arch::x32) continue;
      add(FindingKind::NarrowArgument, Severity::Note, condition.place,
          "arguments have 32 bits on " + std::string(describe(arch).token) +
              ", where only the low half of the value is compared");
      return;
    }
  }

  void inspect_same_argument(const Rule& rule) {
    std::uint32_t seen = 0;
    for (const ArgumentCondition& condition : rule.conditions) {
      if (condition.index >= arguments) return;
      const std::uint32_t bit = 1U << condition.index;
      if ((seen & bit) != 0) return say_same_argument(rule, condition);
      seen |= bit;
    }
  }

  void say_same_argument(const Rule& rule, const ArgumentCondition& condition) {
    const std::string what =
        "argument " + std::to_string(condition.index) + " has several conditions: ";
    if (conventions_.same_argument == SameArgument::Any)
      warn(FindingKind::SplitConditions, rule.place,
           what + std::string(name(conventions_.runtime)) +
               " makes each condition of the entry a rule of its own, so that any of them is "
               "enough");
    if (conventions_.same_argument == SameArgument::Refuse)
      add(FindingKind::Refused, Severity::Error, rule.place, what + "libseccomp refuses the rule");
  }

  Condition where(const ArgumentCondition& condition) {
    const std::size_t at = 4 + 2 * static_cast<std::size_t>(condition.index);
    const Term low = Term::word(manager_, at);
    const Term whole =
        condition.width == Width::LowWord ? low : Term::joined(low, Term::word(manager_, at + 1));
    if (condition.op == Operator::MaskedEqual || condition.op == Operator::MaskedNotEqual)
      return symbolic::compare(whole.masked(condition.value), comparison_of(condition.op),
                               condition.value_two & condition.value);
    return symbolic::compare(whole, comparison_of(condition.op), condition.value);
  }

  void inspect(const Rule& rule, const Call& call) {
    if (!inspect_name(call)) return;
    inspect_multiplexer(rule, call);
    if (rule.verdict == rules_.otherwise && conventions_.default_rule == Answer::Skip) return;
    inspect_others(rule, call);
  }

  // Whether the rule is about anything.
  bool inspect_name(const Call& call) {
    const std::string outcome = conventions_.unknown_call == Answer::Refuse
                                    ? ": the profile is refused"
                                    : ": the rule is lost";
    if (!names::is_syscall(call.name)) {
      static const std::vector<std::string_view> known = all_names();
      const auto near = names::nearest(call.name, known);
      warn(FindingKind::UnknownCall, call.place,
           quoted(call.name) + " is no system call of any architecture" + outcome +
               (near ? "; did you mean '" + std::string(*near) + "'?" : ""));
      return false;
    }
    if (conventions_.libseccomp && !names::libseccomp_knows(call.name)) {
      warn(FindingKind::DroppedCall, call.place,
           quoted(call.name) + " is newer than the installed libseccomp" + outcome);
      return false;
    }
    const bool somewhere = std::any_of(arches_.begin(), arches_.end(), [&](Arch arch) {
      return names::syscall_number(arch, call.name) || multiplexed(arch, call.name);
    });
    if (!somewhere)
      add(FindingKind::CallNotOnArch, Severity::Note, call.place,
          quoted(call.name) + " is no call of the profile's architectures");
    return somewhere;
  }

  void inspect_multiplexer(const Rule& rule, const Call& call) {
    if (rule.conditions.empty()) return;
    for (const Arch arch : arches_) {
      const auto through = multiplexed(arch, call.name);
      if (!through) continue;
      warn(FindingKind::Multiplexed, call.place,
           "on " + std::string(describe(arch).token) + " " + std::string(through->through) +
               " reaches " + call.name +
               " with its arguments in memory: the conditions do not hold there");
      return;
    }
  }

  struct Earlier {
    const Rule* rule;
    Condition where;
  };

  void inspect_others(const Rule& rule, const Call& call) {
    std::vector<Earlier>& earlier = earlier_[call.name];
    if (rules_.combination == Combination::Union)
      for (const Earlier& other : earlier)
        if (compare(rule, call, other)) break;
    earlier.push_back({&rule, *condition_});
  }

  // Whether nothing more is to be said about this call of the rule.
  bool compare(const Rule& rule, const Call& call, const Earlier& other) {
    const bool same = rule.verdict == other.rule->verdict;
    const std::string there = in_line(other.rule->place);
    if (other.rule->conditions.empty()) {
      if (same)
        add(FindingKind::Duplicate, Severity::Note, call.place,
            call.name + " again, after " + there + ", which has no conditions");
      else
        warn(FindingKind::DeadRule, call.place,
             call.name + " is decided by " + there + " (" + text::to_text(other.rule->verdict) +
                 "), which has no conditions: this rule decides nothing");
      return true;
    }
    if (rule.conditions.empty()) {
      if (same)
        add(FindingKind::Duplicate, Severity::Note, other.rule->place,
            call.name + " has a rule without conditions and the same verdict in " +
                in_line(rule.place));
      else
        warn(FindingKind::DeadRule, other.rule->place,
             call.name + " is decided by " + in_line(rule.place) + " (" +
                 text::to_text(rule.verdict) +
                 "), which has no conditions: this rule decides "
                 "nothing");
      return false;
    }
    return compare_conditions(call, other, same, there);
  }

  bool compare_conditions(const Call& call, const Earlier& other, bool same,
                          const std::string& there) {
    if (manager_.equal(*condition_, other.where)) {
      if (same)
        add(FindingKind::Duplicate, Severity::Note, call.place,
            call.name + " again, with the conditions of " + there);
      else
        add(FindingKind::Contradiction, Severity::Error, call.place,
            call.name + " with the conditions of " + there + ", but another verdict");
      return true;
    }
    if (same || !condition_->meets(other.where)) return false;
    warn(FindingKind::Ambiguous, call.place,
         call.name + ": the conditions overlap with those of " + there + " (" +
             text::to_text(other.rule->verdict) +
             "), and no documentation says which rule decides there");
    return false;
  }

  const RuleSet& rules_;
  const Conventions& conventions_;
  std::vector<Arch> arches_;
  Manager manager_;
  std::optional<Condition> condition_;  // of the rule at hand
  std::map<std::string, std::vector<Earlier>, std::less<>> earlier_;
  Findings findings_;
};

}  // namespace

Findings findings_of(const RuleSet& rules, const Environment& environment) {
  return Inspection(rules, environment).run();
}

}  // namespace assay::profile
