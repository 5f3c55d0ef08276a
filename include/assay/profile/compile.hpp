// The filter that a runtime would load for a profile: through the installed libseccomp, called
// in the order in which the runtime calls it, with what the runtime puts in front.
//
// Shares with intent() only the table of conventions: reading the rules a second time, in the
// runtime's own steps, is the point. libseccomp asks the running kernel whether it knows an
// action, and nothing is installed.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "assay/bpf/instruction.hpp"
#include "assay/profile/environment.hpp"
#include "assay/profile/finding.hpp"
#include "assay/profile/rule_set.hpp"

namespace assay::profile {

// The linear list of calls, or libseccomp's binary tree.
enum class Form : std::uint8_t { AsRuntime, Linear, Tree };

using Instructions = std::vector<bpf::Instruction>;

// Why there is no filter: the runtime or libseccomp refuses, and for which rule.
struct Uncompiled {
  Findings refusals;  // at least one
  int error = 0;      // libseccomp's errno, where it was libseccomp
  friend bool operator==(const Uncompiled&, const Uncompiled&) = default;
};

using Compiled = tl::expected<Instructions, Uncompiled>;

Compiled compile(const RuleSet& rules, const Environment& environment, Form form = Form::AsRuntime);

// Of the library in use: "2.5.4".
std::string libseccomp_version();

}  // namespace assay::profile
