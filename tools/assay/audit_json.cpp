#include "assay/seccomp/arch.hpp"
#include "assay/text/verdict.hpp"
#include "audit_result.hpp"
#include "budget_options.hpp"
#include "witness_record.hpp"

namespace assay::tool {
namespace {

using audit::EvidenceKind;

Json call_json(const audit::Exhibit& exhibit, const seccomp::Semantics& semantics) {
  Json json{{"shows", exhibit.shows},
            {"record", to_record(exhibit.words)},
            {"verdict", text::to_text(exhibit.verdict, semantics)}};
  if (exhibit.kernel) json["kernel"] = text::to_text(*exhibit.kernel, semantics);
  return json;
}

Json evidence_json(const audit::Evidence& evidence, const seccomp::Semantics& semantics) {
  Json json{{"kind", name(evidence.kind)}};
  if (evidence.kind == EvidenceKind::Witness && !evidence.calls.empty())
    json["witness"] = to_record(evidence.calls.front().words);
  json["calls"] = Json::array();
  for (const audit::Exhibit& exhibit : evidence.calls)
    json["calls"].push_back(call_json(exhibit, semantics));
  if (!evidence.statement.empty()) json["statement"] = evidence.statement;
  if (!evidence.checked.empty()) json["checked"] = evidence.checked;
  if (evidence.kind == EvidenceKind::Measure) {
    json["value"] = evidence.value;
    json["limit"] = evidence.limit;
    json["unit"] = evidence.unit;
  }
  return json;
}

Json location_json(const audit::Location& location) {
  Json json{{"file", location.file}};
  json["filter"] = location.filter ? Json(*location.filter) : Json();
  json["insn"] = location.insn ? Json(*location.insn) : Json();
  if (location.insn) json["count"] = location.count;
  json["line"] = location.line ? Json(*location.line) : Json();
  return json;
}

Json finding_json(const audit::Finding& finding, const seccomp::Semantics& semantics) {
  Json json{{"rule", finding.rule},
            {"severity", name(finding.severity)},
            {"subject", finding.subject},
            {"message", finding.message},
            {"location", location_json(finding.location)},
            {"evidence", evidence_json(finding.evidence, semantics)}};
  json["requires"] = Json::array();
  for (const audit::Requirement& requirement : finding.requirements)
    json["requires"].push_back({{"text", requirement.text},
                                {"holds", requirement.holds ? Json(*requirement.holds) : Json()}});
  json["help"] = finding.help;
  return json;
}

}  // namespace

std::string audit_json(const AuditResult& result, const seccomp::Semantics& semantics) {
  Json json = json_document(semantics);
  json["target"] = result.target;
  if (result.problem) {
    json["error"] = result.problem->sentence;
    json["findings"] = Json::array();
    return json_line(json);
  }
  json["machine"] = describe(result.machine).token;
  json["filters"] = result.filters;
  json["insns"] = result.insns;
  json["fingerprint"] = result.fingerprint ? Json(*result.fingerprint) : Json();
  const auto worst = result.worst();
  json["severity"] = worst ? Json(name(*worst)) : Json();
  json["findings"] = Json::array();
  for (const audit::Finding& finding : result.findings())
    json["findings"].push_back(finding_json(finding, semantics));
  json["suppressed"] = Json::array();
  for (const audit::Suppressed& suppressed : result.selected.suppressed)
    json["suppressed"].push_back({{"rule", suppressed.finding.rule},
                                  {"subject", suppressed.finding.subject},
                                  {"reason", suppressed.reason}});
  json["known"] = result.selected.known;
  if (result.confirmation)
    json["confirmed"] = {{"calls", result.confirmation->confirmed},
                         {"mismatches", result.confirmation->mismatches},
                         {"not_askable", result.confirmation->not_askable}};
  if (result.open) json["not_decided"] = counters_json({*result.open, std::nullopt});
  return json_line(json);
}

}  // namespace assay::tool
