// The FILTER operands of a command, loaded one by one.
#pragma once

#include <functional>
#include <vector>

#include "assay/load/filter.hpp"
#include "assay/verify/program.hpp"
#include "command_line.hpp"

namespace assay::tool {

// Hands each filter to `use` in the order of the operands, complains of those that cannot be
// loaded, goes on, and returns the worst status of all.
ExitStatus for_each_filter(const CommandLine& line,
                           const std::function<ExitStatus(const load::Filter&)>& use);

// All filters as one stack, or the status to end with: one that cannot be loaded or that the
// kernel rejects has been complained of.
struct Stack {
  std::vector<load::Filter> filters;
  std::vector<verify::Program> programs;
};
tl::expected<Stack, ExitStatus> load_stack(const CommandLine& line);

}  // namespace assay::tool
