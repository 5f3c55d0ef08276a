// Where two verdict functions differ, as people read it: for each arch, the system calls and
// conditions under which one verdict became another.
//
// Nothing is left out and nothing said twice: the inputs of the differences exclude each other
// and are together all on which the functions differ.
#pragma once

#include <tl/expected.hpp>
#include <vector>

#include "assay/text/policy.hpp"

namespace assay::text {

struct Difference {
  Scope scope;
  Rule where;  // its numbers and condition; its verdict means nothing
  seccomp::Verdict a;
  seccomp::Verdict b;
  symbolic::Condition inputs;
};

// Which pairs of verdicts are told: any two that differ, or those where the action of A gives
// way to that of B, so that A permits more.
struct Told {
  bool weaker = false;
  seccomp::Semantics semantics = {};

  bool operator()(seccomp::Verdict a, seccomp::Verdict b) const {
    return weaker ? overrides(b, a, semantics) : a != b;
  }
};

// The numbers of its scope that a rule is not about.
std::vector<NumberRange> other_numbers(const Scope& scope, const Rule& rule);

// Both functions are of one manager, whose order must be Order::fixed().
tl::expected<std::vector<Difference>, Unexplained> differences_of(
    const symbolic::VerdictFunction& a, const symbolic::VerdictFunction& b, const Told& told,
    const PolicyOptions& options = {});

// The inputs on which a told pair of verdicts meets.
symbolic::Condition differing(const symbolic::VerdictFunction& a,
                              const symbolic::VerdictFunction& b, const Told& told);

}  // namespace assay::text
