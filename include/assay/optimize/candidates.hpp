// Cheaper filters with the same meaning: what could be done, what it would save, and the proof.
//
// Every candidate returns the same 32 bits as the filter for every input; one that does not, or
// of which that is not decided, is no candidate. Costs are those of a workload.
#pragma once

#include <span>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "assay/cost/workload.hpp"
#include "assay/verify/program.hpp"

namespace assay::optimize {

enum class Change : std::uint8_t {
  Hoisted,  // the filter as it is, behind tests of the most frequent calls
  Tree,     // written anew, with a search that weighs calls
  Mixed,    // the same behind tests of the most frequent calls
};

struct Candidate {
  Change change{};
  std::vector<cost::CallWeight> moved;  // calls that are tested first
  verify::Program program;
  cost::MeanCost mean;
  std::uint32_t worst = 0;       // instructions, over all inputs
  std::uint32_t chain_cost = 0;  // of the budget of a thread's filters
};

// Of a stack, one filter in its place. The cheapest first: by the mean of what may be executed,
// then by length. The weights are the most frequent first.
tl::expected<std::vector<Candidate>, symbolic::NotDecided> candidates(
    std::span<const verify::Program> oldest_first, std::span<const cost::CallWeight> weights,
    const seccomp::Semantics& semantics = {}, const symbolic::Budget& budget = {});

}  // namespace assay::optimize
