// A program as formulas: one pass in the order of the instructions, merging paths that meet,
// so that a formula grows with the program and not with its paths.
#pragma once

#include <z3++.h>

#include <vector>

#include "assay/seccomp/semantics.hpp"
#include "assay/symbolic/decider.hpp"
#include "assay/verify/program.hpp"

namespace assay::smt {

struct Return {
  z3::expr condition;
  z3::expr value;
};

struct Execution {
  std::vector<z3::expr> reached;  // by instruction
  std::vector<z3::expr> taken;    // of a branch: reached, and its condition holds
  std::vector<z3::expr> passed;   // and fails; of a division by X: X is not 0; else reached
  std::vector<Return> returns;    // conditions are disjoint and cover every input

  // What leads to a place.
  z3::expr passing(const verify::Program& program, const symbolic::Place& place) const;
};

// `inputs` are the sixteen words.
Execution execute(const std::vector<z3::expr>& inputs, const verify::Program& program,
                  seccomp::ShiftRule shift);

}  // namespace assay::smt
