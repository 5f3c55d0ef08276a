#include "assay/audit/finding.hpp"

#include <array>

namespace assay::audit {
namespace {

constexpr std::array<std::string_view, 5> severities{"info", "low", "medium", "high", "critical"};
constexpr std::array<std::string_view, 3> kinds{"witness", "proof", "measure"};

}  // namespace

std::string_view name(Severity severity) { return severities[static_cast<std::size_t>(severity)]; }

std::optional<Severity> find_severity(std::string_view name) {
  for (std::size_t i = 0; i < severities.size(); ++i)
    if (severities[i] == name) return static_cast<Severity>(i);
  return std::nullopt;
}

std::string_view name(EvidenceKind kind) { return kinds[static_cast<std::size_t>(kind)]; }

}  // namespace assay::audit
