// Regions: instructions that do nothing but compare one unchanged A with constants.
//
// Most of a filter is such code, a linear run or a search tree over system call numbers. What
// reaches an instruction there is a set of values of A, and sets of values are cheap; a
// condition on the input is needed only for each exit, not for the hundreds of instructions
// between.
#pragma once

#include <cstdint>
#include <vector>

#include "assay/verify/program.hpp"
#include "symbolic/interval_set.hpp"

namespace assay::symbolic {

class Regions {
 public:
  explicit Regions(const verify::Program& program);

  // Whether pc is the entry of a region of several comparisons.
  bool starts(std::size_t pc) const { return members_[pc] > 1; }

  // An instruction of a region, and one value of A, if there is any, with which it is passed:
  // at all, with its condition holding, and failing.
  struct Step {
    std::size_t pc;
    std::uint32_t any;
    bool holds = false, fails = false;
    std::uint32_t holding = 0, failing = 0;
  };
  struct Exit {
    std::size_t target;
    IntervalSet values;
  };
  struct Passage {
    std::vector<Step> steps;
    std::vector<Exit> exits;  // targets rising
  };
  // Where these values of A go from the entry.
  Passage pass(std::size_t entry, IntervalSet values) const;

 private:
  const verify::Program& program_;
  std::vector<std::size_t> entry_;    // of the region that pc belongs to; size() for none
  std::vector<std::size_t> members_;  // comparisons in the region that starts at pc
};

}  // namespace assay::symbolic
