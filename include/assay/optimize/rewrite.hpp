// A filter written anew from what it means: loads of arch and nr, a search for the number, and
// for calls whose verdict depends on more, only the comparisons on which it does.
//
// What is written is a claim until it is proven: candidates.hpp compares verdict functions.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "assay/bpf/instruction.hpp"
#include "assay/symbolic/value_table.hpp"

namespace assay::optimize {

// How much each number of an arch weighs; every number counts a little more than 0.
using Weight = std::function<double(std::uint32_t arch, std::uint32_t nr)>;

struct Plan {
  Weight weight;
  // Numbers that are tested one by one before the search, in this order.
  struct Number {
    std::uint32_t arch;
    std::uint32_t nr;
  };
  std::vector<Number> first;
};

std::vector<bpf::Instruction> rewrite(const symbolic::ValueTable& function, const Plan& plan);

// The instructions as they are behind tests of some numbers whose verdict depends on nothing
// else; other numbers of the plan are left out.
std::vector<bpf::Instruction> hoisted(std::span<const bpf::Instruction> instructions,
                                      const symbolic::ValueTable& function, const Plan& plan);

}  // namespace assay::optimize
