// assay fingerprint: a digest that is equal exactly when the meaning is.
#include "assay/symbolic/verdict_function.hpp"
#include "audit_targets.hpp"
#include "budget_options.hpp"
#include "filters.hpp"
#include "long_job.hpp"

namespace assay::tool {
namespace {

constexpr Manual manual{
    "fingerprint", "FILTER...",
    "Prints a digest of what each filter means: two are equal exactly when the filters answer\n"
    "every system call alike, however they are written.",
    "FILTER is a file, - for stdin, or pid:N (the filters of a live process; pid:N/I for one of\n"
    "them, 0 = oldest). Of a folder, pid:* (all processes), a list, or with --shard and the like\n"
    "each file or process is one stack. A digest is the same on every machine, and one of "
    "--semantics.\n"
    "Exit status: 0, 1 when a filter is rejected, 3 unreadable or malformed, 5 not decided\n"
    "within the budget (the others are printed all the same); of several the highest.",
    "  $ printf 'ld [nr]\\nret #ALLOW\\n' | assay fingerprint -\n"
    "  a1:6a7a6dedd23c0fa1fe90cb7e9a0c2a46e580e92f7702a651f15c4a5d6d4f971d  -"};

using Decided = tl::expected<std::string, symbolic::NotDecided>;

Json fingerprint_json(const CommandLine& line, const std::string& name, const Decided& digest) {
  Json json = json_document(line.semantics());
  json["file"] = name;
  json["fingerprint"] = digest ? Json(*digest) : Json();
  if (!digest) json["not_decided"] = counters_json({digest.error(), {}});
  return json;
}

struct Printer {
  const CommandLine& line;
  const symbolic::Budget& budget;
  Output& output;

  ExitStatus operator()(const std::string& name, std::span<const verify::Program> stack) const {
    const Decided digest = symbolic::fingerprint(stack, line.semantics(), budget);
    if (!digest) undecided(name, {digest.error(), {}}, budget);
    return (*this)(name, digest);
  }
  ExitStatus operator()(const std::string& name, const Decided& digest) const {
    if (line.json())
      output.write(json_line(fingerprint_json(line, name, digest)));
    else if (digest)
      output.write(*digest + "  " + load::printable(name) + "\n");
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

// Many targets: each is one stack, as in an audit.
std::optional<Decided> digested(const CommandLine& line, const Named& target,
                                const symbolic::Budget& budget, ExitStatus& status) {
  const auto loaded = load_target(target, line, {});
  if (!loaded) {
    complain(loaded.error().sentence);
    status = worse(status, loaded.error().status);
    return std::nullopt;
  }
  std::vector<verify::Program> stack;
  for (const audit::Filter& filter : loaded->target.filters) stack.push_back(filter.program);
  Decided digest = symbolic::fingerprint(stack, line.semantics(), budget);
  if (!digest) undecided(target.name, {digest.error(), {}}, budget);
  status = worse(status, digest ? yes : not_decided);
  return digest;
}

constexpr const char* settings[] = {"semantics", "input-format", "node-limit", "time-limit"};

// Item k is target k.
ExitStatus of_share(const CommandLine& line, const symbolic::Budget& budget,
                    const Targets& targets) {
  const auto share = share_of(line);
  if (!share) return share.error();
  auto run = open_run(line, "fingerprint", settings_of(line, targets.names(), settings));
  if (!run) return run.error();
  const auto saved = saved_status(*run);
  if (!saved) return saved.error();
  ExitStatus status = *saved;
  if (run->complete()) return status;
  fleet::Run::Done done;
  for (std::uint64_t item = share->next(run->next()); done && item < targets.size();
       item = share->next(item + 1)) {
    const Named target = targets[item];
    if (const auto digest = digested(line, target, budget, status))
      done = run->add(item, document(fingerprint_json(line, target.name, *digest)));
    if (done) done = run->reached(item + 1, [&] { return std::to_string(status); });
  }
  if (done) done = run->finish(targets.size(), "{}", std::to_string(status));
  return done ? status : failed(done.error());
}

ExitStatus of_targets(const CommandLine& line, const Targets& targets, const Printer& print) {
  ExitStatus status = yes;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    const Named target = targets[i];
    if (const auto digest = digested(line, target, print.budget, status))
      print(target.name, *digest);
  }
  return status;
}

tl::expected<Targets, ExitStatus> targets_of(const CommandLine& line) {
  auto operands = operands_and_listed(line);
  if (!operands) return tl::unexpected(operands.error());
  return Targets(expand(std::move(*operands), line));
}

// Whether the operands name more than themselves.
bool many(const CommandLine& line, const Targets& targets) {
  if (line.has("targets") || targets.size() != line.operands().size()) return true;
  for (std::size_t i = 0; i < targets.size(); ++i)
    if (targets.names()[i] != line.operands()[i]) return true;
  return false;
}

}  // namespace

ExitStatus run_fingerprint(const Arguments& arguments) {
  CommandLine line(manual);
  line.add_input_format();
  line.add({
      {"stack", OptionKind::Flag, "", "one digest of all filters as one stack, oldest first"},
      {"targets", OptionKind::Text, "FILE", "further targets, a line each; - is stdin"},
  });
  add_budget_options(line);
  add_job_options(line);
  if (const auto status = line.parse(arguments)) return *status;
  if (line.operands().empty() && !line.has("targets")) return line.usage("expected a FILTER");
  const auto budget = read_budget(line);
  if (!budget) return budget.error();
  if (is_job(line) && line.has("stack"))
    return line.usage("a stack is one item: expected no share of it");
  const auto targets = targets_of(line);
  if (!targets) return targets.error();
  if (is_job(line)) return of_share(line, *budget, *targets);
  auto output = line.open_output();
  if (!output) return output.error();
  const Printer print{line, *budget, *output};
  if (!line.has("stack") && many(line, *targets))
    return output->finish(of_targets(line, *targets, print));
  return output->finish(line.has("stack") ? of_stack(line, print) : of_each(line, print));
}

}  // namespace assay::tool
