#include "assay/report/page.hpp"

#include <array>

#include "assay/seccomp/arch.hpp"
#include "assay/symbolic/verdict_function.hpp"
#include "assay/verify/chain.hpp"
#include "report/embedded.hpp"
#include "report/markup.hpp"
#include "report/sections.hpp"

namespace assay::report {
namespace {

struct Part {
  std::string_view id;
  std::string_view title;
  std::string (*make)(const Facts&);
};

constexpr auto parts = std::to_array<Part>({
    {"summary", "Summary", summary},
    {"findings", "Findings", findings},
    {"policy", "Policy", policy},
    {"try", "Try a call", trial},
    {"cost", "Cost", costs},
    {"picture", "Picture", pictures},
    {"listing", "Listing", listings},
});

// What Content-Security-Policy takes for the text of an element: its SHA-256 in base 64.
std::string allowed(std::string_view sha256_hex) {
  constexpr std::string_view letters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const auto digit = [](char c) {
    return static_cast<unsigned>(c <= '9' ? c - '0' : c - 'a' + 10);
  };
  std::string text = "'sha256-";
  for (std::size_t at = 0; at < sha256_hex.size(); at += 3) {
    // Three digits are twelve bits, two letters; at the end one digit is left.
    unsigned bits = 0;
    for (std::size_t i = 0; i < 3; ++i)
      bits = bits << 4 | (at + i < sha256_hex.size() ? digit(sha256_hex[at + i]) : 0);
    text += letters[bits >> 6];
    text += at + 1 < sha256_hex.size() ? letters[bits & 63] : '=';
  }
  return text + "'";
}

std::string heading(const Facts& facts) {
  std::string text;
  for (std::size_t i = 0; i < facts.subjects.size(); ++i)
    text += (i == 0 ? "" : " and ") + facts.subjects[i].target.name;
  return text;
}

std::string fingerprint_of(const audit::Target& target, const PageOptions& options) {
  std::vector<verify::Program> programs;
  for (const audit::Filter& filter : target.filters) programs.push_back(filter.program);
  const auto found = symbolic::fingerprint(programs, options.semantics, options.budget);
  return found ? *found : "not decided within the budget";
}

std::string fact(std::string_view name, const std::string& html) {
  return "<div><dt>" + std::string(name) + "</dt><dd>" + html + "</dd></div>\n";
}

std::string chain_text(const audit::Target& target, const seccomp::Semantics& semantics) {
  std::uint32_t sum = 0;
  for (const audit::Filter& filter : target.filters)
    sum += verify::chain_cost(filter.program, verify::Blinding::Off, semantics) +
           (sum == 0 ? 0 : verify::chain_penalty);
  return std::to_string(sum) + " of " + std::to_string(verify::chain_limit);
}

std::string severities(const Subject& subject) {
  std::string text;
  using audit::Severity;
  for (const Severity severity :
       {Severity::Critical, Severity::High, Severity::Medium, Severity::Low, Severity::Info}) {
    std::size_t count = 0;
    for (const audit::Finding& finding : subject.findings) count += finding.severity == severity;
    if (count == 0) continue;
    const std::string word(name(severity));
    text +=
        "<span class=\"severity " + word + "\">" + std::to_string(count) + " " + word + "</span> ";
  }
  if (!subject.without_findings.empty()) return "<span class=\"soft\">not looked for</span>";
  return text.empty() ? "none" : text;
}

std::string card(const Facts& facts, std::size_t at) {
  const Subject& subject = facts.subjects[at];
  const audit::Target& target = subject.target;
  std::size_t insns = 0;
  for (const audit::Filter& filter : target.filters) insns += filter.program.size();
  std::string text = "<dl class=\"facts\">\n";
  if (facts.subjects.size() > 1)
    text += fact("Target", side(facts, at) + " " + escaped(target.name, 200));
  text += fact("Filters", std::to_string(target.filters.size()));
  text += fact("Instructions", std::to_string(insns));
  text += fact("Chain budget", chain_text(target, facts.options.semantics));
  text += fact("Findings", severities(subject));
  if (const auto& process = target.surroundings.process) {
    text += fact("Process", std::to_string(process->pid));
    if (process->no_new_privs) text += fact("no_new_privs", *process->no_new_privs ? "yes" : "no");
  }
  text += fact("Fingerprint",
               "<code class=\"long\">" + fingerprint_of(target, facts.options) + "</code>");
  return text + "</dl>\n";
}

// How the page answers the first question about two targets.
std::string comparison(const Facts& facts) {
  if (facts.subjects.size() != 2 || !facts.meaning.missing.empty()) return {};
  bool equal = true;
  bool weaker[2] = {false, false};
  for (const auto& pair : facts.meaning.verdicts) {
    equal = equal && pair[0] == pair[1];
    weaker[0] = weaker[0] || overrides(pair[1], pair[0], facts.options.semantics);
    weaker[1] = weaker[1] || overrides(pair[0], pair[1], facts.options.semantics);
  }
  if (equal) return "<p class=\"lead\">Both mean the same: every call gets the same verdict.</p>\n";
  std::string text = "<p class=\"lead\">They differ. ";
  if (weaker[0] && weaker[1]) {
    text += "Each permits something that the other does not.";
  } else if (weaker[0] || weaker[1]) {
    text += std::string(weaker[0] ? "A" : "B") + " is the more permissive one throughout.";
  } else {
    text += "Neither is more permissive: only data differ.";
  }
  return text + " The policy below has both side by side.</p>\n";
}

std::string navigation() {
  std::string text = "<nav aria-label=\"Sections\"><ul>\n";
  for (const Part& part : parts)
    text +=
        "<li><a href=\"#" + std::string(part.id) + "\">" + std::string(part.title) + "</a></li>\n";
  return text + "</ul></nav>\n";
}

std::string head(const Facts& facts) {
  return "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
         "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src " +
         allowed(page_style_sha256) + "; script-src " + allowed(page_script_sha256) +
         "; base-uri 'none'; form-action 'none'\">\n"
         "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
         "<meta name=\"color-scheme\" content=\"light dark\">\n"
         "<meta name=\"generator\" content=\"assay\">\n<title>" +
         escaped(shortened(heading(facts), 120)) + " \xe2\x80\x93 assay</title>\n<style>" +
         std::string(page_style) + "</style>\n</head>\n";
}

}  // namespace

std::string verdict_html(seccomp::Verdict verdict, const seccomp::Semantics& semantics) {
  std::string text = "<span class=\"verdict " + std::string(look(verdict, semantics)) + "\">" +
                     chip(verdict, semantics);
  if (const std::string_view name = errno_of(verdict, semantics); !name.empty())
    text += " <small>" + std::string(name) + "</small>";
  return text + "</span>";
}

std::string side(const Facts& facts, std::size_t subject) {
  if (facts.subjects.size() < 2) return {};
  return subject == 0 ? "<b class=\"side\">A</b>" : "<b class=\"side\">B</b>";
}

std::string summary(const Facts& facts) {
  std::string text = "<section id=\"summary\"><h2 class=\"unseen\">Summary</h2>\n" +
                     comparison(facts) + "<div class=\"columns\">\n";
  for (std::size_t i = 0; i < facts.subjects.size(); ++i)
    text += "<div class=\"column\">" + card(facts, i) + "</div>\n";
  return text + "</div></section>\n";
}

std::string page(std::span<const Subject> subjects, const PageOptions& options) {
  const Facts facts = facts_of(subjects, options);
  std::string text =
      head(facts) + "<body>\n<a class=\"skip\" href=\"#main\">Skip to content</a>\n" +
      "<header class=\"top\"><p class=\"product\">assay</p><h1>" + escaped(heading(facts), 400) +
      "</h1><p class=\"soft\">Semantics " + escaped(options.semantics.name()) +
      "</p><button type=\"button\" id=\"theme\" aria-pressed=\"false\">Dark"
      "</button></header>\n" +
      navigation() + "<main id=\"main\" tabindex=\"-1\">\n";
  for (const Part& part : parts) text += part.make(facts);
  text +=
      "</main>\n<footer id=\"end\" tabindex=\"-1\"><p class=\"soft\">Made by assay. Nothing on "
      "this page is loaded from elsewhere.</p></footer>\n<script type=\"application/json\" "
      "id=\"data\">" +
      data(facts) + "</script>\n<script>" + std::string(page_script) +
      "</script>\n</body>\n</html>\n";
  return text;
}

}  // namespace assay::report
