// assay run: the verdict for a record, or for each of many.
#include <charconv>
#include <unordered_map>

#include "assay/engine/filter_stack.hpp"
#include "assay/seccomp/special.hpp"
#include "assay/text/assembly.hpp"
#include "assay/text/verdict.hpp"
#include "filters.hpp"
#include "json.hpp"
#include "run_options.hpp"

namespace assay::tool {
namespace {

using seccomp::SeccompData;
using seccomp::Verdict;

constexpr Manual manual{
    "run", "FILTER...",
    "Runs a filter as Linux would and says its verdict, for one record or for each of many.",
    "FILTER is a file, - for stdin, or pid:N (the filters of a live process; pid:N/I for one of\n"
    "them, 0 = oldest). A call that Linux takes past every filter (x86_64 335 and 336 of current\n"
    "kernels) runs whatever the verdict: its effect is runs, and it is marked as a bypass.\n"
    "Exit status: 0 whatever the verdicts, 1 when a filter is rejected.",
    "  $ printf 'ld [nr]\\njeq #59, +0, +1\\nret #ERRNO(1)\\nret #ALLOW\\n' | assay run - --nr 59\n"
    "  ERRNO(1) value=0x00050001 insns=3 effect=returns(-1)"};

struct TraceStep {
  std::size_t filter;
  std::size_t pc;
  std::uint32_t a;
  std::uint32_t x;
};

class Recorder final : public engine::Observer {
 public:
  Recorder(std::size_t filter, std::vector<TraceStep>& steps) : filter_(filter), steps_(steps) {}
  void on_instruction(const engine::State& state) override {
    steps_.push_back({filter_, state.pc, state.a, state.x});
  }

 private:
  std::size_t filter_;
  std::vector<TraceStep>& steps_;
};

struct Answer {
  Verdict verdict;
  std::uint32_t insns = 0;
  bool bypass = false;                    // the kernel does not ask the filters about this call
  std::vector<engine::Outcome> outcomes;  // of a stack's filters, oldest first
  std::vector<TraceStep> trace;
};

std::string hex(std::uint32_t value) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text = "0x";
  for (int shift = 28; shift >= 0; shift -= 4) text += digits[value >> shift & 15];
  return text;
}

// Words answers. Records repeat few values, so what a value means is worded once.
class Wording {
 public:
  Wording(const CommandLine& line, const Stack& stack, const seccomp::Caller& caller)
      : line_(line), stack_(stack), caller_(caller), names_(stack.filters.size()) {
    Json start = json_document(line.semantics());
    json_start_ = start.dump();
    json_start_.back() = ',';
  }

  void append(const Answer& answer, std::string& to) {
    return line_.json() ? append_json(answer, to) : append_text(answer, to);
  }

 private:
  struct Words {
    std::string verdict;  // text: "ERRNO(1) value=0x... insns="; JSON up to that, too
    std::string effect;   // " effect=returns(-1)" or ,"effect":"returns",...
  };

  const Words& words(Verdict verdict) {
    constexpr std::size_t enough = 4096;
    if (known_.size() > enough) known_.clear();
    const auto found = known_.find(verdict.value);
    if (found != known_.end()) return found->second;
    return known_.emplace(verdict.value, line_.json() ? json_words(verdict) : text_words(verdict))
        .first->second;
  }

  Words text_words(Verdict verdict) const {
    const seccomp::Action action = verdict.action(line_.semantics());
    const bool runs = action == seccomp::Action::Allow || action == seccomp::Action::Log;
    const seccomp::Effect effect = seccomp::effect(verdict, caller_, line_.semantics());
    Words words;
    words.verdict =
        line_.paint()(runs ? Shade::Good : Shade::Bad, text::to_text(verdict, line_.semantics())) +
        " value=" + hex(verdict.value) + " insns=";
    words.effect = " effect=" + std::string(name(effect.kind));
    if (has_value(effect)) words.effect += "(" + std::to_string(effect.value) + ")";
    return words;
  }

  Words json_words(Verdict verdict) const {
    const seccomp::Effect effect = seccomp::effect(verdict, caller_, line_.semantics());
    Words words;
    words.verdict = json_start_ + "\"verdict\":\"" + text::to_text(verdict, line_.semantics()) +
                    "\",\"value\":" + std::to_string(verdict.value) + ",\"insns\":";
    words.effect = ",\"effect\":\"" + std::string(name(effect.kind)) + "\"";
    if (has_value(effect)) words.effect += ",\"effect_value\":" + std::to_string(effect.value);
    return words;
  }

  static bool has_value(const seccomp::Effect& effect) {
    return effect.kind == seccomp::EffectKind::Returns ||
           effect.kind == seccomp::EffectKind::Handled ||
           effect.kind == seccomp::EffectKind::TracerDecides;
  }

  // What instruction pc of a filter is called, asked for again and again in traces.
  const std::string& name_of(const TraceStep& step) {
    auto& names = names_[step.filter];
    const auto& instructions = stack_.filters[step.filter].instructions;
    if (names.empty()) names.resize(instructions.size());
    if (names[step.pc].empty()) names[step.pc] = text::disassemble_one(instructions, step.pc);
    return names[step.pc];
  }

  void append_text(const Answer& answer, std::string& to) {
    const bool several = stack_.filters.size() > 1;
    for (std::size_t i = 0; i < answer.trace.size(); ++i) {
      const TraceStep& step = answer.trace[i];
      if (several && (i == 0 || answer.trace[i - 1].filter != step.filter))
        to += "  " + load::printable(stack_.filters[step.filter].file) + ":\n";
      std::string pc = std::to_string(step.pc);
      pc.insert(0, 6 - std::min<std::size_t>(6, pc.size()), ' ');
      std::string words = name_of(step);
      if (words.size() < 32) words.resize(32, ' ');
      to += pc + "  " + words + "  A=" + hex(step.a) + " X=" + hex(step.x) + "\n";
    }
    const Words& found = words(answer.verdict);
    to += found.verdict + std::to_string(answer.insns);
    to += answer.bypass ? " effect=runs (bypass)" : found.effect;
    to += '\n';
  }

  void append_json(const Answer& answer, std::string& to) {
    const Words& found = words(answer.verdict);
    to += found.verdict + std::to_string(answer.insns);
    to += answer.bypass ? R"(,"effect":"runs","bypass":true)" : found.effect;
    if (stack_.filters.size() > 1 && !answer.outcomes.empty())
      to += ",\"filters\":" + outcomes_json(answer.outcomes);
    if (line_.has("trace")) to += ",\"trace\":" + trace_json(answer.trace);
    to += "}\n";
  }

  std::string outcomes_json(const std::vector<engine::Outcome>& outcomes) const {
    std::string list;
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
      list += i == 0 ? '[' : ',';
      Json json{{"file", stack_.filters[i].file},
                {"verdict", text::to_text({outcomes[i].value}, line_.semantics())},
                {"value", outcomes[i].value},
                {"insns", outcomes[i].instructions}};
      list += json_line(json);
      list.pop_back();
    }
    return list + "]";
  }

  std::string trace_json(const std::vector<TraceStep>& trace) {
    Json list = Json::array();
    for (const TraceStep& step : trace) {
      Json json{{"pc", step.pc}, {"text", name_of(step)}, {"a", step.a}, {"x", step.x}};
      if (stack_.filters.size() > 1) json["filter"] = step.filter;
      list.push_back(std::move(json));
    }
    return list.dump();
  }

  const CommandLine& line_;
  const Stack& stack_;
  seccomp::Caller caller_;
  std::string json_start_;
  std::unordered_map<std::uint32_t, Words> known_;
  std::vector<std::vector<std::string>> names_;
};

class Runner {
 public:
  Runner(const CommandLine& line, const Stack& stack)
      : semantics_(line.semantics()),
        trace_(line.has("trace")),
        stack_(stack.programs, semantics_) {}

  Answer operator()(const SeccompData& record) const {
    Answer answer;
    answer.bypass = seccomp::bypasses_filters(record, semantics_);
    const seccomp::Words words = engine::Interpreter::words_of(record);
    if (stack_.size() == 1) {
      const engine::Outcome outcome = stack_[0].count(words);
      answer.verdict.value = outcome.value;
      answer.insns = outcome.instructions;
    } else {
      auto examined = stack_.examine(words);
      answer.verdict = examined.verdict;
      answer.insns = examined.instructions;
      answer.outcomes = std::move(examined.outcomes);
    }
    if (trace_) answer.trace = trace(words);
    return answer;
  }

 private:
  std::vector<TraceStep> trace(const seccomp::Words& words) const {
    std::vector<TraceStep> steps;
    for (std::size_t i = 0; i < stack_.size(); ++i) {
      Recorder recorder(i, steps);
      stack_[i].observe(words, recorder);
    }
    return steps;
  }

  seccomp::Semantics semantics_;
  bool trace_;
  engine::FilterStack stack_;
};

ExitStatus run_all(load::RecordStream& records, const Runner& runner, Wording& wording,
                   Output& output) {
  std::string text;
  while (output.good()) {
    // Whoever feeds us record by record may wait for the answer to the last one.
    if (!records.ready()) output.flush();
    const auto record = records.next();
    if (!record) {
      output.flush();
      complain(load::describe(record.error()));
      return status_of(record.error());
    }
    if (!*record) break;
    text.clear();
    wording.append(runner(**record), text);
    output.write(text);
  }
  return yes;
}

}  // namespace

ExitStatus run_run(const Arguments& arguments) {
  CommandLine line(manual);
  line.add_input_format();
  add_run_options(line);
  if (const auto status = line.parse(arguments)) return *status;
  if (line.operands().empty()) return line.usage("expected a FILTER");
  if (line.operands().size() > 1 && !line.has("stack"))
    return line.usage("several filters need --stack: they are run as one, oldest first");
  auto records = read_records(line);
  if (!records) return records.error();
  const auto stack = load_stack(line);
  if (!stack) return stack.error();
  auto output = line.open_output();
  if (!output) return output.error();

  const Runner runner(line, *stack);
  Wording wording(line, *stack, read_caller(line));
  if (records->stream) {
    const ExitStatus status = run_all(*records->stream, runner, wording, *output);
    return status == yes ? output->finish(yes) : status;
  }
  std::string text;
  wording.append(runner(*records->single), text);
  output->write(text);
  return output->finish(yes);
}

}  // namespace assay::tool
