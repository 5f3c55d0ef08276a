// One recording before the filters of assay replay: all that reads its calls, and what they found,
// as text and as JSON.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "assay/load/trace_stream.hpp"
#include "assay/trace/divergence.hpp"
#include "assay/trace/replay.hpp"
#include "assay/trace/tighten.hpp"
#include "audit_targets.hpp"
#include "filters.hpp"
#include "json.hpp"

namespace assay::tool {

struct ReplayOptions {
  load::TraceOptions trace;
  bool each = false;
  bool unused = false;
  bool progress = true;  // shown on a terminal, unless --quiet
};

// What every recording is asked about.
struct ReplayQuestion {
  const CommandLine& line;
  ReplayOptions options;
  symbolic::Budget budget;
  Stack stack;
  std::optional<Stack> against;
  unsigned jobs = 1;  // recordings at a time
};

// Where the calls of --each go; not good once nobody reads them any more.
class EachCall {
 public:
  virtual ~EachCall() = default;
  virtual void take(const trace::Call& call, const trace::Judgement& judgement) = 0;
  virtual bool good() const = 0;
};

Json each_json(const CommandLine& line, const trace::Call& call, const trace::Judgement& judgement);

// All that reads the calls of a recording, and what it found.
class ReplaySession {
 public:
  ReplaySession(const ReplayQuestion& question, std::string trace)
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
  std::optional<Problem> read(load::TraceStream& stream, EachCall& each);
  // Writes the tightened profile; the status that it adds.
  ExitStatus tighten();
  std::string text(const load::TraceStream& stream) const;
  Json json(const load::TraceStream& stream) const;

  const trace::Replay& replay() const { return replay_; }

  ExitStatus status() const;

 private:
  using More = tl::expected<bool, load::InputError>;

  More read_records(load::TraceStream& stream);
  More read_calls(load::TraceStream& stream, EachCall& each);
  ExitStatus complain_of(trace::Untightened why) const;
  std::string tightened_text() const;
  std::string divergence_text() const;
  std::string skipped_text(const load::TraceStream& stream) const;
  std::string unused_text() const;
  std::string rows_text(std::string_view title, const std::vector<trace::Row>& rows) const;
  Json rows_json(const std::vector<trace::Row>& rows) const;
  Json point_json(const std::optional<trace::Divergence::Point>& point) const;

  const CommandLine& line_;
  const ReplayOptions& options_;
  const Stack& stack_;
  const symbolic::Budget& budget_;
  const std::string trace_;
  trace::Judge judge_;
  trace::Replay replay_;
  trace::Usage usage_;
  std::optional<trace::Divergence> divergence_;
  std::optional<trace::Tightened> tightened_;
  std::vector<trace::Call> calls_;
};

}  // namespace assay::tool
