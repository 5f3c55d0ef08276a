#include "profile/entries.hpp"

#include <algorithm>

#include "assay/names/syscalls.hpp"

namespace assay::profile {
namespace {

using seccomp::Action;

constexpr std::uint32_t arguments = 6;

class Passing {
 public:
  Passing(const RuleSet& rules, const Conventions* conventions)
      : rules_(rules), conventions_(conventions) {}

  tl::expected<std::vector<Entry>, Findings> run() && {
    if (conventions_ != nullptr && !conventions_->notify_by_default &&
        rules_.otherwise.action() == Action::UserNotif)
      refuse(rules_.place, "USER_NOTIF cannot be the default action");
    for (std::size_t i = 0; i < rules_.rules.size(); ++i) pass(i);
    if (!refusals_.empty()) return tl::unexpected(std::move(refusals_));
    return std::move(entries_);
  }

 private:
  void pass(std::size_t at) {
    const Rule& rule = rules_.rules[at];
    for (const Call& call : rule.calls)
      if (conventions_ == nullptr || passes(rule, call)) pass(at, rule, call);
  }

  // In the order of runc's matchCall().
  bool passes(const Rule& rule, const Call& call) {
    if (call.name.empty()) return answer(conventions_->empty_call, call.place, "empty call name");
    if (!conventions_->notify_by_default && rule.verdict.action() == Action::UserNotif &&
        call.name == "write")
      refuse(rule.place, "USER_NOTIF cannot be asked on write");
    // In a chain it may stand before rules of other verdicts.
    if (rule.verdict == rules_.otherwise && rules_.combination == Combination::Union)
      return answer(conventions_->default_rule, rule.place,
                    "a rule with the verdict that is the default one");
    const bool known = conventions_->libseccomp ? names::libseccomp_knows(call.name)
                                                : names::is_syscall(call.name);
    return known || answer(conventions_->unknown_call, call.place, "unknown call " + call.name);
  }

  void pass(std::size_t at, const Rule& rule, const Call& call) {
    std::vector<ArgumentCondition> conditions = rule.conditions;
    if (conventions_ != nullptr && conditions.size() > conventions_->conditions_read)
      conditions.resize(conventions_->conditions_read);
    for (const ArgumentCondition& condition : conditions)
      if (condition.index >= arguments)
        return refuse(condition.place, "argument index " + std::to_string(condition.index));
    if (conventions_ == nullptr || conventions_->same_argument == SameArgument::All ||
        !repeats(conditions)) {
      entries_.push_back({at, &call, std::move(conditions)});
    } else if (conventions_->same_argument == SameArgument::Refuse) {
      refuse(rule.place, "several conditions on one argument");
    } else {
      for (const ArgumentCondition& condition : conditions)
        entries_.push_back({at, &call, {condition}});
    }
  }

  static bool repeats(const std::vector<ArgumentCondition>& conditions) {
    std::uint32_t seen = 0;
    for (const ArgumentCondition& condition : conditions) {
      if ((seen >> condition.index & 1) != 0) return true;
      seen |= 1U << condition.index;
    }
    return false;
  }

  // Whether the rule goes on: never.
  bool answer(Answer answer, Place place, std::string what) {
    if (answer == Answer::Refuse) refuse(place, std::move(what));
    return false;
  }

  void refuse(Place place, std::string what) {
    refusals_.push_back({FindingKind::Refused, Severity::Error, place, std::move(what)});
  }

  const RuleSet& rules_;
  const Conventions* conventions_;
  std::vector<Entry> entries_;
  Findings refusals_;
};

}  // namespace

tl::expected<std::vector<Entry>, Findings> entries_of(const RuleSet& rules,
                                                      const Conventions* conventions) {
  return Passing(rules, conventions).run();
}

}  // namespace assay::profile
