#include "replay_job.hpp"

#include "assay/text/verdict.hpp"
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

  void add(const ReplaySession& session, const seccomp::Semantics& semantics) {
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

class EachResult final : public EachCall {
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
fleet::Run::Done replay_item(const ReplayQuestion& question, const std::string& trace,
                             fleet::Run& run, std::uint64_t item, Sums& sums) {
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
  ReplaySession session(question, trace);
  if (const auto problem = session.read(*stream, results)) return unread(*problem);
  results.add(session.json(*stream));
  sums.add(session, question.line.semantics());
  return results.done();
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
  for (std::uint64_t item = share->next(run->next()); done && item < traces.size();
       item = share->next(item + 1)) {
    done = replay_item(question, std::string(traces[item]), *run, item, sums);
    if (done) done = run->reached(item + 1, [&] { return sums.state(); });
  }
  if (done) done = run->finish(traces.size(), sums.totals(), sums.state());
  return done ? sums.status() : failed(done.error());
}

}  // namespace assay::tool
