#include <cmath>

#include "assay/verify/chain.hpp"
#include "cost_study.hpp"
#include "json.hpp"
#include "witness_record.hpp"

namespace assay::tool {
namespace {

using kernel::NotTimed;
using kernel::Timing;

double rounded(double value) { return std::round(value * 1000) / 1000; }

Json bound_json(const cost::Bound& bound) {
  return {{"insns", bound.instructions}, {"witness", to_record(bound.witness)}};
}

Json estimate_json(const kernel::Estimate& estimate) {
  return {{"median", rounded(estimate.median)},
          {"low", rounded(estimate.low)},
          {"high", rounded(estimate.high)}};
}

Json timing_json(const Timing& timing) {
  const bool timed = timing.not_timed == NotTimed::None;
  return {{"ns", timed ? estimate_json(timing.added) : Json()},
          {"not_timed", timed ? Json() : Json(describe(timing.not_timed))},
          {"executed", timing.executed},
          {"rewritten", timing.rewritten}};
}

Json optional_json(const std::optional<double>& value) {
  return value ? Json(rounded(*value)) : Json();
}

const cost::MeasuredCall* measured_call(const CostStudy& study, const cost::CallRow& row,
                                        seccomp::Arch machine) {
  if (!study.measured || row.arch != machine) return nullptr;
  for (const cost::MeasuredCall& call : study.measured->calls)
    if (call.nr == row.nr) return &call;
  return nullptr;
}

Json row_json(const CostStudy& study, const cost::CallRow& row, seccomp::Arch machine) {
  Json json{{"arch", describe(row.arch).token}, {"nr", row.nr}};
  if (!row.name.starts_with("nr ")) json["syscall"] = row.name;
  json["best"] = row.bounds.best.instructions;
  json["worst"] = row.bounds.worst.instructions;
  json["witness"] = to_record(row.bounds.worst.witness);
  json["bitmap"] = row.place.inside();
  json["why"] = row.why.empty() ? Json() : Json(row.why);
  const cost::MeasuredCall* const call = measured_call(study, row, machine);
  const bool timed = call != nullptr && call->timing.not_timed == NotTimed::None;
  json["ns"] = timed ? Json(rounded(call->timing.added.median)) : Json();
  if (study.recording) json["calls"] = row.calls;
  return json;
}

Json mean_json(const cost::MeanCost& mean) {
  return {{"least", rounded(mean.least)},
          {"most", rounded(mean.most)},
          {"in_bitmap", rounded(mean.in_bitmap)}};
}

Json recording_json(const CostStudy::Recording& recording) {
  return {
      {"calls", recording.calls},
      {"left_out", recording.left_out},
      {"executed", mean_json(recording.mean)},
      {"without_bitmap", {{"least", rounded(recording.least)}, {"most", rounded(recording.most)}}}};
}

Json candidate_json(const optimize::Candidate& candidate) {
  return {{"change", title(candidate)},
          {"insns", candidate.program.size()},
          {"executed", mean_json(candidate.mean)},
          {"worst", candidate.worst},
          {"chain_length", candidate.chain_cost}};
}

Json measured_json(const cost::Measured& measured) {
  Json json{{"nothing", estimate_json(measured.nothing)}};
  json["model"] = Json();
  if (const auto& model = measured.model) {
    json["model"] = {{"bitmap", rounded(model->bitmap)},
                     {"first", rounded(model->first)},
                     {"further", rounded(model->further)},
                     {"instruction", rounded(model->instruction)}};
  }
  json["calls"] = Json::array();
  for (const cost::MeasuredCall& call : measured.calls) {
    Json one{{"nr", call.nr}, {"as_is", timing_json(call.timing)}, {"run", timing_json(call.run)}};
    one["bitmap_hit"] = call.bitmap_hit ? Json(*call.bitmap_hit) : Json();
    one["model"] = optional_json(call.model);
    json["calls"].push_back(std::move(one));
  }
  json["depths"] = Json::array();
  for (const cost::MeasuredDepth& depth : measured.depths) {
    json["depths"].push_back({{"filters", depth.filters},
                              {"as_is", timing_json(depth.timing)},
                              {"run", timing_json(depth.run)},
                              {"model", optional_json(depth.model)}});
  }
  return json;
}

}  // namespace

std::string cost_json(const CommandLine& line, const CostStudy& study) {
  Json json = json_document(line.semantics());
  json["files"] = Json::array();
  json["insns"] = 0;
  for (const load::Filter& filter : study.stack.filters) {
    json["files"].push_back(filter.file);
    json["insns"] = json["insns"].get<std::size_t>() + filter.instructions.size();
  }
  json["chain_length"] = study.chain_length;
  json["chain_left"] = verify::chain_limit - std::min(verify::chain_limit, study.chain_length);
  json["chain_room"] = study.room;
  json["best"] = bound_json(study.everywhere.best);
  json["worst"] = bound_json(study.everywhere.worst);
  json["syscalls"] = Json::array();
  for (const cost::CallRow& row : study.rows)
    json["syscalls"].push_back(row_json(study, row, line.semantics().machine));
  if (study.recording) json["trace"] = recording_json(*study.recording);
  if (study.candidates) {
    json["before"] = mean_json(study.before);
    json["advice"] = Json::array();
    for (const optimize::Candidate& candidate : *study.candidates)
      json["advice"].push_back(candidate_json(candidate));
  }
  if (study.measured) json["measured"] = measured_json(*study.measured);
  return json_line(json);
}

}  // namespace assay::tool
