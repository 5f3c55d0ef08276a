// assay replay: what a filter says of recorded system calls.
#include "assay/trace/replay.hpp"

#include <algorithm>

#include "assay/load/trace_stream.hpp"
#include "assay/names/syscalls.hpp"
#include "assay/text/verdict.hpp"
#include "assay/trace/divergence.hpp"
#include "assay/trace/tighten.hpp"
#include "audit_targets.hpp"
#include "budget_options.hpp"
#include "filters.hpp"
#include "long_job.hpp"
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
    "With --traces, --shard and the like there may be many TRACEs, each one item of a job.\n"
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

// What every recording is asked about.
struct Question {
  const CommandLine& line;
  Options options;
  symbolic::Budget budget;
  Stack stack;
  std::optional<Stack> against;
};

// Where the calls of --each go; not good once nobody reads them any more.
class Each {
 public:
  virtual ~Each() = default;
  virtual void take(const Call& call, const Judgement& judgement) = 0;
  virtual bool good() const = 0;
};

Json each_json(const CommandLine& line, const Call& call, const Judgement& judgement) {
  Json json = json_document(line.semantics());
  json.update(call_json(call));
  json.update(judgement_json(judgement, call, line.semantics()));
  return json;
}

class EachLine final : public Each {
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

// All that reads the calls of a recording, and what it found.
class Session {
 public:
  Session(const Question& question, std::string trace)
      : line_(question.line),
        options_(question.options),
        stack_(question.stack),
        budget_(question.budget),
        trace_(std::move(trace)),
        judge_(stack_.programs, line_.semantics(), budget_),
        replay_(judge_, line_.semantics()),
        usage_(judge_) {
    if (question.against)
      divergence_.emplace(stack_.programs, question.against->programs, line_.semantics(), budget_);
  }

  // What is wrong with the recording.
  std::optional<Problem> read(load::TraceStream& stream, Each& each) {
    Progress progress(stream.known_size(), line_.quiet());
    const bool whole_records =
        stream.format() == trace::Format::Raw && !options_.each && !line_.has("tighten");
    while (each.good()) {
      const auto more = whole_records ? read_records(stream) : read_calls(stream, each);
      if (!more) {
        progress.clear();
        return Problem{load::describe(more.error()), status_of(more.error())};
      }
      if (!*more) break;
      progress.show(stream.bytes());
    }
    progress.clear();
    if (replay_.calls() > 0 || stream.bytes() == 0) return std::nullopt;
    return Problem{text::printable(trace_) + ": line 1: found no system call in " +
                       std::to_string(stream.lines()) + " lines, expected a recording of " +
                       std::string(trace::name(stream.format())),
                   bad_input};
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
  Json json(const load::TraceStream& stream) const;

  const trace::Replay& replay() const { return replay_; }

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

  More read_calls(load::TraceStream& stream, Each& each) {
    const auto read = stream.next(calls_);
    if (!read) return tl::unexpected(read.error());
    for (const Call& call : calls_) {
      const Judgement& judgement = replay_.take(call);
      if (options_.each) each.take(call, judgement);
      if (line_.has("tighten")) usage_.take(call);
      if (divergence_) divergence_->take(call);
    }
    return !calls_.empty() || !stream.finished();
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
  const std::string trace_;
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

Json Session::json(const load::TraceStream& stream) const {
  Json json = json_document(line_.semantics());
  json["trace"] = trace_;
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
  return json;
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

// What a share has found so far: its totals, which merging adds up, and the status to end with.
class Sums {
 public:
  // Nothing when a checkpoint has been tampered with; empty is the state of a run that begins.
  static std::optional<Sums> from(const std::string& state) {
    Sums sums;
    if (state.empty()) return sums;
    Json saved = Json::parse(state, nullptr, false);
    if (!saved.is_object() || !saved.contains("totals") || !saved["totals"].is_object())
      return std::nullopt;
    Json& totals = saved["totals"];
    for (const auto& [name, start] : sums.totals_.items())
      if (!totals.contains(name) || !same_kind(totals[name], start)) return std::nullopt;
    for (const Json& count : totals["counts"])
      if (!count.is_number_unsigned()) return std::nullopt;
    if (!saved.contains("status") || !saved["status"].is_number_unsigned()) return std::nullopt;
    sums.totals_ = totals;
    sums.status_ = static_cast<ExitStatus>(saved["status"].get<unsigned>());
    return sums;
  }

  void add(const Session& session, const seccomp::Semantics& semantics) {
    const trace::Replay& replay = session.replay();
    add("recordings", 1);
    add("calls", replay.calls());
    add("open", replay.with(Certainty::Open));
    for (const auto& [verdict, count] : replay.counts()) {
      Json& counts = totals_["counts"];
      const std::string name = text::to_text(verdict, semantics);
      counts[name] = counts.value(name, std::uint64_t{0}) + count;
    }
    status_ = worse(status_, session.status());
  }
  void add_unread(ExitStatus status) {
    add("unread", 1);
    status_ = worse(status_, status);
  }

  std::string totals() const { return document(totals_); }
  ExitStatus status() const { return status_; }
  std::string state() const {
    return document(Json{{"status", static_cast<int>(status_)}, {"totals", totals_}});
  }

 private:
  static bool same_kind(const Json& found, const Json& start) {
    return start.is_object() ? found.is_object() : found.is_number_unsigned();
  }

  void add(const char* name, std::uint64_t count) {
    totals_[name] = totals_.value(name, std::uint64_t{0}) + count;
  }

  Json totals_{
      {"recordings", 0}, {"unread", 0}, {"calls", 0}, {"open", 0}, {"counts", Json::object()}};
  ExitStatus status_ = yes;
};

class EachResult final : public Each {
 public:
  EachResult(const CommandLine& line, fleet::Run& run, std::uint64_t item)
      : line_(line), run_(run), item_(item) {}
  void take(const Call& call, const Judgement& judgement) override {
    add(each_json(line_, call, judgement));
  }
  void add(const Json& json) {
    if (done_) done_ = run_.add(item_, document(json));
  }
  bool good() const override { return done_.has_value(); }
  const fleet::Run::Done& done() const { return done_; }

 private:
  const CommandLine& line_;
  fleet::Run& run_;
  std::uint64_t item_;
  fleet::Run::Done done_;
};

// The results of one recording; the last says what is wrong with it, or what all calls came to.
fleet::Run::Done replay_item(const Question& question, const std::string& trace, fleet::Run& run,
                             std::uint64_t item, Sums& sums) {
  EachResult results(question.line, run, item);
  const auto unread = [&](const Problem& problem) {
    complain(problem.sentence);
    Json json = json_document(question.line.semantics());
    json["trace"] = trace;
    json["error"] = problem.sentence;
    results.add(json);
    sums.add_unread(problem.status);
    return results.done();
  };
  auto stream = load::TraceStream::open(trace, question.options.trace);
  if (!stream) return unread({load::describe(stream.error()), status_of(stream.error())});
  Session session(question, trace);
  if (const auto problem = session.read(*stream, results)) return unread(*problem);
  results.add(session.json(*stream));
  sums.add(session, question.line.semantics());
  return results.done();
}

constexpr const char* settings[] = {"stack",     "trace-format", "arch",       "each",
                                    "semantics", "input-format", "node-limit", "time-limit"};

// As a job: item k is recording k.
ExitStatus replay_share(const Question& question, const Inputs& inputs) {
  const CommandLine& line = question.line;
  const auto share = share_of(line);
  if (!share) return share.error();
  auto run = open_run(line, "replay", settings_of(line, names_of(line, inputs), settings));
  if (!run) return run.error();
  auto saved = Sums::from(run->state());
  if (!saved) return not_a_state();
  Sums& sums = *saved;
  if (run->complete()) return sums.status();
  fleet::Run::Done done;
  for (std::uint64_t item = share->next(run->next()); done && item < inputs.traces.size();
       item = share->next(item + 1)) {
    done = replay_item(question, std::string(inputs.traces[item]), *run, item, sums);
    if (done) done = run->reached(item + 1, [&] { return sums.state(); });
  }
  if (done) done = run->finish(inputs.traces.size(), sums.totals(), sums.state());
  return done ? sums.status() : failed(done.error());
}

ExitStatus replay_one(const Question& question, const std::string& trace) {
  const CommandLine& line = question.line;
  auto stream = load::TraceStream::open(trace, question.options.trace);
  if (!stream) {
    complain(load::describe(stream.error()));
    return status_of(stream.error());
  }
  auto output = line.open_output();
  if (!output) return output.error();
  Session session(question, trace);
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
  const auto options = read_options(line);
  if (!options) return options.error();
  const auto budget = read_budget(line);
  if (!budget) return budget.error();
  auto stack = load_stack(line, inputs->filters);
  if (!stack) return stack.error();
  Question question{line, *options, *budget, std::move(*stack), std::nullopt};
  if (line.has("against")) {
    const std::string against = line.text("against");
    auto other = load_stack(line, std::span(&against, 1));
    if (!other) return other.error();
    question.against = std::move(*other);
  }
  return is_many(line) ? replay_share(question, *inputs)
                       : replay_one(question, std::string(inputs->traces[0]));
}

}  // namespace assay::tool
