// The filters that systemd 252 installs for a unit, oldest first: for each option one per ABI of
// the machine, each made by libseccomp.
//
// As rule sets, to be read, and as programs. An option whose rules libseccomp refuses on one
// ABI leaves no filter there, as in systemd.
#pragma once

#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "assay/bpf/instruction.hpp"
#include "assay/profile/environment.hpp"
#include "assay/profile/rule_set.hpp"
#include "assay/profile/systemd.hpp"

namespace assay::profile {

struct SystemdFilter {
  SystemdOption option;
  RuleSet rules;  // for its only arch, but for SystemCallArchitectures=, which has no rules
};

std::vector<SystemdFilter> systemd_filters(const Unit& unit, const Environment& environment);

struct SystemdProgram {
  SystemdOption option;
  seccomp::Arch arch;  // of its rules
  std::vector<bpf::Instruction> instructions;
};

// Why the unit would not start.
struct SystemdFailure {
  SystemdOption option;
  seccomp::Arch arch;
  std::string call;  // whose rule libseccomp refuses; empty: another step
  int error = 0;     // errno
  friend bool operator==(const SystemdFailure&, const SystemdFailure&) = default;
};
std::string describe(const SystemdFailure& failure);

tl::expected<std::vector<SystemdProgram>, SystemdFailure> compile_systemd(
    std::span<const SystemdFilter> filters);

}  // namespace assay::profile
