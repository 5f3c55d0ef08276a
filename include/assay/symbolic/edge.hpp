// A boolean function of the input bits: a node of a Diagram, and whether it is meant negated.
// Equal functions of one diagram are equal edges. A type of its own, not a number: an edge
// means nothing without its diagram.
#pragma once

#include <cstdint>

namespace assay::symbolic {

class Edge {
 public:
  constexpr Edge() = default;  // the function that is true everywhere
  constexpr Edge operator!() const { return Edge(bits_ ^ 1); }
  friend constexpr bool operator==(Edge, Edge) = default;
  friend constexpr bool operator<(Edge a, Edge b) { return a.bits_ < b.bits_; }

  constexpr bool negated() const { return (bits_ & 1) != 0; }
  constexpr std::uint32_t index() const { return bits_ >> 1; }
  constexpr std::uint32_t hash() const { return bits_; }

 private:
  friend class Diagram;
  explicit constexpr Edge(std::uint32_t bits) : bits_(bits) {}
  constexpr Edge negated_if(bool condition) const {
    return Edge(bits_ ^ static_cast<std::uint32_t>(condition));
  }
  std::uint32_t bits_ = 0;
};

inline constexpr Edge yes{};
inline constexpr Edge no = !yes;

}  // namespace assay::symbolic
