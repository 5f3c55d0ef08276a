// Filters that are hard for some way of deciding them: paths without number, values that grow
// along them, conditions on 64-bit arguments, and arithmetic that no diagram is small for.
#pragma once

#include <string>
#include <vector>

#include "assay/verify/program.hpp"

namespace assay::bench {

struct Puzzle {
  std::string name;
  verify::Program program;
};

// 512 JSETs over distinct bits, one after the other: without effect; each for a bit of M[0],
// whose final value picks the return; 16 of them for a value that is compared.
Puzzle idle_diamonds();
Puzzle gathering_diamonds();
Puzzle building_diamonds();
// 400 system calls with one to three conditions on one or two 64-bit arguments.
Puzzle conditional_calls();

// A union of 100 random boxes in the low words of six arguments; a product of two arguments
// compared with a third.
Puzzle boxes();
Puzzle product();

}  // namespace assay::bench
