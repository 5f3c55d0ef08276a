#include "replay_job.hpp"

#include <algorithm>
#include <functional>
#include <iterator>

#include "assay/text/verdict.hpp"
#include "in_order.hpp"
#include "long_job.hpp"
#include "trace_text.hpp"

namespace assay::tool {
namespace {

using trace::Call;
using trace::Certainty;
using trace::Judgement;

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

  static Sums of(const ReplaySession& session, const seccomp::Semantics& semantics) {
    Sums sums;
    const trace::Replay& replay = session.replay();
    sums.totals_["recordings"] = 1;
    sums.totals_["calls"] = replay.calls();
    sums.totals_["open"] = replay.with(Certainty::Open);
    for (const auto& [verdict, count] : replay.counts())
      add(sums.totals_["counts"], text::to_text(verdict, semantics), count);
    sums.status_ = session.status();
    return sums;
  }
  static Sums of_unread(ExitStatus status) {
    Sums sums;
    sums.totals_["unread"] = 1;
    sums.status_ = status;
    return sums;
  }

  void add(const Sums& more) {
    for (const auto& [name, found] : more.totals_.items())
      if (found.is_number()) add(totals_, name, found);
    for (const auto& [verdict, count] : more.totals_["counts"].items())
      add(totals_["counts"], verdict, count);
    status_ = worse(status_, more.status_);
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

  static void add(Json& counts, const std::string& name, std::uint64_t count) {
    counts[name] = counts.value(name, std::uint64_t{0}) + count;
  }

  Json totals_{
      {"recordings", 0}, {"unread", 0}, {"calls", 0}, {"open", 0}, {"counts", Json::object()}};
  ExitStatus status_ = yes;
};

// Of one recording; of its results the last says what is wrong with it, or what all calls came to.
struct Replayed {
  std::vector<std::string> results;
  Sums sums;
  std::string complaint;  // empty: none
};

// Where the results of a recording go; false once nobody takes them any more.
using TakeResult = std::function<bool(std::string result)>;

class EachResult final : public EachCall {
 public:
  EachResult(const CommandLine& line, const TakeResult& take) : line_(line), take_(take) {}
  void take(const Call& call, const Judgement& judgement) override {
    if (good_) good_ = take_(document(each_json(line_, call, judgement)));
  }
  bool good() const override { return good_; }

 private:
  const CommandLine& line_;
  const TakeResult& take_;
  bool good_ = true;
};

Replayed unread(const CommandLine& line, const std::string& trace, const Problem& problem) {
  Json json = json_document(line.semantics());
  json["trace"] = trace;
  json["error"] = problem.sentence;
  return {{document(json)}, Sums::of_unread(problem.status), problem.sentence};
}

// Calls of --each go to `take`, in front of the results that are returned.
Replayed replayed(const ReplayQuestion& question, const std::string& trace,
                  const TakeResult& take) {
  const CommandLine& line = question.line;
  auto stream = load::TraceStream::open(trace, question.options.trace);
  if (!stream)
    return unread(line, trace, {load::describe(stream.error()), status_of(stream.error())});
  ReplaySession session(question, trace);
  EachResult each(line, take);
  if (const auto problem = session.read(*stream, each)) return unread(line, trace, *problem);
  return {{document(session.json(*stream))}, Sums::of(session, line.semantics()), ""};
}

// The same with the calls among the results.
Replayed replayed(const ReplayQuestion& question, const std::string& trace) {
  std::vector<std::string> calls;
  Replayed all = replayed(question, trace, [&](std::string call) {
    calls.push_back(std::move(call));
    return true;
  });
  std::move(all.results.begin(), all.results.end(), std::back_inserter(calls));
  all.results = std::move(calls);
  return all;
}

constexpr const char* settings[] = {"stack",     "trace-format", "arch",       "each",
                                    "semantics", "input-format", "node-limit", "time-limit"};

}  // namespace

ExitStatus replay_share(const ReplayQuestion& question, const NameList& names,
                        const NameList& traces) {
  const CommandLine& line = question.line;
  const auto share = share_of(line);
  if (!share) return share.error();
  auto run = open_run(line, "replay", settings_of(line, names, settings));
  if (!run) return run.error();
  auto saved = Sums::from(run->state());
  if (!saved) return not_a_state();
  Sums& sums = *saved;
  if (run->complete()) return sums.status();
  fleet::Run::Done done;
  // One at a time need not be kept, however many calls there are.
  const auto replay = [&](std::uint64_t item) {
    const std::string trace(traces[item]);
    if (question.jobs > 1) return replayed(question, trace);
    return replayed(question, trace, [&](const std::string& call) {
      done = run->add(item, call);
      return done.has_value();
    });
  };
  InOrder<Replayed> made({share->next(run->next()), share->count, traces.size()}, question.jobs,
                         replay);
  for (auto one = made.next(); one && done; one = made.next()) {
    const auto& [item, replayed] = *one;
    if (!replayed.complaint.empty()) complain(replayed.complaint);
    for (const std::string& result : replayed.results)
      if (done) done = run->add(item, result);
    sums.add(replayed.sums);
    if (done) done = run->reached(item + 1, [&] { return sums.state(); });
  }
  if (done) done = run->finish(traces.size(), sums.totals(), sums.state());
  return done ? sums.status() : failed(done.error());
}

}  // namespace assay::tool
