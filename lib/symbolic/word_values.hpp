// From sets of values of an input word to functions of the input, and back.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "symbolic/interval_set.hpp"
#include "symbolic/word.hpp"

namespace assay::symbolic {

// Whether the bits are 32 variables, the highest on top.
bool is_variable(const Diagram& diagram, const Word& word);

// Where such a word is in one of the intervals, which rise and leave gaps.
Edge among(Diagram& diagram, const Word& word, std::span<const Interval> intervals);

// The values of such a word for which some input satisfies the condition; nothing when they
// are more than `most` intervals.
std::optional<IntervalSet> possible_values(Diagram& diagram, Edge condition, const Word& word,
                                           std::size_t most);

}  // namespace assay::symbolic
