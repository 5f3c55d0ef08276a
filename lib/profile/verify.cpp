#include "assay/profile/verify.hpp"

#include <algorithm>

namespace assay::profile {
namespace {

using seccomp::Verdict;
using symbolic::Condition;
using symbolic::Manager;
using symbolic::VerdictFunction;

// The function that is meant, and where nothing is said, the other.
VerdictFunction::Decided settled(Manager& manager, const Meaning& meaning,
                                 const VerdictFunction& actual) {
  if (meaning.ambiguous.is_never()) return meaning.function;
  std::vector<VerdictFunction::Case> cases;
  for (const Verdict verdict : actual.verdicts())
    cases.emplace_back(meaning.ambiguous & actual.where(verdict), verdict);
  const std::vector<Verdict> meant = meaning.function.verdicts();
  for (const Verdict verdict : meant) cases.emplace_back(meaning.function.where(verdict), verdict);
  return VerdictFunction::of_cases(manager, cases, meant.front());
}

Failing failing_of(Verdict intended, Verdict actual, const seccomp::Semantics& semantics) {
  if (overrides(intended, actual, semantics)) return Failing::Open;
  if (overrides(actual, intended, semantics)) return Failing::Closed;
  return Failing::Otherwise;
}

class Comparison {
 public:
  Comparison(const Meaning& meaning, const VerifyOptions& options)
      : meaning_(meaning), options_(options) {}

  void tell(const VerdictFunction& intended, const VerdictFunction& actual,
            Verification& result) const {
    text::PolicyOptions policy;
    policy.machine = options_.semantics.machine;
    const auto differences =
        text::differences_of(intended, actual, {false, options_.semantics}, policy);
    if (!differences) {
      result.untold = differences.error();
      example(intended, actual, result);
      return;
    }
    for (const text::Difference& difference : *differences) split(difference, result);
  }

 private:
  // One row for each source of the verdict that was meant.
  void split(const text::Difference& difference, Verification& result) const {
    if (meaning_.clauses.empty()) return add(difference, difference.inputs, {}, result);
    for (const Clause& clause : meaning_.clauses) {
      const Condition inputs = difference.inputs & clause.where;
      if (!inputs.is_never()) add(difference, inputs, clause.source, result);
    }
  }

  void add(const text::Difference& difference, const Condition& inputs,
           std::optional<Source> source, Verification& result) const {
    const auto witness = inputs.witness();
    if (!witness) return;
    result.discrepancies.push_back({difference.scope, difference.where, difference.a, difference.b,
                                    failing_of(difference.a, difference.b, options_.semantics),
                                    source, *witness, inputs.count()});
  }

  void example(const VerdictFunction& intended, const VerdictFunction& actual,
               Verification& result) const {
    const Condition differing = intended.differs(actual);
    const auto witness = differing.witness();
    if (!witness || differing.manager().exhausted()) return;
    const Verdict a = intended.at(*witness);
    const Verdict b = actual.at(*witness);
    std::optional<Source> source;
    for (const Clause& clause : meaning_.clauses)
      if (clause.where.holds(*witness)) source = clause.source;
    result.discrepancies.push_back(
        {{}, {}, a, b, failing_of(a, b, options_.semantics), source, *witness, differing.count()});
  }

  const Meaning& meaning_;
  const VerifyOptions& options_;
};

tl::unexpected<Meaningless> undecided(const symbolic::NotDecided& why) {
  return tl::unexpected(Meaningless{{}, why});
}

}  // namespace

tl::expected<Verification, Meaningless> verify(const Target& target, const Environment& environment,
                                               std::span<const verify::Program> programs,
                                               const VerifyOptions& options) {
  Manager manager(symbolic::Order::fixed(), options.budget);
  const auto meaning = intent(manager, target, environment, {options.pure, true});
  if (!meaning) return tl::unexpected(meaning.error());
  const auto actual = VerdictFunction::of_stack(manager, programs, options.semantics);
  if (!actual) return undecided(actual.error());
  const auto intended = settled(manager, *meaning, *actual);
  if (!intended) return undecided(intended.error());
  Verification result;
  result.equal = manager.equal(*intended, *actual);
  result.ambiguous = meaning->ambiguous.count();
  if (!result.equal) Comparison(*meaning, options).tell(*intended, *actual, result);
  if (result.equal && manager.exhausted()) return undecided(manager.not_decided());
  return result;
}

tl::expected<Quick, Meaningless> verify_quickly(const RuleSet& rules,
                                                const Environment& environment,
                                                const verify::Program& program,
                                                const VerifyOptions& options) {
  Manager manager(symbolic::Order::for_programs({&program, 1}), options.budget);
  const auto meaning = intent(manager, rules, environment, {options.pure, false});
  if (!meaning) return tl::unexpected(meaning.error());
  const auto actual = VerdictFunction::of(manager, program, options.semantics);
  if (!actual) return undecided(actual.error());
  Quick result;
  result.ambiguous = !meaning->ambiguous.is_never();
  result.equal = manager.equal(meaning->function, *actual);
  if (!result.equal) {
    const Condition differing = meaning->function.differs(*actual) & !meaning->ambiguous;
    result.equal = differing.is_never();
    result.witness = differing.witness();
  }
  if (manager.exhausted()) return undecided(manager.not_decided());
  return result;
}

}  // namespace assay::profile
