// The function of what a program returns, or an execution of it.
#pragma once

#include <cstdint>

#include "assay/seccomp/verdict.hpp"
#include "assay/symbolic/manager.hpp"
#include "symbolic/execution.hpp"
#include "symbolic/value_diagram.hpp"

namespace assay::symbolic {

// What of a returned value is told apart.
enum class Kept : std::uint8_t {
  Everything,  // all 32 bits
  ForStack,    // data that somebody can see; of an unknown action its place in the order
  Meaning,     // Verdict::normalised()
};

ValueEdge meaning_of(Manager& manager, const verify::Program& program,
                     const seccomp::Semantics& semantics, Kept kept);
ValueEdge returned(Manager& manager, const Execution& execution,
                   const seccomp::Semantics& semantics, Kept kept);

constexpr ValueEdge handle(std::uint32_t root) { return ValueDiagram::handle(root); }

}  // namespace assay::symbolic
