// What `assay cost` found out, for those who write it down: as text, as JSON, as plots.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "assay/cost/calls.hpp"
#include "assay/cost/measured.hpp"
#include "assay/optimize/candidates.hpp"
#include "command_line.hpp"
#include "filters.hpp"

namespace assay::tool {

struct CostStudy {
  Stack stack;
  std::uint32_t chain_length = 0;
  std::uint32_t room = 0;  // how often the newest filter still fits
  cost::Bounds everywhere;
  std::vector<cost::CallRow> rows;
  // With --trace.
  struct Recording {
    std::uint64_t calls = 0;
    std::uint64_t left_out = 0;
    double least = 0, most = 0;  // instructions per call, if no call were in the bitmap
    cost::MeanCost mean;         // as the kernel has it
  };
  std::optional<Recording> recording;
  // With --advice: what it costs now, for even weights without a recording.
  std::optional<std::vector<optimize::Candidate>> candidates;
  cost::MeanCost before;
  std::optional<cost::Measured> measured;  // with --measure
};

std::string cost_text(const CommandLine& line, const CostStudy& study);
std::string cost_json(const CommandLine& line, const CostStudy& study);

// SVG: instructions by call, before and after; nanoseconds over the depth of the chain.
std::string plot_of_calls(const CostStudy& study);
std::string plot_of_depth(const cost::Measured& measured);

// "tree", "clone, futex first", ...
std::string title(const optimize::Candidate& candidate);

}  // namespace assay::tool
