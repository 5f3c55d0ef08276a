// assay replay: what a filter says of recorded system calls.
#include <algorithm>

#include "budget_options.hpp"
#include "long_job.hpp"
#include "replay_job.hpp"
#include "replay_session.hpp"
#include "trace_text.hpp"

namespace assay::tool {
namespace {

using trace::Call;
using trace::Judgement;

constexpr Manual manual{
    "replay", "FILTER TRACE",
    "Asks a filter about every call of a recording: how many get which verdict, which would have\n"
    "been refused, and which calls the filter allows that the recording does not use.",
    "FILTER is a file, or pid:N; TRACE a file, - for stdin. Its format is found out: what strace\n"
    "writes (with -f, -n, -i, -y, -X, -e raw=all, ... or -c), audit records type=1326 from the\n"
    "kernel log, audit.log or ausearch, perf trace, perf script of raw_syscalls, or records.\n"
    "Most formats do not tell whole arguments. A verdict is certain when it does not depend on\n"
    "what is missing, assumed when it holds as long as the upper halves of ints are 0, else open.\n"
    "To record all that strace can tell: strace -f -n -e raw=all --quiet=none -o FILE COMMAND\n"
    "With --traces, --shard and the like there may be many TRACEs, each one item of a job.\n"
    "Exit status: 0 every call is allowed (ALLOW or LOG), or with --against both filters agree;\n"
    "1 not so, or a tightened profile was not proven; 5 for some calls it is open.",
    "  $ echo 'ret #ERRNO(1)' >f; echo 'ptrace(PTRACE_TRACEME) = 0' | assay replay f -\n"
    "  1 call: 1 ERRNO(1)\n"
    "  the ABI of 1 is not recorded: x86_64 is assumed\n"
    "  denied:\n"
    "    line 1: x86_64 ptrace(0~): ERRNO(1)"};

class EachLine final : public EachCall {
 public:
  EachLine(const CommandLine& line, Output& output) : line_(line), output_(output) {}
  void take(const Call& call, const Judgement& judgement) override {
    output_.write(line_.json()
                      ? json_line(each_json(line_, call, judgement))
                      : call_text(call) + ": " + judgement_text(judgement, call, line_) + "\n");
  }
  bool good() const override { return output_.good(); }

 private:
  const CommandLine& line_;
  Output& output_;
};

tl::expected<ReplayOptions, ExitStatus> read_options(const CommandLine& line) {
  ReplayOptions options;
  options.each = line.has("each");
  options.unused = line.has("unused");
  options.trace.reader.arch = line.semantics().machine;
  std::vector<std::string_view> formats{"auto"};
  for (std::size_t i = 0; i < trace::formats; ++i)
    formats.push_back(trace::name(static_cast<trace::Format>(i)));
  const auto format = line.choice("trace-format", formats);
  if (!format) return tl::unexpected(format.error());
  options.trace.format = trace::find_format(*format);
  if (!line.has("arch")) return options;
  const std::string found = line.text("arch");
  const auto arch = seccomp::find_arch(found);
  std::vector<std::string_view> known;
  for (const seccomp::ArchInfo& info : seccomp::arches) known.push_back(info.token);
  if (!arch)
    return tl::unexpected(line.usage("option '--arch': found '" + text::printable(found, 80) +
                                     "', expected an arch such as x86_64" +
                                     did_you_mean(found, known)));
  options.trace.reader.arch = *arch;
  return options;
}

// The filters and the recordings of a command line. Of the operands the last is a recording, in
// a job all but the first; with --traces those are listed, and all operands are filters.
struct Inputs {
  std::vector<std::string> filters;
  NameList traces;
};

bool is_many(const CommandLine& line) { return is_job(line) || line.has("traces"); }

tl::expected<Inputs, ExitStatus> read_inputs(const CommandLine& line) {
  Inputs inputs{line.operands(), {}};
  if (line.has("traces")) {
    auto listed = read_list(line, "traces");
    if (!listed) return tl::unexpected(listed.error());
    inputs.traces = std::move(*listed);
    if (inputs.filters.empty()) return tl::unexpected(line.usage("expected FILTER"));
  } else {
    if (inputs.filters.size() < 2) return tl::unexpected(line.usage("expected FILTER and TRACE"));
    const auto first =
        inputs.filters.begin() + (is_job(line) && !line.has("stack")
                                      ? 1
                                      : static_cast<std::ptrdiff_t>(inputs.filters.size()) - 1);
    std::for_each(first, inputs.filters.end(), [&](const auto& name) { inputs.traces.add(name); });
    inputs.filters.erase(first, inputs.filters.end());
  }
  if (inputs.filters.size() > 1 && !line.has("stack"))
    return tl::unexpected(
        line.usage("several filters need --stack: they are run as one, oldest first"));
  return inputs;
}

// Everything that the results of a job depend on, and in this order.
NameList names_of(const CommandLine& line, const Inputs& inputs) {
  NameList names;
  for (const std::string& filter : inputs.filters) names.add(filter);
  if (line.has("against")) names.add(line.text("against"));
  for (const std::string_view trace : inputs.traces) names.add(trace);
  return names;
}

ExitStatus replay_one(const ReplayQuestion& question, const std::string& trace) {
  const CommandLine& line = question.line;
  auto stream = load::TraceStream::open(trace, question.options.trace);
  if (!stream) {
    complain(load::describe(stream.error()));
    return status_of(stream.error());
  }
  auto output = line.open_output();
  if (!output) return output.error();
  ReplaySession session(question, trace);
  EachLine each(line, *output);
  if (const auto problem = session.read(*stream, each)) {
    complain(problem->sentence);
    return problem->status;
  }
  const ExitStatus tightened = line.has("tighten") ? session.tighten() : yes;
  output->write(line.json() ? json_line(session.json(*stream)) : session.text(*stream));
  // Of a recording that is to be tightened, refused calls are no news.
  return output->finish(line.has("tighten") ? tightened : session.status());
}

}  // namespace

ExitStatus run_replay(const Arguments& arguments) {
  CommandLine line(manual);
  line.add_input_format();
  line.add(
      {{"trace-format", OptionKind::Text, "FORMAT",
        "auto|strace|strace-c|audit|perf|perf-s|perf-script|json|raw"},
       {"arch", OptionKind::Text, "ARCH",
        "the ABI of calls of which the recording does not tell it; the default is the machine of "
        "--semantics, x86_64"},
       {"stack", OptionKind::Flag, "", "the filters are one stack, oldest first; TRACE is last"},
       {"each", OptionKind::Flag, "", "a line for every call"},
       {"unused", OptionKind::Flag, "", "name the calls that are allowed and not used"},
       {"against", OptionKind::Text, "FILTER", "another filter: where do they part first"},
       {"tighten", OptionKind::Text, "FILE",
        "write the OCI profile that allows what the recording used and nothing else"},
       {"traces", OptionKind::Text, "FILE",
        "the recordings are listed there, a line each, and every operand is a FILTER"}});
  add_budget_options(line);
  line.add({{"jobs", OptionKind::Text, "J", "recordings at a time (1); never changes results"}});
  add_job_options(line);
  if (const auto status = line.parse(arguments)) return *status;
  if (line.has("tighten") && line.text("tighten").empty())
    return line.usage("option '--tighten': found '', expected a file");
  if (line.has("tighten") && is_many(line))
    return line.usage("option '--tighten': a profile is of one recording, expected no job");
  const auto inputs = read_inputs(line);
  if (!inputs) return inputs.error();
  const NameList names = names_of(line, *inputs);
  if (std::count(names.begin(), names.end(), "-") > 1)
    return line.usage("stdin can be one of FILTER and TRACE only");
  auto options = read_options(line);
  if (!options) return options.error();
  const auto jobs = read_jobs(line);
  if (!jobs) return jobs.error();
  options->progress = *jobs == 1;
  const auto budget = read_budget(line);
  if (!budget) return budget.error();
  auto stack = load_stack(line, inputs->filters);
  if (!stack) return stack.error();
  ReplayQuestion question{line, *options, *budget, std::move(*stack), std::nullopt, *jobs};
  if (line.has("against")) {
    const std::string against = line.text("against");
    auto other = load_stack(line, std::span(&against, 1));
    if (!other) return other.error();
    question.against = std::move(*other);
  }
  return is_many(line) ? replay_share(question, names, inputs->traces)
                       : replay_one(question, std::string(inputs->traces[0]));
}

}  // namespace assay::tool
