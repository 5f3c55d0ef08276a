#include "assay/sample/constants.hpp"

namespace assay::sample {

std::uint32_t near(Random& random, std::uint32_t n) { return n + random.below(3) - 1; }

std::uint32_t any_constant(Random& random) {
  switch (random.below(8)) {
    case 0: return random.bits();
    case 1: return 1U << random.below(32);
    case 2: return near(random, random.pick(boundary_constants));
    default: return random.pick(boundary_constants);
  }
}

}  // namespace assay::sample
