#include "assay/symbolic/question.hpp"

#include <algorithm>

#include "assay/symbolic/analysis.hpp"

namespace assay::symbolic {

using seccomp::Semantics;
using seccomp::Verdict;
using verify::Program;

namespace {

using Attempt = tl::expected<Answer, NotDecided>;

Attempt equal_by_diagrams(Manager& manager, Decider::Stack a, Decider::Stack b,
                          const Semantics& semantics, Precision precision) {
  const auto first = VerdictFunction::of_stack(manager, a, semantics, precision);
  if (!first) return tl::unexpected(first.error());
  const auto second = VerdictFunction::of_stack(manager, b, semantics, precision);
  if (!second) return tl::unexpected(second.error());
  if (manager.equal(*first, *second)) return Answer{true, std::nullopt, DecidedBy::Diagrams};
  auto witness = first->differs(*second).witness();
  if (manager.exhausted()) witness.reset();
  return Answer{false, witness, DecidedBy::Diagrams};
}

Attempt possible_by_diagrams(const Condition& given, Decider::Stack stack,
                             std::span<const VerdictRange> wanted, const Semantics& semantics,
                             Precision precision) {
  Manager& manager = given.manager();
  const auto function = VerdictFunction::of_stack(manager, stack, semantics, precision);
  if (!function) return tl::unexpected(function.error());
  const Condition both = given & function->where([&](Verdict verdict) {
    return std::any_of(wanted.begin(), wanted.end(), [&](const VerdictRange& range) {
      return range.first <= verdict.value && verdict.value <= range.last;
    });
  });
  const auto witness = both.witness();
  if (manager.exhausted()) return tl::unexpected(manager.not_decided());
  return Answer{witness.has_value(), witness, DecidedBy::Diagrams};
}

Answer reachable_by_diagrams(Manager& manager, const Analysis& analysis, const Place& place) {
  const Analysis::Edge edge{place.pc, place.next.value_or(place.pc)};
  const bool yes = place.next ? analysis.feasible(edge) : analysis.reachable(place.pc);
  if (!yes) return Answer{false, std::nullopt, DecidedBy::Diagrams};
  auto witness = place.next ? analysis.witness(edge) : analysis.witness(place.pc);
  if (manager.exhausted()) witness.reset();
  return Answer{true, witness, DecidedBy::Diagrams};
}

// What the decider found; `yes` is the answer when it found an input.
Answered answer(const Found& found, bool yes, const NotDecided& diagrams) {
  if (!found) return tl::unexpected(Unanswered{diagrams, found.error()});
  return Answer{found->has_value() == yes, *found, DecidedBy::Decider};
}

Answered unanswered(const NotDecided& diagrams) {
  return tl::unexpected(Unanswered{diagrams, std::nullopt});
}

}  // namespace

Answered decide_equal(std::span<const Program> a, std::span<const Program> b,
                      const Semantics& semantics, Precision precision, const Budget& budget,
                      const DeciderFactory& decider) {
  std::vector<Program> all(a.begin(), a.end());
  all.insert(all.end(), b.begin(), b.end());
  NotDecided open;
  {
    Manager manager(Order::for_programs(all), budget);
    const Attempt attempt = equal_by_diagrams(manager, a, b, semantics, precision);
    if (attempt) return *attempt;
    open = attempt.error();
  }  // its memory is free before the decider takes its own
  if (!decider) return unanswered(open);
  return answer(decider()->difference(a, b, semantics, precision), false, open);
}

Answered decide_possible(const Condition& given, std::span<const Program> oldest_first,
                         std::span<const VerdictRange> wanted, const Semantics& semantics,
                         Precision precision, const DeciderFactory& decider) {
  Manager& manager = given.manager();
  // A condition from an exhausted manager may not be what its maker meant.
  if (manager.exhausted()) return unanswered(manager.not_decided());
  const Attempt attempt = possible_by_diagrams(given, oldest_first, wanted, semantics, precision);
  if (attempt) return *attempt;
  const auto set = InputSet::of(given);
  if (!decider || !set) return unanswered(attempt.error());
  const Found found = decider()->verdict(*set, oldest_first, wanted, semantics, precision);
  return answer(found, true, attempt.error());
}

std::vector<Answered> decide_reachable(const Program& program, std::span<const Place> places,
                                       const Semantics& semantics, const Budget& budget,
                                       const DeciderFactory& decider) {
  std::vector<Answered> result;
  NotDecided open;
  {
    Manager manager(Order::for_programs(std::span(&program, 1)), budget);
    const auto analysis = Analysis::of(manager, program, semantics);
    if (analysis) {
      for (const Place& place : places)
        result.emplace_back(reachable_by_diagrams(manager, *analysis, place));
      return result;
    }
    open = analysis.error();
  }
  if (!decider) {
    result.assign(places.size(), unanswered(open));
    return result;
  }
  for (const Found& found : decider()->passing(program, places, semantics))
    result.push_back(answer(found, true, open));
  return result;
}

}  // namespace assay::symbolic
