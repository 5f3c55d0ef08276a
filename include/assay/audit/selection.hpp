// Which findings are told: not those of a baseline, not those that the filter's own text
// suppresses with a reason.
//
//   ; assay: ignore x32-open: no kernel of ours has x32
//
// stands in a comment of a filter's or profile's text, and takes every finding of the rule.
#pragma once

#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "assay/audit/finding.hpp"

namespace assay::audit {

struct Suppression {
  std::string rule;
  std::string reason;
  std::size_t line = 0;  // from 1
  friend bool operator==(const Suppression&, const Suppression&) = default;
};

// What is wrong with a suppression, which is then none.
enum class SuppressionFault : std::uint8_t { NoRule, UnknownRule, NoReason };
struct BadSuppression {
  SuppressionFault fault{};
  std::string rule;
  std::size_t line = 0;
  friend bool operator==(const BadSuppression&, const BadSuppression&) = default;
};

struct Suppressions {
  std::vector<Suppression> good;
  std::vector<BadSuppression> bad;
};
Suppressions suppressions_in(std::string_view text);

// The same for the same finding of the same target from run to run: its rule, target and
// subject, not its wording.
std::string key(std::string_view target, const Finding& finding);

struct Suppressed {
  Finding finding;
  std::string reason;
};
struct Selected {
  std::vector<Finding> told;
  std::vector<Suppressed> suppressed;
  std::size_t known = 0;  // in the baseline
};
Selected select(std::string_view target, std::vector<Finding> findings,
                std::span<const Suppression> suppressions, const std::set<std::string>& baseline);

}  // namespace assay::audit
