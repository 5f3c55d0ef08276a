// A condition on one subject as a set of its values: ranges, with or without a mask, or bits.
#pragma once

#include <optional>

#include "text/subject.hpp"

namespace assay::text {

// The shortest of these forms with at most `most` ranges or cubes, if there is one.
std::optional<Expression> value_set(const symbolic::Condition& condition, const Subject& subject,
                                    std::size_t most);

}  // namespace assay::text
