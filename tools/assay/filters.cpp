#include "filters.hpp"

#include "assay/text/rejection.hpp"
#include "assay/verify/accept.hpp"

namespace assay::tool {

ExitStatus for_each_filter(const CommandLine& line,
                           const std::function<ExitStatus(const load::Filter&)>& use) {
  ExitStatus worst = yes;
  for (const std::string& operand : line.operands()) {
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

tl::expected<Stack, ExitStatus> load_stack(const CommandLine& line) {
  Stack stack;
  const ExitStatus status = for_each_filter(line, [&](const load::Filter& filter) {
    const auto program = verify::accept(filter.instructions, line.semantics());
    if (!program) {
      complain(load::printable(filter.file) + ": rejected: " + text::to_text(program.error()));
      return no;
    }
    stack.filters.push_back(filter);
    stack.programs.push_back(*program);
    return yes;
  });
  if (status != yes) return tl::unexpected(status);
  return stack;
}

}  // namespace assay::tool
