// assay replay: what a filter says of recorded system calls.
#include "assay/trace/replay.hpp"

#include <algorithm>

#include "assay/load/trace_stream.hpp"
#include "assay/names/syscalls.hpp"
#include "assay/text/verdict.hpp"
#include "assay/trace/divergence.hpp"
#include "assay/trace/tighten.hpp"
#include "budget_options.hpp"
#include "filters.hpp"
#include "progress.hpp"
#include "trace_text.hpp"
#include "witness_record.hpp"

namespace assay::tool {
namespace {

using trace::Call;
using trace::Certainty;
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
    "Exit status: 0 every call is allowed (ALLOW or LOG), or with --against both filters agree;\n"
    "1 not so, or a tightened profile was not proven; 5 for some calls it is open.",
    "  $ echo 'ret #ERRNO(1)' >f; echo 'ptrace(PTRACE_TRACEME) = 0' | assay replay f -\n"
    "  1 call: 1 ERRNO(1)\n"
    "  the ABI of 1 is not recorded: x86_64 is assumed\n"
    "  denied:\n"
    "    line 1: x86_64 ptrace(0~): ERRNO(1)"};

struct Options {
  load::TraceOptions trace;
  bool each = false;
  bool unused = false;
};

// All that reads the calls of a recording, and what it found.
class Session {
 public:
  Session(const CommandLine& line, const Options& options, const Stack& stack,
          const std::optional<Stack>& against, const symbolic::Budget& budget)
      : line_(line),
        options_(options),
        stack_(stack),
        budget_(budget),
        judge_(stack.programs, line.semantics(), budget),
        replay_(judge_, line.semantics()),
        usage_(judge_) {
    if (against) divergence_.emplace(stack.programs, against->programs, line.semantics(), budget);
  }

  // The status after a complaint about the recording.
  std::optional<ExitStatus> read(load::TraceStream& stream, Output& output) {
    Progress progress(stream.known_size(), line_.quiet());
    const bool whole_records =
        stream.format() == trace::Format::Raw && !options_.each && !line_.has("tighten");
    while (output.good()) {
      const auto more = whole_records ? read_records(stream) : read_calls(stream, output);
      if (!more) {
        progress.clear();
        complain(load::describe(more.error()));
        return status_of(more.error());
      }
      if (!*more) break;
      progress.show(stream.bytes());
    }
    progress.clear();
    if (replay_.calls() > 0 || stream.bytes() == 0) return std::nullopt;
    complain(text::printable(line_.operands().back()) + ": line 1: found no system call in " +
             std::to_string(stream.lines()) + " lines, expected a recording of " +
             std::string(trace::name(stream.format())));
    return bad_input;
  }

  // Writes the tightened profile; the status that it adds.
  ExitStatus tighten() {
    auto result = trace::tighten(usage_, stack_.programs, line_.semantics(), budget_);
    if (!result) return complain_of(result.error());
    tightened_ = std::move(*result);
    if (!tightened_->proven()) {
      complain("replay: --tighten: not written: what the runtime would make of the profile " +
               std::string(tightened_->weaker ? "permits more than the filter, such as "
                                              : "treats a recorded call otherwise, such as ") +
               to_options(tightened_->weaker ? *tightened_->weaker : *tightened_->broken));
      return no;
    }
    auto file = Output::open(line_.text("tighten"));
    if (!file) {
      complain(text::printable(file.error()));
      tightened_.reset();
      return cannot;
    }
    file->write(trace::oci_json(tightened_->rules));
    return file->finish(tightened_->left_out.empty() ? yes : no);
  }

  std::string text(const load::TraceStream& stream) const;
  std::string json(const load::TraceStream& stream) const;

  ExitStatus status() const {
    if (divergence_) {
      if (divergence_->parted() > 0) return no;
      return divergence_->doubtful() > 0 ? not_decided : yes;
    }
    for (const auto& [verdict, count] : replay_.counts())
      if (!trace::runs(verdict, line_.semantics())) return no;
    return replay_.with(Certainty::Open) > 0 ? not_decided : yes;
  }

 private:
  using More = tl::expected<bool, load::InputError>;

  More read_records(load::TraceStream& stream) {
    const auto records = stream.next_records();
    if (!records) return tl::unexpected(records.error());
    const std::size_t first = stream.lines() - records->size() + 1;
    replay_.take(*records, first);
    if (divergence_) divergence_->take(*records, first);
    return !records->empty();
  }

  More read_calls(load::TraceStream& stream, Output& output) {
    const auto read = stream.next(calls_);
    if (!read) return tl::unexpected(read.error());
    std::string text;
    for (const Call& call : calls_) {
      const Judgement& judgement = replay_.take(call);
      if (options_.each) text += each(call, judgement);
      if (line_.has("tighten")) usage_.take(call);
      if (divergence_) divergence_->take(call);
    }
    output.write(text);
    return !calls_.empty() || !stream.finished();
  }

  std::string each(const Call& call, const Judgement& judgement) const {
    if (line_.json()) {
      Json json = json_document(line_.semantics());
      json.update(call_json(call));
      json.update(judgement_json(judgement, call, line_.semantics()));
      return json_line(json);
    }
    return call_text(call) + ": " + judgement_text(judgement, call, line_) + "\n";
  }

  ExitStatus complain_of(trace::Untightened why) const {
    switch (why) {
      case trace::Untightened::NotDecided:
        complain("replay: --tighten: not decided within the budget; --node-limit raises it");
        return not_decided;
      case trace::Untightened::NothingUsed:
        complain("replay: --tighten: the recording has no call to allow");
        return no;
      case trace::Untightened::Refused:
        complain("replay: --tighten: no runtime would load the profile");
        return no;
    }
    return no;
  }

  std::string tightened_text() const;
  std::string divergence_text() const;
  std::string skipped_text(const load::TraceStream& stream) const;
  std::string unused_text() const;
  std::string rows_text(std::string_view title, const std::vector<trace::Row>& rows) const;
  Json rows_json(const std::vector<trace::Row>& rows) const;
  Json point_json(const std::optional<trace::Divergence::Point>& point) const;

  const CommandLine& line_;
  const Options& options_;
  const Stack& stack_;
  const symbolic::Budget& budget_;
  trace::Judge judge_;
  trace::Replay replay_;
  trace::Usage usage_;
  std::optional<trace::Divergence> divergence_;
  std::optional<trace::Tightened> tightened_;
  std::vector<Call> calls_;
};

std::string plural(std::uint64_t count, std::string_view noun) {
  return std::to_string(count) + " " + std::string(noun) + (count == 1 ? "" : "s");
}

std::string Session::rows_text(std::string_view title, const std::vector<trace::Row>& rows) const {
  if (rows.empty()) return "";
  std::string text = std::string(title) + ":\n";
  for (const trace::Row& row : rows) {
    text += "  " + call_text(row.call) + ": " + judgement_text(row.judgement, row.call, line_);
    if (row.count > 1) text += ", " + std::to_string(row.count) + " times";
    text += "\n";
  }
  return text;
}

std::string Session::unused_text() const {
  std::string text;
  for (const trace::Unused& unused : replay_.unused()) {
    const seccomp::ArchInfo& arch = seccomp::describe(unused.arch);
    text += "allowed and not used: " + plural(unused.numbers.size(), "call") + " of " +
            std::string(arch.token);
    if (!options_.unused) {
      text += " (--unused lists them)\n";
      continue;
    }
    text += ":\n";
    for (const std::uint32_t nr : unused.numbers)
      text += "  " + syscall_text(arch.audit, nr) + "\n";
  }
  return text;
}

std::string Session::skipped_text(const load::TraceStream& stream) const {
  std::string text;
  for (std::size_t i = 0; i < trace::skip_kinds; ++i) {
    const auto skip = static_cast<trace::Skip>(i);
    const trace::Skipped skipped = stream.skipped(skip);
    if (skipped.count == 0) continue;
    text += plural(skipped.count, "line") + " left out, the first is " +
            std::to_string(skipped.first_line) + ": " + std::string(trace::describe(skip)) + "\n";
  }
  return text;
}

std::string Session::divergence_text() const {
  if (!divergence_) return "";
  const auto point = [&](const trace::Divergence::Point& at) {
    return call_text(at.call) + ": " + judgement_text(at.a, at.call, line_) + " -> " +
           judgement_text(at.b, at.call, line_) + "\n";
  };
  std::string text;
  if (divergence_->first())
    text += "the filters part on " + plural(divergence_->parted(), "call") + ", first at\n  " +
            point(*divergence_->first());
  else
    text += "the filters agree on every call that can be told\n";
  if (divergence_->first_doubtful())
    text += "and may part on " + plural(divergence_->doubtful(), "more call") + ", first at\n  " +
            point(*divergence_->first_doubtful());
  return text;
}

std::string Session::tightened_text() const {
  if (!tightened_) return "";
  std::size_t names = 0;
  for (const auto& rule : tightened_->rules.rules)
    if (trace::runs(rule.verdict)) names += rule.calls.size();
  std::string text = text::printable(line_.text("tighten")) + ": " +
                     plural(tightened_->rules.rules.size(), "rule") + ", " + plural(names, "name") +
                     " allowed; proven no more permissive than the filter, and the recording "
                     "passes as before\n";
  if (!tightened_->proven()) text = "the tightened profile was not proven and not written\n";
  for (const auto& left : tightened_->left_out)
    text += "  left out: " + syscall_text(left.number.arch, left.number.nr) + " of " +
            arch_name(left.number.arch, left.number.nr) + ": " +
            std::string(trace::describe(left.why)) + "\n";
  return text;
}

std::string Session::text(const load::TraceStream& stream) const {
  std::string text = plural(replay_.calls(), "call") + ":";
  std::string comma = " ";
  for (const auto& [verdict, count] : replay_.counts()) {
    const bool runs = trace::runs(verdict, line_.semantics());
    text +=
        comma + std::to_string(count) + " " +
        line_.paint()(runs ? Shade::Good : Shade::Bad, text::to_text(verdict, line_.semantics()));
    comma = ", ";
  }
  if (const auto open = replay_.with(Certainty::Open))
    text += comma + std::to_string(open) + " open";
  text += "\n";
  if (const auto assumed = replay_.with(Certainty::Assumed))
    text += std::to_string(assumed) + " of them as long as unrecorded upper halves are 0\n";
  if (replay_.arch_assumed() > 0)
    text += "the ABI of " + std::to_string(replay_.arch_assumed()) + " is not recorded: " +
            std::string(seccomp::describe(options_.trace.reader.arch).token) + " is assumed\n";
  text += skipped_text(stream);
  text += rows_text("denied", replay_.refused());
  text += rows_text("open, since the recording does not tell", replay_.open());
  if (replay_.without_row() > 0)
    text += plural(replay_.without_row(), "more call") + " are counted and not told apart\n";
  if (replay_.contradicted() > 0)
    text += rows_text("recorded with another action than the filter's (" +
                          plural(replay_.contradicted(), "call") + ")",
                      replay_.contradictions());
  return text + unused_text() + divergence_text() + tightened_text();
}

Json Session::rows_json(const std::vector<trace::Row>& rows) const {
  Json list = Json::array();
  for (const trace::Row& row : rows) {
    Json json = call_json(row.call);
    json.update(judgement_json(row.judgement, row.call, line_.semantics()));
    json["count"] = row.count;
    list.push_back(std::move(json));
  }
  return list;
}

Json Session::point_json(const std::optional<trace::Divergence::Point>& point) const {
  if (!point) return {};
  Json json = call_json(point->call);
  json["a"] = judgement_json(point->a, point->call, line_.semantics());
  json["b"] = judgement_json(point->b, point->call, line_.semantics());
  return json;
}

std::string Session::json(const load::TraceStream& stream) const {
  Json json = json_document(line_.semantics());
  json["trace"] = line_.operands().back();
  json["trace_format"] = trace::name(stream.format());
  json["calls"] = replay_.calls();
  json["counts"] = Json::object();
  for (const auto& [verdict, count] : replay_.counts())
    json["counts"][text::to_text(verdict, line_.semantics())] = count;
  json["certain"] = replay_.with(Certainty::Certain);
  json["assumed"] = replay_.with(Certainty::Assumed);
  json["open"] = replay_.with(Certainty::Open);
  json["arch_assumed"] = replay_.arch_assumed();
  json["skipped"] = Json::array();
  for (std::size_t i = 0; i < trace::skip_kinds; ++i) {
    const auto skip = static_cast<trace::Skip>(i);
    const trace::Skipped skipped = stream.skipped(skip);
    if (skipped.count > 0)
      json["skipped"].push_back(
          {{"why", trace::describe(skip)}, {"count", skipped.count}, {"line", skipped.first_line}});
  }
  json["denied"] = rows_json(replay_.refused());
  json["undecided"] = rows_json(replay_.open());
  json["without_row"] = replay_.without_row();
  json["contradicted"] = replay_.contradicted();
  json["contradictions"] = rows_json(replay_.contradictions());
  json["unused"] = Json::array();
  for (const trace::Unused& unused : replay_.unused()) {
    Json calls = Json::array();
    const seccomp::ArchInfo& arch = seccomp::describe(unused.arch);
    for (const std::uint32_t nr : unused.numbers) calls.push_back(syscall_text(arch.audit, nr));
    json["unused"].push_back({{"arch", arch.token}, {"syscalls", calls}});
  }
  if (divergence_)
    json["against"] = {{"parted", divergence_->parted()},
                       {"first", point_json(divergence_->first())},
                       {"doubtful", divergence_->doubtful()},
                       {"first_doubtful", point_json(divergence_->first_doubtful())}};
  if (tightened_) {
    Json left = Json::array();
    for (const auto& one : tightened_->left_out)
      left.push_back({{"arch", arch_name(one.number.arch, one.number.nr)},
                      {"syscall", syscall_text(one.number.arch, one.number.nr)},
                      {"why", trace::describe(one.why)}});
    json["tightened"] = {{"file", line_.text("tighten")},
                         {"proven", tightened_->proven()},
                         {"rules", tightened_->rules.rules.size()},
                         {"left_out", left}};
  }
  return json_line(json);
}

tl::expected<Options, ExitStatus> read_options(const CommandLine& line) {
  Options options;
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
        "write the OCI profile that allows what the recording used and nothing else"}});
  add_budget_options(line);
  if (const auto status = line.parse(arguments)) return *status;
  const auto& operands = line.operands();
  if (operands.size() < 2) return line.usage("expected FILTER and TRACE");
  if (operands.size() > 2 && !line.has("stack"))
    return line.usage("several filters need --stack: they are run as one, oldest first");
  if (line.has("tighten") && line.text("tighten").empty())
    return line.usage("option '--tighten': found '', expected a file");
  std::vector<std::string> inputs = operands;
  if (line.has("against")) inputs.push_back(line.text("against"));
  if (std::count(inputs.begin(), inputs.end(), "-") > 1)
    return line.usage("stdin can be one of FILTER and TRACE only");
  const auto options = read_options(line);
  if (!options) return options.error();
  const auto budget = read_budget(line);
  if (!budget) return budget.error();
  const auto stack = load_stack(line, std::span(operands).first(operands.size() - 1));
  if (!stack) return stack.error();
  std::optional<Stack> against;
  if (line.has("against")) {
    auto other = load_stack(line, std::span(inputs).last(1));
    if (!other) return other.error();
    against = std::move(*other);
  }
  auto stream = load::TraceStream::open(operands.back(), options->trace);
  if (!stream) {
    complain(load::describe(stream.error()));
    return status_of(stream.error());
  }
  auto output = line.open_output();
  if (!output) return output.error();

  Session session(line, *options, *stack, against, *budget);
  if (const auto status = session.read(*stream, *output)) return *status;
  const ExitStatus tightened = line.has("tighten") ? session.tighten() : yes;
  output->write(line.json() ? session.json(*stream) : session.text(*stream));
  // Of a recording that is to be tightened, refused calls are no news.
  return output->finish(line.has("tighten") ? tightened : session.status());
}

}  // namespace assay::tool
