// The rules that a runtime passes on to its compiler, one call each, after it skipped what it
// skips and split what it splits. Of room profile's two opinions this is the intent's own.
#pragma once

#include <cstddef>
#include <tl/expected.hpp>
#include <vector>

#include "assay/profile/conventions.hpp"
#include "assay/profile/finding.hpp"
#include "assay/profile/rule_set.hpp"

namespace assay::profile {

struct Entry {
  std::size_t rule;  // of RuleSet::rules
  const Call* call;
  std::vector<ArgumentCondition> conditions;
};

// Without conventions nothing is skipped: what stands in the profile.
tl::expected<std::vector<Entry>, Findings> entries_of(const RuleSet& rules,
                                                      const Conventions* conventions);

}  // namespace assay::profile
