// assay witness: records that together reach everything in a filter that can be reached.
#include "assay/engine/interpreter.hpp"
#include "assay/symbolic/covering.hpp"
#include "assay/text/verdict.hpp"
#include "budget_options.hpp"
#include "filters.hpp"
#include "witness_record.hpp"

namespace assay::tool {
namespace {

using symbolic::Place;
using symbolic::Unanswered;
using verify::Program;

constexpr Manual manual{
    "witness", "[--cover edges|insns|verdicts] FILTER",
    "Prints records that together pass every edge of the filter that any input passes, and at the\n"
    "end how many edges these are and which ones no input passes.",
    "The records are what run --records reads. FILTER is a file, - for stdin, or pid:N/I (one\n"
    "filter of a live process, 0 = oldest). An edge leads from an instruction to the one executed\n"
    "next; the last line has the infeasible ones as pairs, and instructions as numbers.\n"
    "Exit status: 0, 1 when the filter is rejected, 5 when something was not decided within the\n"
    "budget.",
    "  $ printf 'ld [nr]\\njeq #59, +0, +1\\nret #ERRNO(1)\\nret #ALLOW\\n' | assay witness -\n"
    "  {\"arch\":0,\"nr\":0,\"ip\":0,\"args\":[0,0,0,0,0,0]}\n"
    "  {\"arch\":0,\"nr\":59,\"ip\":0,\"args\":[0,0,0,0,0,0]}\n"
    "  {\"reached\":3,\"infeasible\":[]}"};

// Of either format: a record is a line of JSON; in text it stands without what names us.
class Printer {
 public:
  Printer(const CommandLine& line, Output& output) : line_(line), output_(output) {}

  void record(const seccomp::Words& words) { write(to_record(words)); }

  void end(std::size_t reached, const Json& infeasible, const Json& open,
           const std::optional<Unanswered>& why) {
    Json last{{"reached", reached}, {"infeasible", infeasible}};
    if (!open.empty()) last["open"] = open;
    if (why) last["not_decided"] = counters_json(*why);
    write(last);
  }

 private:
  void write(const Json& body) {
    Json json = line_.json() ? json_document(line_.semantics()) : Json::object();
    json.update(body);
    output_.write(json_line(json));
  }

  const CommandLine& line_;
  Output& output_;
};

Json to_json(const std::vector<Place>& places) {
  Json list = Json::array();
  for (const Place& place : places)
    list.push_back(place.next ? Json{place.pc, *place.next} : Json(place.pc));
  return list;
}

ExitStatus cover_places(const CommandLine& line, const Program& program,
                        std::span<const Place> places, const symbolic::Budget& budget,
                        Printer& printer) {
  const symbolic::Covering covering =
      symbolic::cover(program, places, line.semantics(), budget, decider(budget));
  for (const seccomp::Words& words : covering.inputs) printer.record(words);
  printer.end(covering.reached, to_json(covering.infeasible), to_json(covering.open), covering.why);
  if (!covering.why) return covering.open.empty() ? yes : not_decided;
  return undecided("witness", *covering.why, budget);
}

// One record for each verdict.
ExitStatus cover_verdicts(const CommandLine& line, const Program& program,
                          const symbolic::Budget& budget, Printer& printer) {
  symbolic::Manager manager(symbolic::Order::for_programs(std::span(&program, 1)), budget);
  const auto function = symbolic::VerdictFunction::of(manager, program, line.semantics());
  const engine::Interpreter interpreter(program, line.semantics());
  std::size_t reached = 0;
  for (const seccomp::Verdict verdict :
       function ? function->verdicts() : std::vector<seccomp::Verdict>{}) {
    const auto words = function->where(verdict).witness();
    if (manager.exhausted()) break;
    const seccomp::Verdict found{words ? interpreter.run(*words) : ~verdict.value};
    if (found.normalised(line.semantics()) != verdict)
      give_up("a witness is not confirmed by the interpreter");
    printer.record(*words);
    ++reached;
  }
  std::optional<Unanswered> why;
  if (manager.exhausted()) why = Unanswered{manager.not_decided(), std::nullopt};
  printer.end(reached, Json::array(), Json::array(), why);
  return why ? undecided("witness", *why, budget) : yes;
}

}  // namespace

ExitStatus run_witness(const Arguments& arguments) {
  CommandLine line(manual);
  line.add_input_format();
  line.add({{"cover", OptionKind::Text, "WHAT",
             "edges|insns|verdicts: what the records reach together"}});
  add_budget_options(line);
  if (const auto status = line.parse(arguments)) return *status;
  if (line.operands().size() != 1) return line.usage("expected one FILTER");
  const auto what = line.choice("cover", {"edges", "insns", "verdicts"});
  if (!what) return what.error();
  const auto budget = read_budget(line);
  if (!budget) return budget.error();
  const auto stack = load_stack(line);
  if (!stack) return stack.error();
  if (stack->programs.size() != 1)
    return line.usage("expected one FILTER, found " + std::to_string(stack->programs.size()) +
                      ": name one of them as pid:N/I");
  auto output = line.open_output();
  if (!output) return output.error();

  const Program& program = stack->programs.front();
  Printer printer(line, *output);
  if (*what == "verdicts") return output->finish(cover_verdicts(line, program, *budget, printer));
  const auto places =
      *what == "edges" ? symbolic::edges_of(program) : symbolic::instructions_of(program);
  return output->finish(cover_places(line, program, places, *budget, printer));
}

}  // namespace assay::tool
