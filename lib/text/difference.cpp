// A difference is a policy: that of the function from inputs to pairs of verdicts.
#include "assay/text/difference.hpp"

#include <algorithm>

namespace assay::text {
namespace {

using seccomp::Verdict;
using symbolic::Condition;
using symbolic::Manager;
using symbolic::Term;
using symbolic::VerdictFunction;
using Ranges = std::vector<NumberRange>;

struct Pair {
  Verdict a;
  Verdict b;
  Condition inputs;
};

std::vector<Pair> pairs_of(const VerdictFunction& a, const VerdictFunction& b, const Told& told) {
  const Condition differ = a.differs(b);
  const std::vector<Verdict> others = b.verdicts();
  std::vector<Pair> pairs;
  for (const Verdict first : a.verdicts()) {
    const Condition here = a.where(first) & differ;
    if (here.is_never()) continue;
    for (const Verdict second : others) {
      if (!told(first, second)) continue;
      const Condition inputs = here & b.where(second);
      if (!inputs.is_never()) pairs.push_back({first, second, inputs});
    }
  }
  return pairs;
}

Condition among(Manager& manager, const Ranges& numbers) {
  const Term nr = Term::word(manager, 0);
  Condition result = Condition::never(manager);
  for (const NumberRange& range : numbers) result = result | in_range(nr, range.first, range.last);
  return result;
}

// What of `all` is not in `taken`; both rise.
Ranges remaining(const Ranges& all, Ranges taken) {
  std::sort(taken.begin(), taken.end(), [](auto& x, auto& y) { return x.first < y.first; });
  Ranges result;
  for (const NumberRange& range : all) {
    std::uint64_t next = range.first;
    for (const NumberRange& gone : taken) {
      if (gone.last < next || gone.first > range.last) continue;
      if (gone.first > next) result.push_back({static_cast<std::uint32_t>(next), gone.first - 1});
      next = std::uint64_t{gone.last} + 1;
    }
    if (next <= range.last) result.push_back({static_cast<std::uint32_t>(next), range.last});
  }
  return result;
}

// Turns the policy of pairs, whose verdict 0 stands for "no difference", into differences.
class Telling {
 public:
  Telling(Manager& manager, const Policy& policy, const std::vector<Pair>& pairs)
      : manager_(manager), policy_(policy), pairs_(pairs) {}

  std::vector<Difference> all() {
    for (std::size_t at = 0; at < policy_.size(); ++at) {
      const Condition scope = inputs_of(manager_, policy_, at);
      for (const Rule& rule : policy_[at].rules) add(at, scope, rule);
      if (policy_[at].otherwise.value != 0) add_default(at, scope);
    }
    return std::move(result_);
  }

 private:
  void add(std::size_t at, const Condition& scope, const Rule& rule) {
    if (rule.verdict.value == 0) return;
    const Pair& pair = pairs_[rule.verdict.value - 1];
    const Condition inputs = scope & among(manager_, rule.numbers) & pair.inputs;
    if (!inputs.is_never()) result_.push_back({policy_[at].scope, rule, pair.a, pair.b, inputs});
  }

  // Its inputs are those that no rule takes: of numbers without a rule all.
  void add_default(std::size_t at, const Condition& scope) {
    const ArchPolicy& arch = policy_[at];
    Ranges taken;
    std::vector<Rule> conditional;
    for (const Rule& rule : arch.rules) {
      taken.insert(taken.end(), rule.numbers.begin(), rule.numbers.end());
      if (rule.condition.kind == Expression::Kind::Always) continue;
      const auto same =
          std::find_if(conditional.begin(), conditional.end(),
                       [&](const Rule& other) { return other.numbers == rule.numbers; });
      if (same == conditional.end()) {
        conditional.push_back(rule);
      } else {
        same->condition = any_of({same->condition, rule.condition});
      }
    }
    const Ranges rest = remaining(numbers_of(arch.scope), taken);
    if (!rest.empty()) add(at, scope, {rest, true, {}, arch.otherwise});
    for (Rule& rule : conditional)
      add(at, scope, {rule.numbers, rule.rest, negated(rule.condition), arch.otherwise});
  }

  Manager& manager_;
  const Policy& policy_;
  const std::vector<Pair>& pairs_;
  std::vector<Difference> result_;
};

}  // namespace

tl::expected<std::vector<Difference>, Unexplained> differences_of(const VerdictFunction& a,
                                                                  const VerdictFunction& b,
                                                                  const Told& told,
                                                                  const PolicyOptions& options) {
  constexpr std::size_t most_pairs = 4096;
  Manager& manager = a.manager();
  if (a.verdicts().size() * b.verdicts().size() > most_pairs)
    return tl::unexpected(Unexplained{manager.not_decided(), "so many verdicts"});
  const std::vector<Pair> pairs = pairs_of(a, b, told);
  std::vector<VerdictFunction::Case> cases;
  for (const Pair& pair : pairs)
    cases.emplace_back(pair.inputs, Verdict{static_cast<std::uint32_t>(cases.size() + 1)});
  const auto function = VerdictFunction::of_cases(manager, cases, {0});
  if (!function) return tl::unexpected(Unexplained{function.error(), "the difference"});
  const auto policy = policy_of(*function, options);
  if (!policy) return tl::unexpected(policy.error());
  auto result = Telling(manager, *policy, pairs).all();
  if (manager.exhausted())
    return tl::unexpected(Unexplained{manager.not_decided(), "the difference"});
  return result;
}

std::vector<NumberRange> other_numbers(const Scope& scope, const Rule& rule) {
  return remaining(numbers_of(scope), rule.numbers);
}

Condition differing(const VerdictFunction& a, const VerdictFunction& b, const Told& told) {
  if (!told.weaker) return a.differs(b);
  // Verdicts of one action are as strong as each other, and actions are few.
  Condition result = Condition::never(a.manager());
  std::vector<Verdict> done;
  for (const Verdict verdict : a.verdicts()) {
    const auto as_strong = [&](Verdict other) {
      return !told(verdict, other) && !told(other, verdict);
    };
    if (std::any_of(done.begin(), done.end(), as_strong)) continue;
    done.push_back(verdict);
    result = result |
             (a.where(as_strong) & b.where([&](Verdict other) { return told(verdict, other); }));
  }
  return result;
}

}  // namespace assay::text
