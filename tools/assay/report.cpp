// assay report: one page about a target, or about two side by side.
#include "assay/audit/machine.hpp"
#include "assay/report/page.hpp"
#include "audit_targets.hpp"
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

// A target and the filters that --stack-a or --stack-b put on top of it.
Named named(const CommandLine& line, std::size_t operand) {
  const std::string& target = line.operands()[operand];
  Named result{target == "-" ? "standard input" : target, {target}};
  const auto& newer = line.texts(operand == 0 ? "stack-a" : "stack-b");
  if (newer.empty()) return result;
  result.name += " and " + std::to_string(newer.size()) +
                 (newer.size() == 1 ? " filter" : " filters") + " above it";
  result.filters.insert(result.filters.end(), newer.begin(), newer.end());
  return result;
}

tl::expected<audit::Surroundings, ExitStatus> read_surroundings(const CommandLine& line) {
  const auto kernel = line.choice("kernel", {"unknown", "running"});
  if (!kernel) return tl::unexpected(kernel.error());
  audit::Surroundings surroundings;
  if (*kernel == "running") surroundings.machine = audit::running_machine();
  if (line.has("semantics") || *kernel == "unknown")
    surroundings.machine.semantics = line.semantics();
  return surroundings;
}

tl::expected<report::Subject, Problem> subject_of(const CommandLine& line, const Named& target,
                                                  const audit::Surroundings& surroundings,
                                                  const symbolic::Budget& budget) {
  auto loaded = load_target(target, line, surroundings);
  if (!loaded) return tl::unexpected(loaded.error());
  report::Subject subject;
  audit::Options options;
  options.budget = budget;
  auto outline = audit::audit(loaded->target, options);
  if (outline) {
    audit::locate(loaded->target, loaded->sources, *outline);
    subject.findings =
        audit::select(target.name, std::move(outline->findings), loaded->suppressions.good, {})
            .told;
  } else {
    subject.without_findings = "Not decided within the budget.";
  }
  subject.target = std::move(loaded->target);
  subject.target.name = load::printable(target.name);
  return subject;
}

ExitStatus status_of(const std::vector<report::Subject>& subjects) {
  for (const report::Subject& subject : subjects)
    if (!subject.without_findings.empty()) return not_decided;
  return yes;
}

// What is wrong with how the command was called, if anything.
std::optional<ExitStatus> misused(const CommandLine& line) {
  const std::size_t count = line.operands().size();
  if (count < 1 || count > 2) return line.usage("expected a TARGET, or two");
  if (line.json()) return line.usage("a page has no JSON form: see assay audit --format json");
  if (count < 2 && !line.texts("stack-b").empty())
    return line.usage("--stack-b is for TARGET2, and there is none");
  std::vector<std::string> all = line.operands();
  for (const char* const more : {"stack-a", "stack-b"})
    all.insert(all.end(), line.texts(more).begin(), line.texts(more).end());
  return stdin_twice(line, all);
}

}  // namespace

ExitStatus run_report(const Arguments& arguments) {
  CommandLine line(manual);
  line.add_input_format();
  line.add({{"stack-a", OptionKind::Texts, "FILTER",
             "a filter on top of TARGET, so that it is a stack (repeatable, oldest first)"},
            {"stack-b", OptionKind::Texts, "FILTER", "the same for TARGET2"},
            {"kernel", OptionKind::Text, "WHICH",
             "unknown|running: what is known of the machine; running: this one"}});
  add_budget_options(line);
  if (const auto status = line.parse(arguments)) return *status;
  if (const auto status = misused(line)) return *status;
  const auto budget = read_budget(line);
  if (!budget) return budget.error();
  const auto surroundings = read_surroundings(line);
  if (!surroundings) return surroundings.error();

  std::vector<report::Subject> subjects;
  for (std::size_t i = 0; i < line.operands().size(); ++i) {
    auto subject = subject_of(line, named(line, i), *surroundings, *budget);
    if (!subject) {
      complain(subject.error().sentence);
      return subject.error().status;
    }
    subjects.push_back(std::move(*subject));
  }
  auto output = line.open_output();
  if (!output) return output.error();
  report::PageOptions options;
  options.semantics = surroundings->machine.semantics;
  options.budget = *budget;
  output->write(report::page(subjects, options));
  return output->finish(status_of(subjects));
}

}  // namespace assay::tool
