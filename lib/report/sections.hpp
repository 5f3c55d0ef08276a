// The parts of the page, each a function from facts to HTML. What several of them need is made
// once, in Facts.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "assay/cost/bitmap.hpp"
#include "assay/cost/filter_cost.hpp"
#include "assay/report/flow_graph.hpp"
#include "assay/report/page.hpp"
#include "assay/text/policy.hpp"
#include "report/wording.hpp"

namespace assay::report {

// Bounds of what is shown; what is more is said to be there.
inline constexpr std::size_t most_pictures = 24;   // programs that are drawn
inline constexpr std::size_t most_listed = 12000;  // instructions in listings
inline constexpr std::size_t most_policy_rows = 12000;
inline constexpr std::size_t most_findings = 500;

// A program that occurs on the page, once however often it stands in stacks.
struct Shown {
  std::string id;    // "p0"
  std::string name;  // of its first occurrence
  verify::Program program;
  text::Listing listing;
  FlowGraph graph;  // of the first most_pictures, as is what follows
  // Of the analysis: what some input reaches; empty when that was not decided.
  std::vector<bool> reached;
};

// What the subjects mean together: for each call the verdict of each of them.
struct Meaning {
  text::Policy policy;                                  // its verdicts are indices of `verdicts`
  std::vector<std::vector<seccomp::Verdict>> verdicts;  // one of each subject
  // Of each entry, the numbers whose conditional rules leave nothing to the default.
  std::vector<std::vector<text::NumberRange>> complete;
  std::string missing;  // why there is no policy
};

// What a subject's calls cost.
struct Cost {
  std::optional<cost::FilterCost> filters;  // none: not decided within the budget
  cost::Bitmap bitmap;
};

struct Facts {
  std::span<const Subject> subjects;
  const PageOptions& options;
  std::vector<Shown> programs;
  std::vector<std::vector<std::size_t>> stacks;  // of each subject, indices of programs
  Meaning meaning;
  std::vector<Cost> costs;  // of each subject
};

Facts facts_of(std::span<const Subject> subjects, const PageOptions& options);
Meaning meaning_of(std::span<const Subject> subjects, const PageOptions& options);

std::string summary(const Facts& facts);
std::string findings(const Facts& facts);
std::string policy(const Facts& facts);
std::string trial(const Facts& facts);
std::string costs(const Facts& facts);
// "7" or "5 to 12" instructions, and whether the call runs any; empty when not known.
std::string cost_html(const Cost& cost, std::uint32_t arch, std::uint32_t nr);
std::string pictures(const Facts& facts);
std::string listings(const Facts& facts);
// What the scripts of the page work with, as JSON that may stand in a <script>.
std::string data(const Facts& facts);

// A verdict as a coloured word.
std::string verdict_html(seccomp::Verdict verdict, const seccomp::Semantics& semantics);
// "A" and "B" where there are two subjects, else empty.
std::string side(const Facts& facts, std::size_t subject);
// A call, as options of `assay run`, and as JSON for the form.
std::string options_of(const seccomp::Words& words);
std::string try_button(const seccomp::Words& words);

}  // namespace assay::report
