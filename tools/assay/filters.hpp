// The FILTER operands of a command, loaded one by one.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "assay/load/filter.hpp"
#include "assay/verify/program.hpp"
#include "command_line.hpp"

namespace assay::tool {

// Hands each filter to `use` in the order of the operands, complains of those that cannot be
// loaded, goes on, and returns the worst status of all.
ExitStatus for_each_filter(const CommandLine& line,
                           const std::function<ExitStatus(const load::Filter&)>& use);
// The same for arguments that are not all of the operands.
ExitStatus for_each_filter(const CommandLine& line, std::span<const std::string> operands,
                           const std::function<ExitStatus(const load::Filter&)>& use);

// The filter's program, or a sentence that the kernel rejects it and why.
tl::expected<verify::Program, std::string> program_of(const CommandLine& line,
                                                      const load::Filter& filter);
// Nothing, after a complaint, when the kernel rejects the filter.
std::optional<verify::Program> accepted(const CommandLine& line, const load::Filter& filter);

// All filters as one stack, or the status to end with: one that cannot be loaded or that the
// kernel rejects has been complained of.
struct Stack {
  std::vector<load::Filter> filters;
  std::vector<verify::Program> programs;
};
tl::expected<Stack, ExitStatus> load_stack(const CommandLine& line);
tl::expected<Stack, ExitStatus> load_stack(const CommandLine& line,
                                           std::span<const std::string> operands);

// What a stack of these files is called.
std::string stack_name(std::span<const std::string> files);

// A complaint when stdin is named more than once.
std::optional<ExitStatus> stdin_twice(const CommandLine& line,
                                      std::span<const std::string> operands);

}  // namespace assay::tool
