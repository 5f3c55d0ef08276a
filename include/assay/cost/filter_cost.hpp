// What a filter, or a stack, costs in instructions executed: exact bounds over all inputs, for
// one system call, and for what a recording tells of one.
//
//   const auto cost = FilterCost::of(programs);
//   cost->call(arch, nr).worst.instructions        // and .witness, an input that takes so many
//
// Counts are those of all filters of a stack, since the kernel runs them all. Whether it runs
// any is bitmap_place()'s to say. Immutable; threads may share it.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <tl/expected.hpp>
#include <vector>

#include "assay/seccomp/seccomp_data.hpp"
#include "assay/symbolic/budget.hpp"
#include "assay/symbolic/value_table.hpp"
#include "assay/trace/call.hpp"

namespace assay::cost {

struct Bound {
  std::uint32_t instructions = 0;
  seccomp::Words witness{};
};

struct Bounds {
  Bound best;
  Bound worst;
};

class FilterCost {
 public:
  static tl::expected<FilterCost, symbolic::NotDecided> of(
      std::span<const verify::Program> oldest_first, const seccomp::Semantics& semantics = {},
      const symbolic::Budget& budget = {});

  Bounds everywhere() const { return bounds({}, {}); }
  Bounds call(std::uint32_t arch, std::uint32_t nr) const;
  // Over all inputs that agree with what is known of the call, assumed bits not counted.
  Bounds call(const trace::Call& recorded) const;
  std::uint32_t exactly(const seccomp::Words& words) const { return counts_.at(words); }

 private:
  explicit FilterCost(symbolic::ValueTable counts);
  Bounds bounds(const seccomp::Words& known, const seccomp::Words& values) const;

  struct Extremes {
    std::uint32_t least, most;
    std::uint16_t words;  // on which the count still depends
  };
  class Search;
  Extremes extremes(symbolic::ValueTable::Place place) const;

  symbolic::ValueTable counts_;
  std::vector<Extremes> extremes_;  // of each node
};

}  // namespace assay::cost
