// A function from the input to 32-bit values as plain data, free of any manager: what an
// engine or a code generator is made from.
//
// Walk from `root`: a place below nodes.size() is a node, whose bit says where to go on; from
// there on places stand for values[place - nodes.size()].
#pragma once

#include <cstdint>
#include <vector>

#include "assay/symbolic/order.hpp"
#include "assay/symbolic/verdict_function.hpp"

namespace assay::symbolic {

struct ValueTable {
  using Place = std::uint32_t;
  struct Node {
    InputBit bit;
    Place low;   // where the bit is 0
    Place high;  // where it is 1
  };

  std::vector<Node> nodes;            // each after its children
  std::vector<std::uint32_t> values;  // each once
  Place root = 0;

  static ValueTable of(const VerdictFunction& function);

  bool is_value(Place place) const { return place >= nodes.size(); }
  std::uint32_t value(Place place) const { return values[place - nodes.size()]; }
  std::uint32_t at(const seccomp::Words& words) const;
};

}  // namespace assay::symbolic
