// From an execution to the function of what the program returns.
#pragma once

#include <cstdint>
#include <functional>

#include "assay/symbolic/manager.hpp"
#include "symbolic/execution.hpp"
#include "symbolic/value_diagram.hpp"

namespace assay::symbolic {

ValueEdge returned(Manager& manager, const Execution& execution,
                   const std::function<std::uint32_t(std::uint32_t)>& map);

// What of a value may still matter to a stack.
std::uint32_t visible(std::uint32_t value, const seccomp::Semantics& semantics);

constexpr ValueEdge handle(std::uint32_t root) { return ValueDiagram::handle(root); }

}  // namespace assay::symbolic
