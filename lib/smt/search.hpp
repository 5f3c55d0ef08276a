// One Z3 context and what is searched for in it, under limits of time and memory.
#pragma once

#include <z3++.h>

#include <chrono>
#include <vector>

#include "assay/smt/solver.hpp"

namespace assay::smt {

using Clock = std::chrono::steady_clock;

class Search {
 public:
  explicit Search(std::size_t bytes);

  const std::vector<z3::expr>& inputs() const { return inputs_; }

  // An input that satisfies the formula, as Z3 has it: not confirmed.
  symbolic::Found satisfy(const z3::expr& formula, Clock::time_point deadline);
  // Whether the last search had to be broken off from outside. Z3 may refuse all further work
  // in such a context.
  bool broken() const { return broken_; }

 private:
  symbolic::Found model_of(z3::solver& solver) const;

  std::size_t bytes_;
  bool broken_ = false;
  z3::context context_;
  std::vector<z3::expr> inputs_;
};

}  // namespace assay::smt
