// The fingerprint of a function that is there already, in whatever order it was made; the others
// are in verdict_function.hpp.
#pragma once

#include <optional>
#include <string>

#include "assay/symbolic/verdict_function.hpp"

namespace assay::symbolic {

// At the cost of a walk. Nothing where the diagram is not ordered as by Order::fixed(), which
// tests of one word after arch and number are.
std::optional<std::string> ready_fingerprint(const VerdictFunction& function);

}  // namespace assay::symbolic
