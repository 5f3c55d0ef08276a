// assay fingerprint: a digest that is equal exactly when the meaning is.
#include "assay/symbolic/verdict_function.hpp"
#include "budget_options.hpp"
#include "filters.hpp"

namespace assay::tool {
namespace {

constexpr Manual manual{
    "fingerprint", "FILTER...",
    "Prints a digest of what each filter means: two are equal exactly when the filters answer\n"
    "every system call alike, however they are written.",
    "FILTER is a file, - for stdin, or pid:N (the filters of a live process; pid:N/I for one of\n"
    "them, 0 = oldest). A digest is the same on every machine, and one of --semantics.\n"
    "Exit status: 0, 1 when a filter is rejected, 3 unreadable or malformed, 5 not decided\n"
    "within the budget (the others are printed all the same); of several the highest.",
    "  $ printf 'ld [nr]\\nret #ALLOW\\n' | assay fingerprint -\n"
    "  a1:6a7a6dedd23c0fa1fe90cb7e9a0c2a46e580e92f7702a651f15c4a5d6d4f971d  -"};

struct Printer {
  const CommandLine& line;
  const symbolic::Budget& budget;
  Output& output;

  ExitStatus operator()(const std::string& name, std::span<const verify::Program> stack) const {
    const auto digest = symbolic::fingerprint(stack, line.semantics(), budget);
    const symbolic::Unanswered open{digest ? symbolic::NotDecided{} : digest.error(), {}};
    if (!digest) undecided(name, open, budget);
    if (line.json()) {
      Json json = json_document(line.semantics());
      json["file"] = name;
      json["fingerprint"] = digest ? Json(*digest) : Json();
      if (!digest) json["not_decided"] = counters_json(open);
      output.write(json_line(json));
    } else if (digest) {
      output.write(*digest + "  " + load::printable(name) + "\n");
    }
    return digest ? yes : not_decided;
  }
};

ExitStatus of_stack(const CommandLine& line, const Printer& print) {
  const auto stack = load_stack(line);
  if (!stack) return stack.error();
  std::string name;
  for (const std::string& operand : line.operands()) name += (name.empty() ? "" : " ") + operand;
  return print(name, stack->programs);
}

ExitStatus of_each(const CommandLine& line, const Printer& print) {
  return for_each_filter(line, [&](const load::Filter& filter) {
    const auto program = accepted(line, filter);
    if (!program) return no;
    return print(filter.file, std::span(&*program, 1));
  });
}

}  // namespace

ExitStatus run_fingerprint(const Arguments& arguments) {
  CommandLine line(manual);
  line.add_input_format();
  line.add(
      {{"stack", OptionKind::Flag, "", "one digest of all filters as one stack, oldest first"}});
  add_budget_options(line);
  if (const auto status = line.parse(arguments)) return *status;
  if (line.operands().empty()) return line.usage("expected a FILTER");
  const auto budget = read_budget(line);
  if (!budget) return budget.error();
  auto output = line.open_output();
  if (!output) return output.error();
  const Printer print{line, *budget, *output};
  return output->finish(line.has("stack") ? of_stack(line, print) : of_each(line, print));
}

}  // namespace assay::tool
