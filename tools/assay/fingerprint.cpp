// assay fingerprint: a digest that is equal exactly when the meaning is.
#include "assay/symbolic/verdict_function.hpp"
#include "audit_targets.hpp"
#include "budget_options.hpp"
#include "filters.hpp"
#include "in_order.hpp"
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

// Of one filter or stack; or what is wrong with it.
struct Answer {
  std::string name;
  tl::expected<Decided, Problem> digest;
};

Json fingerprint_json(const CommandLine& line, const std::string& name, const Decided& digest) {
  Json json = json_document(line.semantics());
  json["file"] = name;
  json["fingerprint"] = digest ? Json(*digest) : Json();
  if (!digest) json["not_decided"] = counters_json({digest.error(), {}});
  return json;
}

// What every filter is asked. Several threads may.
struct Digester {
  const CommandLine& line;
  symbolic::Budget budget;
  unsigned jobs = 1;

  Decided operator()(std::span<const verify::Program> stack) const {
    return symbolic::fingerprint(stack, line.semantics(), budget);
  }
};

// An operand may be several filters, each for itself.
std::vector<Answer> of_operand(const Digester& digest, const std::string& operand) {
  const auto filters = load::load_filters(operand, digest.line.filter_options());
  if (!filters)
    return {{operand,
             tl::unexpected(Problem{load::describe(filters.error()), status_of(filters.error())})}};
  std::vector<Answer> answers;
  for (const load::Filter& filter : *filters) {
    const auto program = program_of(digest.line, filter);
    if (program)
      answers.push_back({filter.file, digest(std::span(&*program, 1))});
    else
      answers.push_back({filter.file, tl::unexpected(Problem{program.error(), no})});
  }
  return answers;
}

// Of many targets each is one stack, as in an audit.
Answer of_target(const Digester& digest, const Named& target) {
  const auto loaded = load_target(target, digest.line, {});
  if (!loaded) return {target.name, tl::unexpected(loaded.error())};
  std::vector<verify::Program> stack;
  for (const audit::Filter& filter : loaded->target.filters) stack.push_back(filter.program);
  return {target.name, digest(stack)};
}

// The status, after a complaint when there is no digest.
ExitStatus told(const Answer& answer, const symbolic::Budget& budget) {
  if (!answer.digest) {
    complain(answer.digest.error().sentence);
    return answer.digest.error().status;
  }
  const Decided& digest = *answer.digest;
  return digest ? yes : undecided(answer.name, {digest.error(), {}}, budget);
}

struct Printer {
  const CommandLine& line;
  const symbolic::Budget& budget;
  Output& output;

  ExitStatus operator()(const Answer& answer) const {
    const ExitStatus status = told(answer, budget);
    if (!answer.digest) return status;
    const Decided& digest = *answer.digest;
    if (line.json())
      output.write(json_line(fingerprint_json(line, answer.name, digest)));
    else if (digest)
      output.write(*digest + "  " + load::printable(answer.name) + "\n");
    return status;
  }
};

ExitStatus of_stack(const Digester& digest, const Printer& print) {
  const CommandLine& line = digest.line;
  const auto stack = load_stack(line);
  if (!stack) return stack.error();
  return print({stack_name(line.operands()), digest(stack->programs)});
}

ExitStatus of_each(const Digester& digest, const Printer& print) {
  const auto& operands = digest.line.operands();
  ExitStatus status = yes;
  InOrder<std::vector<Answer>> made({0, 1, operands.size()}, digest.jobs, [&](std::uint64_t item) {
    return of_operand(digest, operands[item]);
  });
  while (const auto one = made.next())
    for (const Answer& answer : one->result) status = worse(status, print(answer));
  return status;
}

InOrder<Answer> answers(const Digester& digest, const Targets& targets, const Items& items) {
  return {items, digest.jobs, [&](std::uint64_t item) { return of_target(digest, targets[item]); }};
}

constexpr const char* settings[] = {"semantics", "input-format", "node-limit", "time-limit"};

// Item k is target k.
ExitStatus of_share(const Digester& digest, const Targets& targets) {
  const CommandLine& line = digest.line;
  auto begun = begin_share(line, "fingerprint", settings_of(line, targets.names(), settings));
  if (!begun) return begun.error();
  fleet::Run& run = begun->run;
  ExitStatus& status = begun->status;
  if (run.complete()) return status;
  fleet::Run::Done done;
  const shard::Share share = begun->share;
  auto made = answers(digest, targets, {share.next(run.next()), share.count, targets.size()});
  for (auto one = made.next(); one && done; one = made.next()) {
    const auto& [item, answer] = *one;
    status = worse(status, told(answer, digest.budget));
    if (answer.digest)
      done = run.add(item, document(fingerprint_json(line, answer.name, *answer.digest)));
    if (done) done = run.reached(item + 1, [&] { return std::to_string(status); });
  }
  if (done) done = run.finish(targets.size(), "{}", std::to_string(status));
  return done ? status : failed(done.error());
}

ExitStatus of_targets(const Digester& digest, const Targets& targets, const Printer& print) {
  ExitStatus status = yes;
  auto made = answers(digest, targets, {0, 1, targets.size()});
  while (const auto one = made.next()) status = worse(status, print(one->result));
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
  line.add({{"jobs", OptionKind::Text, "J", "targets at a time (1); never changes results"}});
  add_job_options(line);
  if (const auto status = line.parse(arguments)) return *status;
  if (line.operands().empty() && !line.has("targets")) return line.usage("expected a FILTER");
  const auto budget = read_budget(line);
  if (!budget) return budget.error();
  const auto jobs = read_jobs(line);
  if (!jobs) return jobs.error();
  if (is_job(line) && line.has("stack"))
    return line.usage("a stack is one item: expected no share of it");
  const auto targets = targets_of(line);
  if (!targets) return targets.error();
  const Digester digest{line, *budget, *jobs};
  if (is_job(line)) return of_share(digest, *targets);
  auto output = line.open_output();
  if (!output) return output.error();
  const Printer print{line, *budget, *output};
  if (!line.has("stack") && many(line, *targets))
    return output->finish(of_targets(digest, *targets, print));
  return output->finish(line.has("stack") ? of_stack(digest, print) : of_each(digest, print));
}

}  // namespace assay::tool
