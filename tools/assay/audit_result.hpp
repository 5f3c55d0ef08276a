// One target's audit, and how it is written: for a terminal and as JSON.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "assay/audit/confirm.hpp"
#include "assay/symbolic/question.hpp"
#include "audit_targets.hpp"
#include "json.hpp"

namespace assay::tool {

struct AuditResult {
  std::string target;
  std::optional<Problem> problem;            // it could not be loaded
  std::optional<symbolic::NotDecided> open;  // or not be decided
  seccomp::Arch machine{};
  std::size_t filters = 0;
  std::size_t insns = 0;
  std::optional<std::string> fingerprint;
  audit::Selected selected;
  std::vector<audit::BadSuppression> bad_suppressions;
  std::optional<audit::Confirmation> confirmation;

  const std::vector<audit::Finding>& findings() const { return selected.told; }
  std::optional<audit::Severity> worst() const;
};

std::string audit_json(const AuditResult& result, const seccomp::Semantics& semantics);

// All of it; and one line.
std::string audit_text(const AuditResult& result, const Paint& paint,
                       const seccomp::Semantics& semantics);
std::string audit_line(const AuditResult& result, const Paint& paint);

// "3 high, 1 low"; "nothing" for none.
std::string severities(const std::vector<audit::Finding>& findings);
std::string describe(const audit::BadSuppression& bad);

}  // namespace assay::tool
