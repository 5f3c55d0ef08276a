#include "filters.hpp"

#include <algorithm>

#include "assay/text/rejection.hpp"
#include "assay/verify/accept.hpp"

namespace assay::tool {

ExitStatus for_each_filter(const CommandLine& line,
                           const std::function<ExitStatus(const load::Filter&)>& use) {
  return for_each_filter(line, line.operands(), use);
}

ExitStatus for_each_filter(const CommandLine& line, std::span<const std::string> operands,
                           const std::function<ExitStatus(const load::Filter&)>& use) {
  ExitStatus worst = yes;
  for (const std::string& operand : operands) {
    const auto filters = load::load_filters(operand, line.filter_options());
    if (!filters) {
      complain(load::describe(filters.error()));
      worst = worse(worst, status_of(filters.error()));
      continue;
    }
    for (const load::Filter& filter : *filters) worst = worse(worst, use(filter));
  }
  return worst;
}

tl::expected<verify::Program, std::string> program_of(const CommandLine& line,
                                                      const load::Filter& filter) {
  return verify::accept(filter.instructions, line.semantics())
      .map_error([&](const verify::Rejection& rejection) {
        return load::printable(filter.file) + ": rejected: " + text::to_text(rejection);
      });
}

std::optional<verify::Program> accepted(const CommandLine& line, const load::Filter& filter) {
  const auto program = program_of(line, filter);
  if (program) return *program;
  complain(program.error());
  return std::nullopt;
}

tl::expected<Stack, ExitStatus> load_stack(const CommandLine& line) {
  return load_stack(line, line.operands());
}

tl::expected<Stack, ExitStatus> load_stack(const CommandLine& line,
                                           std::span<const std::string> operands) {
  Stack stack;
  const auto add = [&](const load::Filter& filter) {
    const auto program = accepted(line, filter);
    if (!program) return no;
    stack.filters.push_back(filter);
    stack.programs.push_back(*program);
    return yes;
  };
  const ExitStatus status = for_each_filter(line, operands, add);
  if (status != yes) return tl::unexpected(status);
  return stack;
}

std::string stack_name(std::span<const std::string> files) {
  std::string name;
  for (const std::string& file : files) name += (name.empty() ? "" : " ") + file;
  return name;
}

std::optional<ExitStatus> stdin_twice(const CommandLine& line,
                                      std::span<const std::string> operands) {
  if (std::count(operands.begin(), operands.end(), "-") < 2) return std::nullopt;
  return line.usage("stdin can be one FILTER only");
}

}  // namespace assay::tool
