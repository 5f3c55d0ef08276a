// assay cost: what a filter costs, who is in the bitmap, what would be cheaper.
#include <algorithm>
#include <set>

#include "assay/bpf/codec.hpp"
#include "assay/load/trace_stream.hpp"
#include "assay/names/syscalls.hpp"
#include "assay/verify/chain.hpp"
#include "budget_options.hpp"
#include "cost_study.hpp"
#include "json.hpp"

namespace assay::tool {
namespace {

constexpr Manual manual{
    "cost", "FILTER...",
    "What a filter costs: instructions executed, best and worst over all inputs and by system\n"
    "call, which calls the kernel's constant-action bitmap spares the filter, and why not the\n"
    "others.",
    "Several filters need --stack: the kernel runs them all. With --trace calls count as often as\n"
    "they were recorded, in the bitmap for free. --advice looks for a filter with the same "
    "meaning\n"
    "that costs less, proves the two equal, and --write FILE writes the cheapest one.\n"
    "--measure times the running kernel: with the filter minus without, alternating, on one CPU,\n"
    "the median with its 95 % interval. Calls that the filter allows run only where they are\n"
    "harmless; for all others RET ALLOW is rewritten to RET ERRNO, which excludes the bitmap.\n"
    "Exit status: 0, or 1 when the kernel rejects a filter, 4 when this machine cannot measure, 5\n"
    "when the exact cost or a proof is not decided within the budget.",
    "  $ printf 'ld [nr]\\njeq #59, +1\\nret #ALLOW\\nret #ERRNO(1)\\n' | assay cost -\n"
    "  1 filter, 4 instructions; 9 of the chain's 32768, room for 2519 more of it\n"
    "  3 to 3 instructions executed per call\n"
    "  ..."};

tl::expected<cost::Workload, ExitStatus> read_workload(const CommandLine& line,
                                                       const cost::FilterCost& cost) {
  load::TraceOptions options;
  options.reader.arch = line.semantics().machine;
  std::vector<std::string_view> formats{"auto"};
  for (std::size_t i = 0; i < trace::formats; ++i)
    formats.push_back(trace::name(static_cast<trace::Format>(i)));
  const auto format = line.choice("trace-format", formats);
  if (!format) return tl::unexpected(format.error());
  options.format = trace::find_format(*format);
  cost::Workload workload;
  auto stream = load::TraceStream::open(line.text("trace"), options);
  if (!stream) {
    complain(load::describe(stream.error()));
    return tl::unexpected(status_of(stream.error()));
  }
  std::vector<trace::Call> calls;
  for (;;) {
    const auto more = stream->next(calls);
    if (!more) {
      complain(load::describe(more.error()));
      return tl::unexpected(status_of(more.error()));
    }
    if (calls.empty()) return workload;
    for (const trace::Call& call : calls) workload.add(call, cost);
  }
}

CostStudy::Recording recording_of(const cost::Workload& workload, const cost::FilterCost& cost,
                                  const cost::Bitmap& bitmap) {
  CostStudy::Recording recording{workload.total(), workload.left_out(), 0, 0, {}};
  const auto calls = workload.calls();
  const auto total = static_cast<double>(std::max<std::uint64_t>(1, workload.total()));
  double least_run = 0, most_run = 0;
  for (const cost::CallWeight& call : calls) {
    recording.least += static_cast<double>(call.least) / total;
    recording.most += static_cast<double>(call.most) / total;
    if (bitmap.place(call.arch, call.nr).inside()) continue;
    least_run += static_cast<double>(call.least) / total;
    most_run += static_cast<double>(call.most) / total;
  }
  recording.mean = mean_cost(calls, cost, bitmap);
  recording.mean.least = least_run;
  recording.mean.most = most_run;
  return recording;
}

// The calls that are worth a measurement: named ones, else frequent ones, else one for each way
// to be in the bitmap or not, and the dearest.
tl::expected<std::vector<std::uint32_t>, ExitStatus> numbers_to_measure(const CommandLine& line,
                                                                        const CostStudy& study) {
  constexpr std::size_t most = 10;
  const seccomp::Arch machine = line.semantics().machine;
  std::vector<std::uint32_t> numbers;
  for (const std::string& name : line.texts("call")) {
    const auto nr = names::syscall_number(machine, name);
    if (!nr) return tl::unexpected(line.usage("option '--call': no system call '" + name + "'"));
    numbers.push_back(*nr);
  }
  if (!numbers.empty()) return numbers;
  std::vector<const cost::CallRow*> rows;
  for (const cost::CallRow& row : study.rows)
    if (row.arch == machine) rows.push_back(&row);
  if (!study.recording) {
    std::stable_sort(rows.begin(), rows.end(), [](const auto* a, const auto* b) {
      return a->bounds.worst.instructions > b->bounds.worst.instructions;
    });
    std::set<std::string> seen;
    std::erase_if(rows, [&](const auto* row) { return !seen.insert(row->why).second; });
    numbers.push_back(names::syscall_number(machine, "getppid").value_or(0));
  }
  for (const auto* row : rows)
    if (numbers.size() < most && row->nr != numbers.front()) numbers.push_back(row->nr);
  return numbers;
}

ExitStatus write_file(const std::string& name, std::string_view bytes) {
  auto output = Output::open(name);
  if (!output) {
    complain(output.error());
    return cannot;
  }
  output->write(bytes);
  return output->finish(yes);
}

ExitStatus write_outputs(const CommandLine& line, const CostStudy& study) {
  ExitStatus status = yes;
  if (line.has("write")) {
    const bool found = study.candidates && !study.candidates->empty();
    if (found) {
      const auto instructions = study.candidates->front().program.instructions();
      status = write_file(line.text("write"), encode(instructions, bpf::Format::Raw));
    } else {
      complain("cost: nothing cheaper was proven equal; '" + line.text("write") +
               "' is not written");
      status = no;
    }
  }
  if (line.has("plot-calls"))
    status = worse(status, write_file(line.text("plot-calls"), plot_of_calls(study)));
  if (line.has("plot-depth"))
    status = worse(status, write_file(line.text("plot-depth"), plot_of_depth(*study.measured)));
  return status;
}

ExitStatus not_decided_status(const char* what, const symbolic::NotDecided& why,
                              const symbolic::Budget& budget) {
  return undecided(what, symbolic::Unanswered{why, std::nullopt}, budget);
}

std::string undecided_json(const CommandLine& line, const CostStudy& study,
                           const symbolic::NotDecided& why) {
  Json json = json_document(line.semantics());
  json["files"] = Json::array();
  for (const load::Filter& filter : study.stack.filters) json["files"].push_back(filter.file);
  json["not_decided"] = counters_json(symbolic::Unanswered{why, std::nullopt});
  return json_line(json);
}

std::optional<ExitStatus> advise(const CommandLine& line, const cost::FilterCost& cost,
                                 const cost::Bitmap& bitmap, const symbolic::Budget& budget,
                                 std::vector<cost::CallWeight> weights, CostStudy& study) {
  study.before = mean_cost(weights, cost, bitmap);
  auto found = optimize::candidates(study.stack.programs, weights, line.semantics(), budget);
  if (!found) return not_decided_status("cost: advice", found.error(), budget);
  std::erase_if(*found, [&](const optimize::Candidate& candidate) {
    return candidate.mean.most >= study.before.most;
  });
  study.candidates = std::move(*found);
  return std::nullopt;
}

std::optional<ExitStatus> take_time(const CommandLine& line, CostStudy& study) {
  const auto numbers = numbers_to_measure(line, study);
  if (!numbers) return numbers.error();
  const auto rounds = line.number("rounds", 7, 100'000, 31);
  if (!rounds) return rounds.error();
  kernel::MeterOptions options;
  options.rounds = *rounds;
  options.limit = std::chrono::minutes(10);
  auto measured = cost::measure(study.stack.programs, *numbers, options);
  if (!measured) {
    complain("cost: cannot measure here: " + std::string(describe(measured.error().lack)));
    return cannot;
  }
  study.measured = std::move(*measured);
  return std::nullopt;
}

ExitStatus examine(const CommandLine& line, CostStudy& study, const symbolic::Budget& budget,
                   Output& output) {
  const seccomp::Semantics& semantics = line.semantics();
  const auto& programs = study.stack.programs;
  const auto cost = cost::FilterCost::of(programs, semantics, budget);
  if (!cost) {
    if (line.json()) output.write(undecided_json(line, study, cost.error()));
    return not_decided_status("cost", cost.error(), budget);
  }
  const cost::Bitmap bitmap(programs, semantics);
  std::vector<std::uint32_t> lengths;
  for (const verify::Program& program : programs) {
    lengths.push_back(chain_cost(program, verify::Blinding::Off, semantics));
    study.chain_length += lengths.back() + (lengths.size() > 1 ? verify::chain_penalty : 0);
  }
  study.room = verify::times_it_fits(lengths.back(), lengths);
  study.everywhere = cost->everywhere();
  study.rows = named_calls(cost::arches_of(programs, semantics), *cost, bitmap);
  std::vector<cost::CallWeight> weights = even_weights(study.rows);
  if (line.has("trace")) {
    const auto workload = read_workload(line, *cost);
    if (!workload) return workload.error();
    study.recording = recording_of(*workload, *cost, bitmap);
    study.rows = cost::calls_of(*workload, *cost, bitmap);
    weights = workload->calls();
  }
  if (line.has("advice") || line.has("write"))
    if (const auto status = advise(line, *cost, bitmap, budget, std::move(weights), study))
      return *status;
  if (line.has("measure"))
    if (const auto status = take_time(line, study)) return *status;
  output.write(line.json() ? cost_json(line, study) : cost_text(line, study));
  return write_outputs(line, study);
}

}  // namespace

ExitStatus run_cost(const Arguments& arguments) {
  CommandLine line(manual);
  line.add_input_format();
  line.add({{"stack", OptionKind::Flag, "",
             "the filters are one stack, oldest first (those of pid:N always are)"},
            {"trace", OptionKind::Text, "FILE",
             "weigh calls as this recording has them (strace, strace -c, audit, perf, records)"},
            {"trace-format", OptionKind::Text, "FORMAT",
             "auto|strace|strace-c|audit|perf|perf-s|perf-script|json|raw"},
            {"calls", OptionKind::Flag, "", "a row for every call, not for groups of them"},
            {"advice", OptionKind::Flag, "", "look for cheaper filters with the same meaning"},
            {"write", OptionKind::Text, "FILE", "write the cheapest one, raw"},
            {"measure", OptionKind::Flag, "", "time the running kernel"},
            {"call", OptionKind::Texts, "NAME", "measure this call (repeatable)"},
            {"rounds", OptionKind::Text, "N", "rounds of a measurement, 31"},
            {"plot-calls", OptionKind::Text, "FILE", "SVG: instructions by call"},
            {"plot-depth", OptionKind::Text, "FILE",
             "SVG: nanoseconds over the depth of the chain; needs --measure"}});
  add_budget_options(line);
  if (const auto status = line.parse(arguments)) return *status;
  if (line.operands().empty()) return line.usage("expected a FILTER");
  if (line.operands().size() > 1 && !line.has("stack"))
    return line.usage("several filters need --stack: the kernel runs them all");
  for (const char* const option : {"plot-depth", "call", "rounds"})
    if (line.has(option) && !line.has("measure"))
      return line.usage("option '--" + std::string(option) + "' needs --measure");
  const auto budget = read_budget(line);
  if (!budget) return budget.error();
  if (const auto status = stdin_twice(line, line.operands())) return *status;
  auto stack = load_stack(line);
  if (!stack) return stack.error();
  if (stack->programs.empty()) return line.usage("expected a process that has filters");
  CostStudy study;
  study.stack = std::move(*stack);
  auto output = line.open_output();
  if (!output) return output.error();
  return output->finish(examine(line, study, *budget, *output));
}

}  // namespace assay::tool
