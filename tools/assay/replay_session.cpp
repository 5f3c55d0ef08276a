#include "replay_session.hpp"

#include "assay/names/syscalls.hpp"
#include "assay/text/verdict.hpp"
#include "progress.hpp"
#include "trace_text.hpp"
#include "witness_record.hpp"

namespace assay::tool {
namespace {

using trace::Call;
using trace::Certainty;
using trace::Judgement;

std::string plural(std::uint64_t count, std::string_view noun) {
  return std::to_string(count) + " " + std::string(noun) + (count == 1 ? "" : "s");
}

}  // namespace

Json each_json(const CommandLine& line, const Call& call, const Judgement& judgement) {
  Json json = json_document(line.semantics());
  json.update(call_json(call));
  json.update(judgement_json(judgement, call, line.semantics()));
  return json;
}

std::optional<Problem> ReplaySession::read(load::TraceStream& stream, EachCall& each) {
  Progress progress(stream.known_size(), line_.quiet() || !options_.progress);
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

ExitStatus ReplaySession::tighten() {
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

ExitStatus ReplaySession::status() const {
  if (divergence_) {
    if (divergence_->parted() > 0) return no;
    return divergence_->doubtful() > 0 ? not_decided : yes;
  }
  for (const auto& [verdict, count] : replay_.counts())
    if (!trace::runs(verdict, line_.semantics())) return no;
  return replay_.with(Certainty::Open) > 0 ? not_decided : yes;
}

ReplaySession::More ReplaySession::read_records(load::TraceStream& stream) {
  const auto records = stream.next_records();
  if (!records) return tl::unexpected(records.error());
  const std::size_t first = stream.lines() - records->size() + 1;
  replay_.take(*records, first);
  if (divergence_) divergence_->take(*records, first);
  return !records->empty();
}

ReplaySession::More ReplaySession::read_calls(load::TraceStream& stream, EachCall& each) {
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

ExitStatus ReplaySession::complain_of(trace::Untightened why) const {
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

std::string ReplaySession::rows_text(std::string_view title,
                                     const std::vector<trace::Row>& rows) const {
  if (rows.empty()) return "";
  std::string text = std::string(title) + ":\n";
  for (const trace::Row& row : rows) {
    text += "  " + call_text(row.call) + ": " + judgement_text(row.judgement, row.call, line_);
    if (row.count > 1) text += ", " + std::to_string(row.count) + " times";
    text += "\n";
  }
  return text;
}

std::string ReplaySession::unused_text() const {
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

std::string ReplaySession::skipped_text(const load::TraceStream& stream) const {
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

std::string ReplaySession::divergence_text() const {
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

std::string ReplaySession::tightened_text() const {
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

std::string ReplaySession::text(const load::TraceStream& stream) const {
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

Json ReplaySession::rows_json(const std::vector<trace::Row>& rows) const {
  Json list = Json::array();
  for (const trace::Row& row : rows) {
    Json json = call_json(row.call);
    json.update(judgement_json(row.judgement, row.call, line_.semantics()));
    json["count"] = row.count;
    list.push_back(std::move(json));
  }
  return list;
}

Json ReplaySession::point_json(const std::optional<trace::Divergence::Point>& point) const {
  if (!point) return {};
  Json json = call_json(point->call);
  json["a"] = judgement_json(point->a, point->call, line_.semantics());
  json["b"] = judgement_json(point->b, point->call, line_.semantics());
  return json;
}

Json ReplaySession::json(const load::TraceStream& stream) const {
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

}  // namespace assay::tool
