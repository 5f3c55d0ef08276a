// Inputs that together pass every place of a program that some input passes: a test set, and
// what none can reach. Few, since each marks all that it passes and later ones are for the
// rest; each is confirmed by the interpreter.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "assay/symbolic/question.hpp"

namespace assay::symbolic {

// Every instruction; every edge that the structure has, in order.
std::vector<Place> instructions_of(const verify::Program& program);
std::vector<Place> edges_of(const verify::Program& program);

struct Covering {
  std::vector<seccomp::Words> inputs;
  std::size_t reached = 0;        // places that they pass
  std::vector<Place> infeasible;  // that no input passes
  std::vector<Place> open;        // about which nobody could say, and why
  std::optional<Unanswered> why;
};

Covering cover(const verify::Program& program, std::span<const Place> places,
               const seccomp::Semantics& semantics, const Budget& budget,
               const DeciderFactory& decider);

}  // namespace assay::symbolic
