// A 32-bit value as 32 functions of the input, and the arithmetic of filters on such values.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "assay/bpf/opcode.hpp"
#include "assay/seccomp/semantics.hpp"
#include "symbolic/diagram.hpp"

namespace assay::symbolic {

struct Word {
  std::array<Edge, 32> bits;  // [0] is the lowest

  friend bool operator==(const Word&, const Word&) = default;

  static Word constant(std::uint32_t value) {
    Word result;
    for (std::size_t i = 0; i < 32; ++i) result.bits[i] = (value >> i & 1) != 0 ? yes : no;
    return result;
  }
  // Its value, when it does not depend on the input.
  std::optional<std::uint32_t> constant() const {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 32; ++i) {
      if (bits[i].index() != 0) return std::nullopt;
      if (bits[i] == yes) value |= 1U << i;
    }
    return value;
  }
};

Word choice(Diagram& diagram, Edge condition, const Word& then, const Word& otherwise);

// A op B for Add to Neg; a division is by a B that is not 0.
Word arithmetic(Diagram& diagram, bpf::Operation operation, const Word& a, const Word& b,
                seccomp::ShiftRule shift);

// Where A is equal to, above, at least, or has a bit in common with B.
Edge compare(Diagram& diagram, bpf::Operation comparison, const Word& a, const Word& b);

// The comparison as a chain, where A's bits are single variables in the order of the diagram.
struct ChainLinks {
  std::array<Link, 32> links;
  std::size_t count = 0;
  bool end = false;
  Chain chain() const { return {{links.data(), count}, end}; }
};
std::optional<ChainLinks> compare_chain(const Diagram& diagram, bpf::Operation comparison,
                                        const Word& a, std::uint32_t k);

}  // namespace assay::symbolic
