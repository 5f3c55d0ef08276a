#include "assay/audit/selection.hpp"

#include <algorithm>

#include "assay/audit/rule.hpp"

namespace assay::audit {
namespace {

constexpr std::string_view marker = "assay: ignore";
constexpr std::string_view blanks = " \t";

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\"',") - first + 1);
}

void read_line(std::string_view line, std::size_t number, Suppressions& result) {
  const auto at = line.find(marker);
  if (at == std::string_view::npos) return;
  const std::string_view rest = trimmed(line.substr(at + marker.size()));
  const auto colon = rest.find(':');
  const std::string rule(trimmed(rest.substr(0, colon)));
  const std::string reason(colon == std::string_view::npos ? std::string_view{}
                                                           : trimmed(rest.substr(colon + 1)));
  if (rule.empty()) return result.bad.push_back({SuppressionFault::NoRule, rule, number});
  if (find_rule(rule) == nullptr)
    return result.bad.push_back({SuppressionFault::UnknownRule, rule, number});
  if (reason.empty()) return result.bad.push_back({SuppressionFault::NoReason, rule, number});
  result.good.push_back({rule, reason, number});
}

}  // namespace

Suppressions suppressions_in(std::string_view text) {
  Suppressions result;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const auto end = std::min(text.find('\n'), text.size());
    read_line(text.substr(0, end), number, result);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return result;
}

std::string key(std::string_view target, const Finding& finding) {
  return finding.rule + "\t" + std::string(target) + "\t" + finding.subject;
}

Selected select(std::string_view target, std::vector<Finding> findings,
                std::span<const Suppression> suppressions, const std::set<std::string>& baseline) {
  Selected selected;
  for (Finding& finding : findings) {
    const auto suppression =
        std::find_if(suppressions.begin(), suppressions.end(),
                     [&](const Suppression& one) { return one.rule == finding.rule; });
    if (suppression != suppressions.end()) {
      selected.suppressed.push_back({std::move(finding), suppression->reason});
    } else if (baseline.contains(key(target, finding))) {
      ++selected.known;
    } else {
      selected.told.push_back(std::move(finding));
    }
  }
  return selected;
}

}  // namespace assay::audit
