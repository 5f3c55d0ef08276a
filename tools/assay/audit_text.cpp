#include <algorithm>
#include <array>

#include "assay/seccomp/arch.hpp"
#include "assay/text/verdict.hpp"
#include "audit_result.hpp"
#include "witness_record.hpp"

namespace assay::tool {
namespace {

using audit::Finding;
using audit::Severity;

constexpr std::size_t indent = 10;

Shade shade(Severity severity) {
  if (severity >= Severity::High) return Shade::Bad;
  return severity == Severity::Medium ? Shade::Notice : Shade::Quiet;
}

std::string column(std::string_view text, std::size_t width) {
  std::string padded(text);
  padded.resize(std::max(width, padded.size()), ' ');
  return padded;
}

std::string margin() { return std::string(indent, ' '); }

// The first few calls; a group of doors may have dozens.
std::string calls_text(const audit::Evidence& evidence, const seccomp::Semantics& semantics) {
  constexpr std::size_t most = 3;
  std::string text;
  for (std::size_t i = 0; i < std::min(most, evidence.calls.size()); ++i) {
    const audit::Exhibit& exhibit = evidence.calls[i];
    text += margin() + exhibit.shows + ": " + to_options(exhibit.words) + ": " +
            text::to_text(exhibit.verdict, semantics);
    if (exhibit.kernel)
      text += *exhibit.kernel == exhibit.verdict
                  ? " (so says the kernel)"
                  : " (the kernel says " + text::to_text(*exhibit.kernel, semantics) + ")";
    text += "\n";
  }
  if (evidence.calls.size() > most)
    text += margin() + "and " + std::to_string(evidence.calls.size() - most) + " more calls\n";
  return text;
}

std::string proof_text(const audit::Evidence& evidence) {
  if (evidence.statement.empty()) return "";
  std::string text = margin() + "proof: " + evidence.statement;
  if (evidence.kind == audit::EvidenceKind::Measure) text = margin() + evidence.statement;
  if (!evidence.checked.empty()) text += "; " + evidence.checked;
  return text + "\n";
}

std::string requirements_text(const Finding& finding) {
  std::string text;
  for (const audit::Requirement& requirement : finding.requirements) {
    text += text.empty() ? margin() + "if: " : ", ";
    text += requirement.text;
    if (requirement.holds) text += *requirement.holds ? " (so here)" : " (not so here)";
  }
  return text.empty() ? text : text + "\n";
}

// The line of what the finding is about, or of what decides the first call.
std::string place_text(const Finding& finding, std::size_t filters, const std::string& target) {
  const audit::Location& location = finding.location;
  if (!location.filter && !location.line) return "";
  std::string text = margin() + (location.filter ? "at " : "decided at ");
  if (location.line) {
    text += "line " + std::to_string(*location.line) + " ";
    if (location.file != target) text += "of " + text::printable(location.file) + " ";
  }
  if (location.insn) text += "instruction " + std::to_string(*location.insn) + " ";
  if (filters > 1 && location.filter) {
    text += "of filter " + std::to_string(*location.filter) + " ";
    if (!location.line) text += "(" + text::printable(location.file) + ") ";
  }
  text.back() = '\n';
  return text;
}

std::string finding_text(const Finding& finding, const AuditResult& result, const Paint& paint,
                         const seccomp::Semantics& semantics) {
  std::string text = paint(shade(finding.severity), column(name(finding.severity), indent)) +
                     finding.rule + ": " + finding.message + "\n";
  if (finding.severity == Severity::Info) return text;
  return text + calls_text(finding.evidence, semantics) + proof_text(finding.evidence) +
         place_text(finding, result.filters, result.target) + requirements_text(finding) +
         margin() + "fix: " + finding.help + "\n";
}

std::string heading(const AuditResult& result) {
  std::string text = text::printable(result.target) + ": ";
  if (result.filters == 0) return text + "no filter";
  text += std::to_string(result.filters) + (result.filters == 1 ? " filter, " : " filters, ") +
          std::to_string(result.insns) + " instructions, " +
          std::string(describe(result.machine).token);
  return text;
}

}  // namespace

std::optional<Severity> AuditResult::worst() const {
  if (findings().empty()) return std::nullopt;
  return std::max_element(
             findings().begin(), findings().end(),
             [](const Finding& a, const Finding& b) { return a.severity < b.severity; })
      ->severity;
}

std::string severities(const std::vector<Finding>& findings) {
  std::array<std::size_t, 5> counts{};
  for (const Finding& finding : findings) ++counts[static_cast<std::size_t>(finding.severity)];
  std::string text;
  for (std::size_t i = counts.size(); i-- > 0;) {
    if (counts[i] == 0) continue;
    text += (text.empty() ? "" : ", ") + std::to_string(counts[i]) + " " +
            std::string(name(static_cast<Severity>(i)));
  }
  return text.empty() ? "nothing" : text;
}

std::string describe(const audit::BadSuppression& bad) {
  const std::string where = "line " + std::to_string(bad.line) + ": 'assay: ignore' ";
  switch (bad.fault) {
    case audit::SuppressionFault::NoRule: return where + "names no rule";
    case audit::SuppressionFault::UnknownRule:
      return where + "names '" + text::printable(bad.rule) + "', which is no rule";
    case audit::SuppressionFault::NoReason: break;
  }
  return where + bad.rule + " gives no reason: write 'assay: ignore " + bad.rule + ": REASON'";
}

std::string audit_text(const AuditResult& result, const Paint& paint,
                       const seccomp::Semantics& semantics) {
  std::string text = heading(result) + ": " + severities(result.findings()) + "\n";
  for (const Finding& finding : result.findings())
    text += finding_text(finding, result, paint, semantics);
  for (const audit::Suppressed& suppressed : result.selected.suppressed)
    text += paint(Shade::Quiet, column("ignored", indent)) + suppressed.finding.rule + ": " +
            text::printable(suppressed.reason) + "\n";
  if (result.selected.known > 0)
    text += std::to_string(result.selected.known) + " more in the baseline\n";
  if (result.confirmation)
    text += "the kernel confirms " + std::to_string(result.confirmation->confirmed) +
            " calls, contradicts " + std::to_string(result.confirmation->mismatches) + ", and " +
            std::to_string(result.confirmation->not_askable) + " cannot be asked here\n";
  return text;
}

std::string audit_line(const AuditResult& result, const Paint& paint) {
  if (result.problem) return paint(Shade::Bad, "error") + "     " + result.problem->sentence + "\n";
  if (result.open)
    return paint(Shade::Notice, "open") + "      " + text::printable(result.target) +
           ": not decided\n";
  const auto worst = result.worst();
  const std::string mark(worst ? name(*worst) : "clean");
  std::string text = paint(worst ? shade(*worst) : Shade::Good, column(mark, indent)) +
                     text::printable(result.target) + ": " + severities(result.findings());
  if (worst && *worst >= Severity::Medium)
    text += "; " + result.findings().front().rule + ": " + result.findings().front().message;
  return text + "\n";
}

}  // namespace assay::tool
