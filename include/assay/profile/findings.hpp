// What is odd about rules, seen without compiling them: names that nobody knows, rules that
// decide nothing or contradict each other, conditions that a runtime reads otherwise than they
// are written, calls that a multiplexer reaches past a rule's conditions.
#pragma once

#include "assay/profile/environment.hpp"
#include "assay/profile/finding.hpp"
#include "assay/profile/rule_set.hpp"

namespace assay::profile {

// In the order of the rules; each says its line.
Findings findings_of(const RuleSet& rules, const Environment& environment);

}  // namespace assay::profile
