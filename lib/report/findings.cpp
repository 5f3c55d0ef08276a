// Findings as cards: what, how bad, the evidence, what to do.
#include <algorithm>

#include "assay/seccomp/arch.hpp"
#include "report/markup.hpp"
#include "report/sections.hpp"

namespace assay::report {
namespace {

using audit::Finding;

std::string line_of(const audit::Location& location) {
  return location.line ? "line " + std::to_string(*location.line) + " of " + escaped(location.file)
                       : std::string();
}

std::string where(const Facts& facts, std::size_t subject, const audit::Location& location) {
  if (!location.filter && location.line)
    return "<p class=\"where\">Decided at " + line_of(location) + "</p>\n";
  if (!location.filter || *location.filter >= facts.stacks[subject].size()) return {};
  const Shown& shown = facts.programs[facts.stacks[subject][*location.filter]];
  std::string text = facts.stacks[subject].size() > 1
                         ? "filter " + std::to_string(*location.filter) + ", "
                         : std::string();
  if (!location.insn) return "<p class=\"where\">In " + text + escaped(shown.name) + "</p>\n";
  const std::string first = std::to_string(*location.insn);
  text += location.count > 1 ? "instructions " + first + " to " +
                                   std::to_string(*location.insn + location.count - 1)
                             : "instruction " + first;
  return "<p class=\"where\"><a class=\"to-insn\" href=\"#" + shown.id + "i" + first + "\">" +
         text + "</a>" + (location.line ? ", " + line_of(location) : "") + "</p>\n";
}

std::string exhibit(const audit::Exhibit& call, const seccomp::Semantics& semantics) {
  std::string text = "<li><code>" + escaped(options_of(call.words)) + "</code> " +
                     verdict_html(call.verdict, semantics);
  if (!call.shows.empty()) text += " <span class=\"shows\">" + escaped(call.shows) + "</span>";
  if (call.kernel)
    text += " <span class=\"shows\">the running kernel: " + verdict_html(*call.kernel, semantics) +
            "</span>";
  return text + " " + try_button(call.words) + "</li>\n";
}

std::string evidence(const audit::Evidence& evidence, const seccomp::Semantics& semantics) {
  std::string text = "<dt>" +
                     std::string(evidence.kind == audit::EvidenceKind::Witness ? "Witness"
                                 : evidence.kind == audit::EvidenceKind::Proof ? "Proof"
                                                                               : "Measure") +
                     "</dt><dd>";
  if (!evidence.statement.empty()) text += "<p>" + escaped(evidence.statement) + "</p>";
  if (!evidence.calls.empty()) {
    text += "<ul class=\"calls\">\n";
    for (const audit::Exhibit& call : evidence.calls) text += exhibit(call, semantics);
    text += "</ul>";
  }
  if (evidence.kind == audit::EvidenceKind::Measure && !evidence.unit.empty()) {
    text += "<p>" + std::to_string(evidence.value) + " " + escaped(evidence.unit);
    if (evidence.limit > 0) text += " of " + std::to_string(evidence.limit);
    text += "</p>";
  }
  if (!evidence.checked.empty())
    text += "<p class=\"soft\">Checked: " + escaped(evidence.checked) + "</p>";
  return text + "</dd>\n";
}

std::string requirements(const Finding& finding) {
  if (finding.requirements.empty()) return {};
  std::string text = "<dt>Matters if</dt><dd><ul>\n";
  for (const audit::Requirement& requirement : finding.requirements) {
    const std::string state = !requirement.holds   ? "not known here"
                              : *requirement.holds ? "so here"
                                                   : "not so here";
    text +=
        "<li>" + escaped(requirement.text) + " <span class=\"soft\">(" + state + ")</span></li>\n";
  }
  return text + "</ul></dd>\n";
}

std::string card(const Facts& facts, std::size_t subject, const Finding& finding,
                 std::size_t number) {
  const std::string id = "finding-" + std::to_string(subject) + "-" + std::to_string(number);
  const audit::Rule* rule = audit::find_rule(finding.rule);
  const std::string severity(name(finding.severity));
  const std::string heading = facts.subjects.size() > 1 ? "h4" : "h3";
  std::string text =
      "<article class=\"finding " + severity + "\" id=\"" + id + "\" aria-labelledby=\"" + id +
      "-title\">\n<header><span class=\"severity " + severity + "\">" + severity + "</span><" +
      heading + " id=\"" + id + "-title\">" +
      escaped(rule != nullptr ? rule->title : std::string_view(finding.rule)) + "</" + heading +
      "><code class=\"rule\">" + escaped(finding.rule) + "</code></header>\n<p>" +
      escaped(finding.message) + "</p>\n" + where(facts, subject, finding.location) + "<dl>\n" +
      evidence(finding.evidence, facts.options.semantics) + requirements(finding);
  const std::string help =
      finding.help.empty() && rule != nullptr ? std::string(rule->advice) : finding.help;
  if (!help.empty()) text += "<dt>Fix</dt><dd>" + escaped(help) + "</dd>\n";
  text += "</dl>\n";
  if (rule != nullptr && !rule->explanation.empty())
    text += "<details><summary>Why this matters</summary><p>" + escaped(rule->explanation) +
            "</p></details>\n";
  return text + "</article>\n";
}

std::string column(const Facts& facts, std::size_t subject) {
  const Subject& one = facts.subjects[subject];
  std::string text = "<div class=\"column\">\n";
  if (facts.subjects.size() > 1)
    text += "<h3>" + side(facts, subject) + " " + escaped(one.target.name, 200) + "</h3>\n";
  if (!one.without_findings.empty())
    text += "<p class=\"note\">" + escaped(one.without_findings) + "</p>\n";
  else if (one.findings.empty())
    text += "<p class=\"note\">Nothing to report.</p>\n";
  const std::size_t shown = std::min(one.findings.size(), most_findings);
  for (std::size_t i = 0; i < shown; ++i) text += card(facts, subject, one.findings[i], i);
  if (shown < one.findings.size())
    text += "<p class=\"note\">" + std::to_string(one.findings.size() - shown) +
            " more are left out; <code>assay audit</code> prints all.</p>\n";
  return text + "</div>\n";
}

}  // namespace

std::string findings(const Facts& facts) {
  std::string text = "<section id=\"findings\"><h2>Findings</h2>\n<div class=\"columns\">\n";
  for (std::size_t i = 0; i < facts.subjects.size(); ++i) text += column(facts, i);
  return text + "</div></section>\n";
}

}  // namespace assay::report
