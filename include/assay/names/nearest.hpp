// "Did you mean ...?": the candidate that is fewest edits away from an unknown name.
//
// An edit inserts, removes or replaces a character, or swaps two neighbours; case does not
// count. Nothing comes back unless at most a third of the name would have to change. Time is
// bounded: names over 64 characters have no neighbour.
#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace assay::names {

// The first of equally near candidates.
std::optional<std::string_view> nearest(std::string_view name,
                                        std::span<const std::string_view> candidates);

}  // namespace assay::names
