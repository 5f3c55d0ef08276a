// What both ways to run assay audit share: at once, or as a long job in shares.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "assay/audit/audit.hpp"
#include "audit_targets.hpp"
#include "command_line.hpp"

namespace assay::tool {

struct AuditWanted {
  audit::Options options;
  audit::Surroundings surroundings;
  audit::Severity shown = audit::Severity::Info;
  std::optional<audit::Severity> fail_on = audit::Severity::High;  // none: never
  std::set<std::string> baseline;
  unsigned jobs = 1;
  bool confirm = false;
};

// Writes what is found, target after target; the worst status.
ExitStatus audit_all(const CommandLine& line, const AuditWanted& wanted, const Targets& targets,
                     Output& output);

// As a job: item k is target k.
ExitStatus audit_share(const CommandLine& line, const AuditWanted& wanted, const Targets& targets);

}  // namespace assay::tool
