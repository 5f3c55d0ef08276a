// assay query: can a filter answer so, for some input that satisfies a condition?
#include "assay/engine/filter_stack.hpp"
#include "assay/symbolic/question.hpp"
#include "assay/text/condition.hpp"
#include "assay/text/verdict.hpp"
#include "budget_options.hpp"
#include "filters.hpp"
#include "verdict_set.hpp"
#include "witness_record.hpp"

namespace assay::tool {
namespace {

using symbolic::Answer;
using symbolic::Condition;
using symbolic::Manager;

constexpr Manual manual{
    "query", "--when EXPR --verdict V FILTER...",
    "Can this happen? Says whether the filter gives one of the verdicts for some input that\n"
    "satisfies the condition, and shows such an input.",
    "EXPR is a condition such as 'arch == x86_64 && syscall == openat && (arg2 & 3) != 0'; "
    "without\n"
    "it all inputs are meant. V is ALLOW, LOG, TRACE(n), USER_NOTIF, ERRNO(EPERM), TRAP(n),\n"
    "KILL_THREAD, KILL_PROCESS or UNKNOWN; TRACE, ERRNO and TRAP alone mean any n. Several have\n"
    "commas between. Values of no action count as the kill that they are unless UNKNOWN is named.\n"
    "FILTER is a file, - for stdin, or pid:N.\n"
    "Exit status: 0 possible, 1 impossible, or with --expect 0 as expected, 1 not; 5 not decided\n"
    "within the budget.",
    "  $ printf 'ld [nr]\\nret a\\n' | assay query - --when 'nr < 512' --verdict ERRNO,ALLOW\n"
    "  impossible"};

struct Question {
  text::Expression when;
  VerdictSet verdicts;
  std::optional<bool> expected;
};

tl::expected<Question, ExitStatus> read_question(const CommandLine& line) {
  Question question;
  if (line.has("when")) {
    auto when = text::parse_condition(line.text("when"));
    if (!when)
      return tl::unexpected(line.usage("option '--when': " + text::to_string(when.error())));
    question.when = std::move(*when);
  }
  if (!line.has("verdict")) return tl::unexpected(line.usage("expected --verdict V"));
  const auto verdicts = parse_verdicts(line.text("verdict"), line.semantics());
  if (!verdicts) return tl::unexpected(line.usage("option '--verdict': " + verdicts.error()));
  question.verdicts = *verdicts;
  if (line.has("expect")) {
    const auto expected = line.choice("expect", {"yes", "no"});
    if (!expected) return tl::unexpected(expected.error());
    question.expected = *expected == "yes";
  }
  return question;
}

// How many inputs; nothing when the diagrams cannot say.
std::optional<double> inputs_log2(const Condition& given, const Stack& stack,
                                  const VerdictSet& verdicts, const seccomp::Semantics& semantics) {
  Manager& manager = given.manager();
  const auto function =
      symbolic::VerdictFunction::of_stack(manager, stack.programs, semantics, verdicts.precision);
  if (!function) return std::nullopt;
  const Condition both = given & function->where([&](seccomp::Verdict verdict) {
    return verdicts.contains(verdict, semantics);
  });
  const double log2 = both.count().log2();
  if (manager.exhausted()) return std::nullopt;
  return log2;
}

class Reply {
 public:
  Reply(const CommandLine& line, const Stack& stack, const Question& question)
      : line_(line), question_(question), stack_(stack.programs, line.semantics()) {}

  std::string text(const Answer& answer, std::optional<double> log2) const {
    if (!answer.yes) return line_.paint()(Shade::Notice, "impossible") + "\n";
    std::string text = line_.paint()(Shade::Notice, "possible");
    if (log2) text += ", for " + inputs_text(*log2);
    if (answer.witness) {
      text += "\n  " + to_options(*answer.witness) + ": " +
              text::to_text(verdict(*answer.witness), line_.semantics());
    }
    return text + "\n";
  }

  std::string json(const Answer& answer, std::optional<double> log2) const {
    Json json = json_document(line_.semantics());
    json["possible"] = answer.yes;
    json["witness"] = answer.witness ? to_record(*answer.witness) : Json();
    json["verdict"] =
        answer.witness ? Json(text::to_text(verdict(*answer.witness), line_.semantics())) : Json();
    json["inputs_log2"] = log2 ? log2_of(*log2) : Json();
    return json_line(json);
  }

  // Of a witness, which the interpreter must agree with.
  seccomp::Verdict verdict(const seccomp::Words& words) const {
    const seccomp::Verdict found = stack_.run(words);
    if (!question_.verdicts.contains(found, line_.semantics()))
      give_up("a witness is not confirmed by the interpreter");
    return found;
  }

 private:
  const CommandLine& line_;
  const Question& question_;
  engine::FilterStack stack_;
};

std::string undecided_json(const CommandLine& line, const symbolic::Unanswered& open) {
  Json json = json_document(line.semantics());
  for (const char* const field : {"possible", "witness", "verdict", "inputs_log2"})
    json[field] = Json();
  json["not_decided"] = counters_json(open);
  return json_line(json);
}

// Fields that are compared with each other need their bits interleaved.
symbolic::Order order_for(const Question& question, const Stack& stack) {
  return text::relates_fields(question.when) ? symbolic::Order::fixed()
                                             : symbolic::Order::for_programs(stack.programs);
}

struct Counted {
  Answer answer;
  std::optional<double> inputs_log2;
};

tl::expected<Counted, symbolic::Unanswered> ask_diagrams(const Question& question,
                                                         const Stack& stack,
                                                         const seccomp::Semantics& semantics,
                                                         const symbolic::Budget& budget) {
  Manager manager(order_for(question, stack), budget);
  const Condition given = text::inputs_of(manager, question.when);
  const auto answer = symbolic::decide_possible(given, stack.programs, question.verdicts.ranges,
                                                semantics, question.verdicts.precision, nullptr);
  if (!answer) return tl::unexpected(answer.error());
  return Counted{*answer, inputs_log2(given, stack, question.verdicts, semantics)};
}

// The condition alone, within the usual limits.
std::optional<symbolic::InputSet> input_set(const Question& question, const Stack& stack) {
  Manager manager(order_for(question, stack));
  const auto set = symbolic::InputSet::of(text::inputs_of(manager, question.when));
  return manager.exhausted() ? std::nullopt : set;
}

// What the diagrams have left open; they are gone, and their memory with them.
symbolic::Answered ask_solver(const Question& question, const Stack& stack,
                              const seccomp::Semantics& semantics, const symbolic::Budget& budget,
                              const symbolic::Unanswered& open) {
  const auto set = input_set(question, stack);
  if (!set) return tl::unexpected(open);
  const symbolic::Found found = decider(budget)()->verdict(
      *set, stack.programs, question.verdicts.ranges, semantics, question.verdicts.precision);
  if (!found) return tl::unexpected(symbolic::Unanswered{open.diagrams, found.error()});
  return Answer{found->has_value(), *found, symbolic::DecidedBy::Decider};
}

ExitStatus ask(const CommandLine& line, const Question& question, const Stack& stack,
               const symbolic::Budget& budget, Output& output) {
  const seccomp::Semantics& semantics = line.semantics();
  const auto counted = ask_diagrams(question, stack, semantics, budget);
  const auto answer = counted ? symbolic::Answered(counted->answer)
                              : ask_solver(question, stack, semantics, budget, counted.error());
  if (!answer) {
    if (line.json()) output.write(undecided_json(line, answer.error()));
    return undecided("query", answer.error(), budget);
  }
  std::optional<double> log2;
  if (counted) log2 = counted->inputs_log2;
  const Reply reply(line, stack, question);
  output.write(line.json() ? reply.json(*answer, log2) : reply.text(*answer, log2));
  return answer->yes == question.expected.value_or(true) ? yes : no;
}

}  // namespace

ExitStatus run_query(const Arguments& arguments) {
  CommandLine line(manual);
  line.add_input_format();
  line.add({{"when", OptionKind::Text, "EXPR", "the condition that inputs must satisfy"},
            {"verdict", OptionKind::Text, "V", "the verdicts that are asked for"},
            {"expect", OptionKind::Text, "ANSWER",
             "yes|no: exit status 0 if that is the answer, else 1"},
            {"stack", OptionKind::Flag, "",
             "the filters are one stack, oldest first (those of pid:N always are)"}});
  add_budget_options(line);
  if (const auto status = line.parse(arguments)) return *status;
  if (line.operands().empty()) return line.usage("expected a FILTER");
  if (line.operands().size() > 1 && !line.has("stack"))
    return line.usage("several filters need --stack: they are asked as one, oldest first");
  const auto question = read_question(line);
  if (!question) return question.error();
  const auto budget = read_budget(line);
  if (!budget) return budget.error();
  const auto stack = load_stack(line);
  if (!stack) return stack.error();
  auto output = line.open_output();
  if (!output) return output.error();
  return output->finish(ask(line, *question, *stack, *budget, *output));
}

}  // namespace assay::tool
