// The identifiers of this room's enumerations.
#include <algorithm>
#include <array>

#include "assay/profile/finding.hpp"
#include "assay/profile/profile.hpp"
#include "assay/profile/rule_set.hpp"

namespace assay::profile {
namespace {

constexpr auto operator_names =
    std::to_array<std::string_view>({"NE", "LT", "LE", "EQ", "GE", "GT", "MASKED_EQ", "MASKED_NE"});

constexpr auto kind_names = std::to_array<std::string_view>({
    "unknown-call",
    "call-not-on-arch",
    "dropped-call",
    "duplicate",
    "default-rule",
    "dead-rule",
    "contradiction",
    "ambiguous",
    "impossible-condition",
    "split-conditions",
    "multiplexed",
    "narrow-argument",
    "ignored",
    "obsolete",
    "refused",
    "unmodelled",
    "new-call",
});

constexpr auto severity_names = std::to_array<std::string_view>({"note", "warning", "error"});

}  // namespace

std::string_view name(Operator op) { return operator_names[static_cast<std::size_t>(op)]; }
std::string_view name(FindingKind kind) { return kind_names[static_cast<std::size_t>(kind)]; }
std::string_view name(Severity severity) {
  return severity_names[static_cast<std::size_t>(severity)];
}

std::optional<Format> find_format(std::string_view name) {
  const auto at = std::find(format_names.begin(), format_names.end(), name);
  if (at == format_names.end()) return std::nullopt;
  return static_cast<Format>(at - format_names.begin());
}

}  // namespace assay::profile
