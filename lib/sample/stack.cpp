#include "assay/sample/stack.hpp"

#include <algorithm>

#include "assay/sample/program.hpp"

namespace assay::sample {

std::vector<verify::Program> stack(Random& random, std::size_t deepest) {
  const std::size_t depth =
      1 + random.below(static_cast<std::uint32_t>(std::max<std::size_t>(deepest, 1)));
  std::vector<verify::Program> filters;
  while (filters.size() < depth) {
    // A filter twice, as programs that start each other install it.
    const bool again = !filters.empty() && random.one_in(6);
    filters.push_back(again ? verify::Program(random.pick(filters)) : accepted_program(random, 48));
  }
  return filters;
}

}  // namespace assay::sample
