// The rules as data: what each asks, why that matters, what to do. docs/rules/ has a page for
// each, written from this table; tests/audit/rule_test.cpp holds the two together.
//
// A rule asks the verdict function of the whole stack and named facts, nothing else: it knows
// no file and no system call number.
#pragma once

#include <span>
#include <string_view>

#include "assay/audit/finding.hpp"

namespace assay::audit {

enum class Family : std::uint8_t {
  Abi,        // other ways into the kernel than the filter thought of
  Arguments,  // values that the kernel takes for the same
  Doors,      // other calls with the same power
  Reach,      // calls that break out or weaken
  Actions,    // verdicts that do not do what they seem to
  Programs,   // what the program inside will run into
  Structure,  // parts of the filter that decide nothing
  Whole,      // facts about the filter as a whole
};
std::string_view name(Family family);  // "abi"

struct Rule {
  std::string_view id;  // "x32-open"
  Family family{};
  std::string_view title;
  Severity severity{};  // the usual one; a finding may be weaker or stronger
  EvidenceKind evidence{};
  std::string_view question;     // put to the verdict function V(arch, nr, args)
  std::string_view explanation;  // why it matters, and when it does not
  std::string_view advice;
  std::span<const std::string_view> references;
};

// In the order of the families; of one family, as a reader would meet them.
std::span<const Rule> rules();
const Rule* find_rule(std::string_view id);

}  // namespace assay::audit
