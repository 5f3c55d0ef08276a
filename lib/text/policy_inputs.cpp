// Policies back to sets of inputs and functions.
#include <algorithm>

#include "assay/text/policy.hpp"

namespace assay::text {

using seccomp::ArchInfo;
using symbolic::Comparison;
using symbolic::Condition;
using symbolic::Manager;
using symbolic::Term;
using symbolic::VerdictFunction;

namespace {

constexpr std::size_t nr_word = 0;
constexpr std::size_t arch_word = 1;

Condition among(Manager& manager, std::size_t word, const std::vector<NumberRange>& ranges) {
  const Term term = Term::word(manager, word);
  Condition result = Condition::never(manager);
  for (const NumberRange& range : ranges)
    result = result | (range.first == range.last ? compare(term, Comparison::Equal, range.first)
                                                 : in_range(term, range.first, range.last));
  return result;
}

Condition of_arch(Manager& manager, const ArchInfo& info) {
  return compare(Term::word(manager, arch_word), Comparison::Equal, info.audit);
}

}  // namespace

std::vector<NumberRange> numbers_of(const Scope& scope) {
  if (scope.kind == Scope::Kind::Named && scope.arch == seccomp::Arch::x86_64)
    return {{0, 0x3fffffff}, {0x80000000, 0xbfffffff}};
  if (scope.kind == Scope::Kind::Named && scope.arch == seccomp::Arch::x32)
    return {{0x40000000, 0x7fffffff}, {0xc0000000, 0xffffffff}};
  return {{0, 0xffffffff}};
}

Condition inputs_of(Manager& manager, const Policy& policy, std::size_t at) {
  const Scope& scope = policy[at].scope;
  if (scope.kind == Scope::Kind::Named)
    return of_arch(manager, seccomp::describe(scope.arch)) &
           among(manager, nr_word, numbers_of(scope));
  if (scope.kind == Scope::Kind::Values) return among(manager, arch_word, scope.values);
  Condition named = Condition::never(manager);
  for (std::size_t i = 0; i < policy.size(); ++i) {
    const Scope::Kind kind = policy[i].scope.kind;
    const bool other = kind == Scope::Kind::Other || kind == Scope::Kind::OtherBigEndian;
    if (i != at && (!other || scope.kind == Scope::Kind::Other))
      named = named | inputs_of(manager, policy, i);
  }
  if (scope.kind == Scope::Kind::Other) return !named;
  Condition big = Condition::never(manager);
  for (const ArchInfo& info : seccomp::arches)
    if (info.order == std::endian::big) big = big | of_arch(manager, info);
  return big & !named;
}

VerdictFunction::Decided function_of(Manager& manager, const Policy& policy) {
  std::vector<VerdictFunction::Case> cases;
  for (std::size_t at = 0; at < policy.size(); ++at) {
    const Condition scope = inputs_of(manager, policy, at);
    for (const Rule& rule : policy[at].rules)
      cases.emplace_back(
          scope & among(manager, nr_word, rule.numbers) & inputs_of(manager, rule.condition),
          rule.verdict);
    cases.emplace_back(scope, policy[at].otherwise);
  }
  return VerdictFunction::of_cases(manager, cases, {});
}

}  // namespace assay::text
