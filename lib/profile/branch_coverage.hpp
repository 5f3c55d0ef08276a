// Which branches of a filter the inputs of a set take: exactly, for filters that only load,
// mask and compare, as those are that profiles become.
#pragma once

#include <optional>
#include <vector>

#include "assay/symbolic/analysis.hpp"

namespace assay::profile {

// The edges that leave comparisons and that some of the inputs pass; nothing for a filter that
// does more. No answer counts once the manager is exhausted.
std::optional<std::vector<symbolic::Analysis::Edge>> branches_taken(
    symbolic::Manager& manager, const verify::Program& program, const symbolic::Condition& inputs);

}  // namespace assay::profile
