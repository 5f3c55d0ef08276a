// Random stacks of filters, in which ties and every order of actions occur.
#pragma once

#include <vector>

#include "assay/sample/random.hpp"
#include "assay/verify/program.hpp"

namespace assay::sample {

// Oldest first; 1 to `deepest` accepted programs.
std::vector<verify::Program> stack(Random& random, std::size_t deepest = 6);

}  // namespace assay::sample
