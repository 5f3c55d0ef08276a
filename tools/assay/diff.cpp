// assay diff: where two filters or stacks differ, over all inputs.
#include <algorithm>
#include <chrono>

#include "assay/engine/filter_stack.hpp"
#include "assay/seccomp/special.hpp"
#include "assay/symbolic/question.hpp"
#include "assay/text/difference.hpp"
#include "assay/text/verdict.hpp"
#include "budget_options.hpp"
#include "filters.hpp"
#include "scope_words.hpp"
#include "syscalls_json.hpp"
#include "witness_record.hpp"

namespace assay::tool {
namespace {

using seccomp::Verdict;
using seccomp::Words;
using symbolic::Condition;
using symbolic::Manager;
using symbolic::Precision;
using symbolic::VerdictFunction;

constexpr Manual manual{
    "diff", "A B",
    "Says whether two filters mean the same and, where they do not, for which system calls and\n"
    "arguments which verdict of A is which one of B.",
    "A and B are files, - for stdin, or pid:N (the filters of a live process; pid:N/I for one of\n"
    "them). They are equal when every input gets the same action from both, with the same data\n"
    "where somebody can see it. With --subset they may differ where the action of A is stronger\n"
    "(KILL_PROCESS, KILL_THREAD, TRAP, ERRNO, USER_NOTIF, TRACE, LOG, ALLOW, strongest first) or\n"
    "only its data are others; what is told then is where A is more permissive.\n"
    "Exit status: 0 equal (A no more permissive), 1 not, 5 not decided within the budget, or not\n"
    "all that differs.",
    "  $ printf 'ld [nr]\\njne #59, +1\\nret #LOG\\nret #ALLOW\\n' >a; echo 'ret #ALLOW' | assay "
    "diff a -\n"
    "  x86_64: execve: LOG -> ALLOW\n"
    "    2^448 inputs, such as --arch x86_64 --syscall execve\n"
    "  any other arch: nr 59: LOG -> ALLOW\n"
    "    2^480 inputs, such as --arch 0x0 --nr 59"};

struct Sides {
  Stack a;
  Stack b;
};

// One row of the result. What is not known is empty.
struct Row {
  Json arch;
  Json syscalls;
  std::string title;  // both, in words
  std::string condition;
  bool example = false;  // of more than is told
  Verdict a;
  Verdict b;
  Words witness{};
  std::optional<double> inputs_log2;
};

struct Result {
  std::optional<bool> equal;
  std::optional<bool> subset;  // with --subset
  std::vector<Row> rows;
  std::optional<symbolic::Unanswered> open;
};

class Comparison {
 public:
  Comparison(const CommandLine& line, const Sides& sides, const symbolic::Budget& budget)
      : semantics_(line.semantics()),
        sides_(sides),
        budget_(budget),
        exact_(line.has("exact")),
        subset_(line.has("subset")),
        a_(sides.a.programs, semantics_),
        b_(sides.b.programs, semantics_) {}

  Result run() const {
    const auto start = std::chrono::steady_clock::now();
    const auto result = by_diagrams();
    if (result) return *result;
    // Their memory is free again; of the time they took what they took.
    symbolic::Budget left = budget_;
    left.time -= std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::steady_clock::now() - start);
    return without_diagrams(result.error(), left);
  }

 private:
  tl::expected<Result, symbolic::NotDecided> by_diagrams() const {
    Manager manager(symbolic::Order::fixed(), budget_);
    const auto a = VerdictFunction::of_stack(manager, sides_.a.programs, semantics_, precision());
    if (!a) return tl::unexpected(a.error());
    const auto b = VerdictFunction::of_stack(manager, sides_.b.programs, semantics_, precision());
    if (!b) return tl::unexpected(b.error());
    Result result;
    result.equal = manager.equal(*a, *b);
    if (subset_) result.subset = *result.equal;
    if (*result.equal) return result;
    const Condition differing = text::differing(*a, *b, told());
    if (manager.exhausted()) return tl::unexpected(manager.not_decided());
    if (subset_) result.subset = differing.is_never();
    if (differing.is_never()) return result;
    tell(*a, *b, differing, result);
    return result;
  }

  Precision precision() const { return exact_ ? Precision::Exact : Precision::Normalised; }

  text::Told told() const { return {subset_, semantics_}; }

  void tell(const VerdictFunction& a, const VerdictFunction& b, const Condition& differing,
            Result& result) const {
    text::PolicyOptions options;
    options.machine = semantics_.machine;
    const Manager& manager = differing.manager();
    const auto differences = text::differences_of(a, b, told(), options);
    if (differences)
      for (const text::Difference& difference : *differences)
        result.rows.push_back(row(difference));
    if (differences && !manager.exhausted()) return;
    // One example, where the whole has no short form or takes too much.
    result.rows.clear();
    if (const auto words = some(differing)) result.rows.push_back(example(*words));
    result.open = symbolic::Unanswered{
        differences ? manager.not_decided() : differences.error().budget, std::nullopt};
  }

  Row row(const text::Difference& difference) const {
    Row row;
    row.arch = text::name(difference.scope);
    row.syscalls = syscalls_json(difference.scope, difference.where);
    row.title = in_words(difference.scope) + ": " + in_words(difference.scope, difference.where);
    if (difference.where.condition.kind != text::Expression::Kind::Always)
      row.condition = text::to_text(difference.where.condition);
    row.a = difference.a;
    row.b = difference.b;
    row.witness = some(difference.inputs).value_or(Words{});
    row.inputs_log2 = difference.inputs.count().log2();
    confirm(row);
    return row;
  }

  // A difference of which no more is known than an input.
  Row example(const Words& words) const {
    Row row;
    const Json record = to_record(words);
    row.arch = record["arch"].is_string() ? record["arch"] : Json(hex(words[1]));
    row.syscalls = Json::array({record.contains("syscall") ? record["syscall"] : record["nr"]});
    row.title = "for example " + to_options(words);
    row.example = true;
    row.a = answer(a_, words);
    row.b = answer(b_, words);
    row.witness = words;
    confirm(row);
    return row;
  }

  // Of one filter all that it returns; in a stack ALLOW loses its data.
  Verdict answer(const engine::FilterStack& stack, const Words& words) const {
    const Verdict verdict = stack.size() == 1 ? Verdict{stack[0].run(words)} : stack.run(words);
    return exact_ ? verdict : verdict.normalised(semantics_);
  }

  void confirm(const Row& row) const {
    const bool as_told = answer(a_, row.witness) == row.a && answer(b_, row.witness) == row.b;
    if (!as_told || !told()(row.a, row.b)) give_up("a witness is not confirmed by the interpreter");
  }

  // Rather one that the kernel asks filters about.
  std::optional<Words> some(const Condition& inputs) const {
    Manager& manager = inputs.manager();
    const auto any = inputs.witness();
    if (!any) return any;
    const seccomp::SeccompData data = seccomp::from_words(*any, seccomp::byte_order((*any)[1]));
    if (!seccomp::bypasses_filters(data, semantics_)) return any;
    const auto is = [&](std::size_t word, std::uint32_t value) {
      return compare(symbolic::Term::word(manager, word), symbolic::Comparison::Equal, value);
    };
    const auto other = (inputs & !(is(1, data.arch) & (is(0, 335) | is(0, 336)))).witness();
    return other ? other : any;
  }

  // Yes or no, and an example: by diagrams in an order for these filters, if there is time, or
  // by the solver.
  symbolic::Answered ask(const symbolic::NotDecided& why, const symbolic::Budget& left) const {
    const auto& a = sides_.a.programs;
    const auto& b = sides_.b.programs;
    if (left.time.count() > 0)
      return symbolic::decide_equal(a, b, semantics_, precision(), left, decider(budget_));
    const symbolic::Found found = decider(budget_)()->difference(a, b, semantics_, precision());
    if (!found) return tl::unexpected(symbolic::Unanswered{why, found.error()});
    return symbolic::Answer{!found->has_value(), *found, symbolic::DecidedBy::Decider};
  }

  Result without_diagrams(const symbolic::NotDecided& why, const symbolic::Budget& left) const {
    Result result;
    result.open = symbolic::Unanswered{why, std::nullopt};
    if (subset_) return result;
    const auto answer = ask(why, left);
    if (!answer) {
      result.open = answer.error();
      return result;
    }
    result.equal = answer->yes;
    if (answer->yes) result.open.reset();
    if (answer->witness) result.rows.push_back(example(*answer->witness));
    return result;
  }

  const seccomp::Semantics& semantics_;
  const Sides& sides_;
  const symbolic::Budget& budget_;
  bool exact_;
  bool subset_;
  engine::FilterStack a_;
  engine::FilterStack b_;
};

std::string worded(const CommandLine& line, Verdict verdict) {
  const std::string words = text::to_text(verdict, line.semantics());
  return line.has("exact") ? words + " (" + hex(verdict.value) + ")" : words;
}

std::string to_text(const CommandLine& line, const Result& result) {
  if (result.equal.value_or(false)) return line.paint()(Shade::Good, "equal") + "\n";
  if (result.subset.value_or(false))
    return line.paint()(Shade::Good, "A is no more permissive") + "\n";
  std::string text;
  for (const Row& row : result.rows) {
    text += wrapped(row.title + ": ") + line.paint()(Shade::Bad, worded(line, row.a)) + " -> " +
            line.paint()(Shade::Bad, worded(line, row.b)) + "\n";
    if (row.example) continue;
    if (!row.condition.empty()) text += "  if " + row.condition + "\n";
    text += "  ";
    if (row.inputs_log2) text += inputs_text(*row.inputs_log2) + ", ";
    text += "such as " + to_options(row.witness) + "\n";
  }
  return text;
}

std::string to_json(const CommandLine& line, const Result& result) {
  Json json = json_document(line.semantics());
  json["equal"] = result.equal ? Json(*result.equal) : Json();
  if (line.has("subset")) json["subset"] = result.subset ? Json(*result.subset) : Json();
  json["differences"] = Json::array();
  for (const Row& row : result.rows) {
    Json one{{"arch", row.arch},
             {"syscalls", row.syscalls},
             {"condition", row.condition.empty() ? Json() : Json(row.condition)},
             {"a", text::to_text(row.a, line.semantics())},
             {"b", text::to_text(row.b, line.semantics())},
             {"witness", to_record(row.witness)},
             {"inputs_log2", row.inputs_log2 ? log2_of(*row.inputs_log2) : Json()}};
    if (line.has("exact")) {
      one["a_value"] = row.a.value;
      one["b_value"] = row.b.value;
    }
    json["differences"].push_back(std::move(one));
  }
  if (result.open) json["not_decided"] = counters_json(*result.open);
  return json_line(json);
}

// A and what --stack-a puts on top of it.
tl::expected<Stack, ExitStatus> load_side(const CommandLine& line, std::size_t operand,
                                          const char* more) {
  std::vector<std::string> files{line.operands()[operand]};
  const auto& newer = line.texts(more);
  files.insert(files.end(), newer.begin(), newer.end());
  return load_stack(line, files);
}

tl::expected<Sides, ExitStatus> load_sides(const CommandLine& line) {
  std::vector<std::string> all = line.operands();
  for (const char* const more : {"stack-a", "stack-b"})
    all.insert(all.end(), line.texts(more).begin(), line.texts(more).end());
  if (const auto status = stdin_twice(line, all)) return tl::unexpected(*status);
  auto a = load_side(line, 0, "stack-a");
  auto b = load_side(line, 1, "stack-b");
  if (a && b) return Sides{std::move(*a), std::move(*b)};
  return tl::unexpected(worse(a ? yes : a.error(), b ? yes : b.error()));
}

ExitStatus status_of(const Result& result, const symbolic::Budget& budget) {
  if (result.open) {
    if (result.open->diagrams.limit != symbolic::Limit::None)
      return undecided(result.equal ? "diff: all that differs" : "diff", *result.open, budget);
    complain("diff: all that differs: not decided: a condition has no short form");
    return not_decided;
  }
  return result.subset.value_or(*result.equal) ? yes : no;
}

}  // namespace

ExitStatus run_diff(const Arguments& arguments) {
  CommandLine line(manual);
  line.add_input_format();
  line.add({{"stack-a", OptionKind::Texts, "FILTER",
             "a filter on top of A, so that A is a stack (repeatable, oldest first)"},
            {"stack-b", OptionKind::Texts, "FILTER", "the same for B"},
            {"subset", OptionKind::Flag, "", "only whether A is more permissive than B"},
            {"exact", OptionKind::Flag, "",
             "all 32 bits of the return values count, not what somebody can see of them"}});
  add_budget_options(line);
  if (const auto status = line.parse(arguments)) return *status;
  if (line.operands().size() != 2) return line.usage("expected A and B, two FILTERs");
  if (line.has("subset") && line.has("exact"))
    return line.usage("--subset compares actions, --exact all bits: expected one of them");
  const auto budget = read_budget(line);
  if (!budget) return budget.error();
  const auto sides = load_sides(line);
  if (!sides) return sides.error();
  auto output = line.open_output();
  if (!output) return output.error();

  const Result result = Comparison(line, *sides, *budget).run();
  output->write(line.json() ? to_json(line, result) : to_text(line, result));
  return output->finish(status_of(result, *budget));
}

}  // namespace assay::tool
