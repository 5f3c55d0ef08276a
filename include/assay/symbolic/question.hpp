// Yes or no about filters, over all inputs: the diagrams answer if their budget allows, else
// a Decider is made and asked. Without a factory the diagrams are alone.
//
//   const auto same = decide_equal(old_stack, new_stack, {}, Precision::Normalised, budget,
//                                  smt::solver());
//
// An answer is exact whoever gave it; Unanswered says that there is none and where the budget
// went.
#pragma once

#include <optional>
#include <span>
#include <tl/expected.hpp>
#include <vector>

#include "assay/symbolic/budget.hpp"
#include "assay/symbolic/condition.hpp"
#include "assay/symbolic/decider.hpp"

namespace assay::symbolic {

enum class DecidedBy : std::uint8_t { Diagrams, Decider };

struct Answer {
  bool yes = false;
  // An input that shows it: for a yes to "possible" and "reachable", for a no to "equal",
  // where it is missing when finding it took more than the budget.
  std::optional<seccomp::Words> witness;
  DecidedBy by = DecidedBy::Diagrams;
};

struct Unanswered {
  NotDecided diagrams;
  std::optional<GaveUp> decider;  // none: it was not asked
};

using Answered = tl::expected<Answer, Unanswered>;

// Do two stacks, oldest first, mean the same?
Answered decide_equal(std::span<const verify::Program> a, std::span<const verify::Program> b,
                      const seccomp::Semantics& semantics, Precision precision,
                      const Budget& budget, const DeciderFactory& decider);

// Can the stack return a verdict of one of these ranges for an input that satisfies `given`?
// Diagrams are made in given's manager, within its budget.
Answered decide_possible(const Condition& given, std::span<const verify::Program> oldest_first,
                         std::span<const VerdictRange> wanted, const seccomp::Semantics& semantics,
                         Precision precision, const DeciderFactory& decider);

// Does some input reach the place? An answer for each.
std::vector<Answered> decide_reachable(const verify::Program& program,
                                       std::span<const Place> places,
                                       const seccomp::Semantics& semantics, const Budget& budget,
                                       const DeciderFactory& decider);

}  // namespace assay::symbolic
