// The same question put to BuDDy, the decision diagram library that every Debian machine has:
// a straightforward symbolic execution in which words are 32 bdds, in one forward pass, with
// paths merged where they meet and registers forgotten once nothing reads them.
#pragma once

#include <cstdint>
#include <vector>

#include "assay/symbolic/order.hpp"
#include "assay/verify/program.hpp"

namespace assay::bench {

struct BuddyAnswer {
  double milliseconds = 0;  // of CPU time, without the making of the tables
  // log2 of the number of inputs for each value returned, values rising
  std::vector<std::pair<std::uint32_t, double>> inputs;
};

// Tables of this size, made before the clock starts and never grown.
BuddyAnswer execute_with_buddy(const verify::Program& program, const symbolic::Order& order,
                               int nodes, int cache);

}  // namespace assay::bench
