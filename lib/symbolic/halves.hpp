// 64-bit arguments of which only half is looked at, read off the function: for each
// architecture and each group of system calls that it treats alike, which bits of the two
// words of an argument matter.
#pragma once

#include <vector>

#include "assay/symbolic/findings.hpp"

namespace assay::symbolic {

std::vector<Finding> halves_of(const verify::Program& program, const VerdictFunction& function,
                               const seccomp::Semantics& semantics);

}  // namespace assay::symbolic
