// Rules as chains of comparisons, for the runtimes whose compilers are their own: by number,
// then rule after rule, the first that holds decides. What such a compiler means is modelled,
// not how its instructions lie.
#pragma once

#include "assay/profile/compile.hpp"

namespace assay::profile {

// For a little-endian arch. Rules of calls that it does not have are an error.
Compiled compile_chains(const RuleSet& rules, const Environment& environment);

}  // namespace assay::profile
