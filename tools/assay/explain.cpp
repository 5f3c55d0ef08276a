// assay explain: the whole policy of a filter, per arch and system call.
#include "assay/report/json.hpp"
#include "assay/text/policy.hpp"
#include "assay/text/verdict.hpp"
#include "budget_options.hpp"
#include "filters.hpp"

namespace assay::tool {
namespace {

constexpr Manual manual{
    "explain", "FILTER...",
    "Prints the whole policy of each filter: for each arch its default verdict and, for system\n"
    "calls that are treated alike, the verdict and the condition on the arguments.",
    "FILTER is a file, - for stdin, or pid:N (the filters of a live process; pid:N/I for one of\n"
    "them, 0 = oldest). Filters that mean the same have the same policy, however they are "
    "written.\n"
    "Exit status: 0, 1 when a filter is rejected, 3 unreadable or malformed, 5 not decided\n"
    "within the budget (the others are printed all the same); of several the highest.",
    "  $ printf 'ld [nr]\\njne #59, +1\\nret #ERRNO(1)\\nret #ALLOW\\n' | assay explain - --arch "
    "x86\n"
    "  x86\n"
    "    default: ALLOW (all else: numbers of no call, nr -1)\n"
    "    ERRNO(1): oldolduname"};

struct Explainer {
  const CommandLine& line;
  const symbolic::Budget& budget;
  text::PolicyOptions options;
  Output& output;
  bool with_names;  // of files, in text

  // `files`: what the stack is made of.
  ExitStatus operator()(const std::vector<std::string>& files,
                        std::span<const verify::Program> stack) const;
};

ExitStatus Explainer::operator()(const std::vector<std::string>& files,
                                 std::span<const verify::Program> stack) const {
  symbolic::Manager manager(symbolic::Order::fixed(), budget);
  const auto function = symbolic::VerdictFunction::of_stack(manager, stack, line.semantics());
  const auto policy =
      function ? text::policy_of(*function, options)
               : tl::unexpected(text::Unexplained{function.error(), "the verdict function"});
  Json json = json_document(line.semantics());
  json["file"] = stack_name(files);
  if (policy) {
    if (line.json()) {
      json["archs"] = Json::array();
      for (const text::ArchPolicy& arch : *policy)
        json["archs"].push_back(report::policy_json(arch, line.semantics()));
      output.write(json_line(json));
    } else {
      if (with_names) output.write(load::printable(stack_name(files)) + "\n");
      output.write(text::to_text(*policy, line.semantics()));
    }
    return yes;
  }
  const text::Unexplained& why = policy.error();
  const symbolic::Unanswered open{why.budget, {}};
  const bool no_form = why.budget.limit == symbolic::Limit::None;
  if (line.json()) {
    json["archs"] = Json();
    json["not_decided"] = counters_json(open);
    if (no_form) json["not_decided"]["limit"] = "form";
    json["not_decided"]["where"] = why.where;
    output.write(json_line(json));
  }
  if (!no_form) return undecided(stack_name(files) + ": " + why.where, open, budget);
  complain(load::printable(stack_name(files)) +
           ": not decided: no short form of the condition of " + why.where);
  return not_decided;
}

ExitStatus of_stack(const CommandLine& line, const Explainer& explain) {
  const auto stack = load_stack(line);
  if (!stack) return stack.error();
  std::vector<std::string> files;
  for (const load::Filter& filter : stack->filters) files.push_back(filter.file);
  return explain(files, stack->programs);
}

ExitStatus of_each(const CommandLine& line, const Explainer& explain) {
  return for_each_filter(line, [&](const load::Filter& filter) {
    const auto program = accepted(line, filter);
    if (!program) return no;
    return explain({filter.file}, std::span(&*program, 1));
  });
}

tl::expected<text::PolicyOptions, ExitStatus> read_options(const CommandLine& line) {
  text::PolicyOptions options;
  options.machine = line.semantics().machine;
  if (!line.has("arch")) return options;
  const std::string found = line.text("arch");
  options.only = seccomp::find_arch(found);
  if (options.only) return options;
  std::vector<std::string_view> known;
  for (const seccomp::ArchInfo& info : seccomp::arches) known.push_back(info.token);
  return tl::unexpected(line.usage("option '--arch': found '" + load::printable(found, 80) +
                                   "', expected an arch such as x86_64" +
                                   did_you_mean(found, known)));
}

}  // namespace

ExitStatus run_explain(const Arguments& arguments) {
  CommandLine line(manual);
  line.add_input_format();
  line.add({{"stack", OptionKind::Flag, "", "all filters as one stack, oldest first"},
            {"arch", OptionKind::Text, "ARCH", "this arch alone, such as x86_64"}});
  add_budget_options(line);
  if (const auto status = line.parse(arguments)) return *status;
  if (line.operands().empty()) return line.usage("expected a FILTER");
  const auto options = read_options(line);
  if (!options) return options.error();
  const auto budget = read_budget(line);
  if (!budget) return budget.error();
  auto output = line.open_output();
  if (!output) return output.error();
  const bool several = line.operands().size() > 1 || line.operands()[0].starts_with("pid:");
  const Explainer explain{line, *budget, *options, *output, several && !line.has("stack")};
  return output->finish(line.has("stack") ? of_stack(line, explain) : of_each(line, explain));
}

}  // namespace assay::tool
