// How many instructions a filter executes, as a function of the input: every path at once, with
// a counter carried along, so that what no input does is not counted.
//
// The result is a VerdictFunction whose leaves are counts: those that engine::Interpreter and
// engine::FilterStack report, exact for every input.
#pragma once

#include <span>

#include "assay/symbolic/verdict_function.hpp"

namespace assay::symbolic {

VerdictFunction::Decided executed(Manager& manager, const verify::Program& program,
                                  const seccomp::Semantics& semantics = {});
// Of all filters of a stack together.
VerdictFunction::Decided executed_by_stack(Manager& manager,
                                           std::span<const verify::Program> oldest_first,
                                           const seccomp::Semantics& semantics = {});

}  // namespace assay::symbolic
