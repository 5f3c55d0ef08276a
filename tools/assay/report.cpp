// assay report: one page about a target, or about two side by side.
#include "assay/report/page.hpp"
#include "budget_options.hpp"
#include "filters.hpp"

namespace assay::tool {
namespace {

constexpr Manual manual{
    "report", "TARGET [TARGET2]",
    "Writes one HTML page about a filter or a stack, or about two side by side: findings, the\n"
    "whole policy as a table, the filters as pictures and listings, cost, and a form that\n"
    "evaluates a call. The page loads nothing from anywhere.",
    "TARGET is a file, - for stdin, or pid:N (the filters of a live process; pid:N/I for one of\n"
    "them). The pictures are laid out by Graphviz (dot) where it is installed.\n"
    "Exit status: 0 the page is written, 5 too, and a part of it was not decided within the\n"
    "budget, which the page says.",
    "  $ printf 'ld [nr]\\njne #59, +1\\nret #LOG\\nret #ALLOW\\n' | assay report - | head -n 2\n"
    "  <!doctype html>\n"
    "  <html lang=\"en\">"};

tl::expected<Stack, ExitStatus> load_side(const CommandLine& line, std::size_t operand,
                                          const char* more) {
  std::vector<std::string> files{line.operands()[operand]};
  const auto& newer = line.texts(more);
  files.insert(files.end(), newer.begin(), newer.end());
  return load_stack(line, files);
}

report::Subject subject_of(const CommandLine& line, const Stack& stack) {
  report::Subject subject;
  for (std::size_t i = 0; i < stack.filters.size(); ++i)
    subject.target.filters.push_back(
        {load::printable(stack.filters[i].file), stack.programs[i], stack.filters[i].flags});
  subject.target.surroundings.machine.semantics = line.semantics();
  subject.without_findings = "Not looked for.";
  return subject;
}

std::string name_of(const std::string& operand, const Stack& stack) {
  std::string name = load::printable(operand == "-" ? "standard input" : operand);
  const std::size_t more = stack.filters.size() - 1;
  if (more > 0 && !operand.starts_with("pid:"))
    name += " and " + std::to_string(more) + (more == 1 ? " filter" : " filters") + " above it";
  return name;
}

}  // namespace

ExitStatus run_report(const Arguments& arguments) {
  CommandLine line(manual);
  line.add_input_format();
  line.add({{"stack-a", OptionKind::Texts, "FILTER",
             "a filter on top of TARGET, so that it is a stack (repeatable, oldest first)"},
            {"stack-b", OptionKind::Texts, "FILTER", "the same for TARGET2"}});
  add_budget_options(line);
  if (const auto status = line.parse(arguments)) return *status;
  const std::size_t count = line.operands().size();
  if (count < 1 || count > 2) return line.usage("expected a TARGET, or two");
  if (line.json()) return line.usage("a page has no JSON form: see assay audit --format json");
  if (count < 2 && !line.texts("stack-b").empty())
    return line.usage("--stack-b is for TARGET2, and there is none");
  std::vector<std::string> all = line.operands();
  for (const char* const more : {"stack-a", "stack-b"})
    all.insert(all.end(), line.texts(more).begin(), line.texts(more).end());
  if (const auto status = stdin_twice(line, all)) return *status;
  const auto budget = read_budget(line);
  if (!budget) return budget.error();

  std::vector<report::Subject> subjects;
  for (std::size_t i = 0; i < count; ++i) {
    const auto stack = load_side(line, i, i == 0 ? "stack-a" : "stack-b");
    if (!stack) return stack.error();
    subjects.push_back(subject_of(line, *stack));
    subjects.back().target.name = name_of(line.operands()[i], *stack);
  }
  auto output = line.open_output();
  if (!output) return output.error();
  report::PageOptions options;
  options.semantics = line.semantics();
  options.budget = *budget;
  output->write(report::page(subjects, options));
  return output->finish(yes);
}

}  // namespace assay::tool
