#include "assay/report/sarif.hpp"

#include <nlohmann/json.hpp>

#include "assay/audit/rule.hpp"
#include "assay/text/verdict.hpp"

namespace assay::report {

using audit::EvidenceKind;
using audit::Exhibit;
using audit::Finding;
using audit::Rule;
using audit::Severity;
using Json = nlohmann::ordered_json;

namespace {

constexpr std::string_view schema = "https://json.schemastore.org/sarif-2.1.0.json";

std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string_view level(Severity severity) {
  if (severity >= Severity::High) return "error";
  return severity == Severity::Medium ? "warning" : "note";
}

// What code-scanning services sort by: 9.0 and above is critical, 7.0 high, 4.0 medium.
std::string_view score(Severity severity) {
  switch (severity) {
    case Severity::Critical: return "9.5";
    case Severity::High: return "8.0";
    case Severity::Medium: return "5.5";
    case Severity::Low: return "3.0";
    default: return "0.0";
  }
}

Json message(std::string_view text) { return Json{{"text", text}}; }

Json rule_json(const Rule& rule) {
  Json help = message(rule.advice);
  Json json{{"id", rule.id},
            {"shortDescription", message(rule.title)},
            {"fullDescription", message(rule.explanation)},
            {"help", help},
            {"defaultConfiguration", {{"level", level(rule.severity)}}}};
  json["properties"] = {{"tags", {"security", audit::name(rule.family)}},
                        {"security-severity", score(rule.severity)},
                        {"question", rule.question}};
  return json;
}

// A path as a URI reference: what is not unreserved is written as %NN.
std::string uri(std::string_view path) {
  constexpr std::string_view unreserved =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/";
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string text;
  for (const char c : path) {
    if (unreserved.find(c) != std::string_view::npos) {
      text += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    text += {'%', digits[byte >> 4], digits[byte & 15]};
  }
  return text;
}

// A line of the source where there is one, in the file that it is of; else the instruction,
// counted as a line of the disassembly.
Json location_json(std::string_view target, const audit::Location& location) {
  const std::size_t line = location.line.value_or(location.insn.value_or(0) + 1);
  Json region{{"startLine", line}};
  if (location.insn && !location.line && location.count > 1)
    region["endLine"] = line + location.count - 1;
  Json json{{"physicalLocation",
             {{"artifactLocation", {{"uri", uri(location.line ? location.file : target)}}},
              {"region", std::move(region)}}}};
  if (location.filter) {
    std::string name = "filter " + std::to_string(*location.filter);
    if (location.insn) name += ", instruction " + std::to_string(*location.insn);
    json["logicalLocations"] = Json::array({{{"fullyQualifiedName", name}}});
  }
  return json;
}

std::string hex(std::uint64_t value, std::size_t digits) {
  constexpr std::string_view names = "0123456789abcdef";
  std::string text(digits, '0');
  for (std::size_t i = digits; i-- > 0; value >>= 4) text[i] = names[value & 15];
  return text;
}

// FNV-1a: stable from run to run, which is all that is asked of a fingerprint here.
std::string digest(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hex(hash, 16);
}

Json call_json(const Exhibit& exhibit) {
  Json words = Json::array();
  for (const std::uint32_t word : exhibit.words) words.push_back(word);
  return {{"shows", exhibit.shows},
          {"words", std::move(words)},
          {"verdict", text::to_text(exhibit.verdict)}};
}

Json evidence_json(const Finding& finding) {
  const audit::Evidence& evidence = finding.evidence;
  Json json{{"kind", audit::name(evidence.kind)}};
  if (!evidence.calls.empty()) {
    json["calls"] = Json::array();
    for (const Exhibit& exhibit : evidence.calls) json["calls"].push_back(call_json(exhibit));
  }
  if (!evidence.statement.empty()) json["statement"] = evidence.statement;
  if (!evidence.checked.empty()) json["checked"] = evidence.checked;
  if (evidence.kind == EvidenceKind::Measure) {
    json["value"] = evidence.value;
    json["limit"] = evidence.limit;
    json["unit"] = evidence.unit;
  }
  return json;
}

Json result_json(std::string_view target, const Finding& finding) {
  const Rule* const rule = audit::find_rule(finding.rule);
  Json json{{"ruleId", finding.rule}};
  if (rule != nullptr) json["ruleIndex"] = rule - audit::rules().data();
  json["level"] = level(finding.severity);
  json["message"] = message(finding.message);
  json["locations"] = Json::array({location_json(target, finding.location)});
  json["partialFingerprints"] = {{"assayFinding/v1", digest(audit::key(target, finding))}};
  json["properties"] = {{"severity", audit::name(finding.severity)},
                        {"subject", finding.subject},
                        {"evidence", evidence_json(finding)},
                        {"help", finding.help}};
  if (!finding.requirements.empty()) {
    Json needs = Json::array();
    for (const audit::Requirement& requirement : finding.requirements)
      needs.push_back({{"text", requirement.text},
                       {"holds", requirement.holds ? Json(*requirement.holds) : Json()}});
    json["properties"]["requirements"] = std::move(needs);
  }
  return json;
}

}  // namespace

std::string sarif_begin(std::string_view version) {
  Json rules = Json::array();
  for (const Rule& rule : audit::rules()) rules.push_back(rule_json(rule));
  const Json driver{{"name", "assay"}, {"version", version}, {"rules", std::move(rules)}};
  return "{\"$schema\":\"" + std::string(schema) +
         "\",\"version\":\"2.1.0\",\"runs\":[{\"tool\":{\"driver\":" + dump(driver) +
         "},\"results\":[\n";
}

std::string sarif_results(const SarifTarget& target, bool& first) {
  std::string text;
  const auto add = [&](const Json& json) {
    text += (first ? "" : ",\n") + dump(json);
    first = false;
  };
  for (const Finding& finding : target.findings) add(result_json(target.name, finding));
  for (const audit::Suppressed& suppressed : target.suppressed) {
    Json json = result_json(target.name, suppressed.finding);
    json["suppressions"] =
        Json::array({{{"kind", "inSource"}, {"justification", suppressed.reason}}});
    add(json);
  }
  return text;
}

std::string sarif_end(std::span<const std::string> problems) {
  Json invocation{{"executionSuccessful", problems.empty()}};
  if (!problems.empty()) {
    invocation["toolExecutionNotifications"] = Json::array();
    for (const std::string& problem : problems)
      invocation["toolExecutionNotifications"].push_back(
          {{"level", "error"}, {"message", message(problem)}});
  }
  return "\n],\"invocations\":[" + dump(invocation) + "],\"columnKind\":\"unicodeCodePoints\"}]}\n";
}

}  // namespace assay::report
