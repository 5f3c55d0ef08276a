// What `assay profile` does, one function an action.
#pragma once

#include "assay/load/profile.hpp"
#include "assay/symbolic/budget.hpp"
#include "command_line.hpp"

namespace assay::tool {

// What all of them are given. The profile is one of perhaps several operands.
struct ProfileJob {
  const CommandLine& line;
  const load::ProfileOptions& options;
  const symbolic::Budget& budget;
  Output& output;
};

ExitStatus compile_profile(const ProfileJob& job, const load::Profile& profile);
ExitStatus print_containers(const ProfileJob& job, const load::Profile& profile);
ExitStatus print_intent(const ProfileJob& job, const load::Profile& profile);
ExitStatus test_profile(const ProfileJob& job, const load::Profile& profile);
ExitStatus drift_profile(const ProfileJob& job, const load::Profile& profile);
// The same for a filter, or for the stack of a process.
ExitStatus drift_filter(const ProfileJob& job, const std::string& operand);
ExitStatus verify_profile(const ProfileJob& job, const load::Profile& profile);

}  // namespace assay::tool
