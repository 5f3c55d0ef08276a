// One audit in progress: the meaning of a target, asked by the rules, which report here.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "assay/audit/audit.hpp"
#include "assay/engine/filter_stack.hpp"
#include "assay/symbolic/analysis.hpp"
#include "audit/abi.hpp"

namespace assay::audit {

class Inquiry {
 public:
  static tl::expected<std::unique_ptr<Inquiry>, symbolic::NotDecided> open(const Target& target,
                                                                           const Options& options);

  const Target& target() const { return target_; }
  const seccomp::Semantics& semantics() const { return semantics_; }
  const Machine& machine() const { return target_.surroundings.machine; }
  const std::optional<Process>& process() const { return target_.surroundings.process; }
  std::span<const verify::Program> programs() const { return programs_; }
  const engine::FilterStack& stack() const { return stack_; }
  symbolic::Manager& manager() const { return *manager_; }
  const symbolic::VerdictFunction& function() const { return *function_; }

  const Abi& native() const { return *abis_.front(); }
  // The native one first. ABIs that this machine is known not to have are left out.
  const std::vector<std::unique_ptr<Abi>>& abis() const { return abis_; }
  const Abi* find(seccomp::Arch arch) const;

  // The analysis of one filter, made when first asked for; nothing past the budget.
  const symbolic::Analysis* analysis(std::size_t filter) const;

  // A call shown with the stack's verdict for it, which the interpreter gave.
  Exhibit exhibit(std::string shows, const seccomp::Words& words) const;

  // The rest of a finding comes from the rule's row of the table.
  Finding finding(std::string_view rule, std::string subject, std::string message) const;
  void report(Finding finding) const;
  bool wanted(std::string_view rule) const;
  std::vector<Finding> take() { return std::move(findings_); }

  // What holds for the machine and process at hand, as far as it is known.
  Requirement capability(std::string_view name) const;    // in the first user namespace
  std::optional<bool> held(std::string_view name) const;  // a capability, in whatever namespace
  Requirement sysctl_at_most(std::string_view name, std::int64_t most) const;
  Requirement sysctl_at_least(std::string_view name, std::int64_t least) const;
  Requirement abi_present(seccomp::Arch arch) const;

 private:
  Inquiry(const Target& target, const Options& options);

  const Target& target_;
  const Options& options_;
  seccomp::Semantics semantics_;
  std::vector<verify::Program> programs_;
  engine::FilterStack stack_;
  std::unique_ptr<symbolic::Manager> manager_;
  std::optional<symbolic::VerdictFunction> function_;
  std::vector<std::unique_ptr<Abi>> abis_;
  mutable std::vector<std::optional<symbolic::Analysis>> analyses_;
  mutable std::vector<Finding> findings_;
};

// "x86_64 execveat"
std::string subject(const Abi& abi, std::string_view call);
// "a, b and 3 more"
std::string listed(const std::vector<std::string>& words, std::size_t most = 4);
// Adds a requirement and weakens or drops the finding when it is known not to hold.
enum class Unmet : std::uint8_t { Drops, Lowers };
bool require(Finding& finding, Requirement requirement, Unmet unmet);

// The questions of a family, each of which asks those of its rules that are wanted.
void ask_abi(const Inquiry& inquiry);
void ask_arguments(const Inquiry& inquiry);
void ask_doors(const Inquiry& inquiry);
void ask_reach(const Inquiry& inquiry);
void ask_actions(const Inquiry& inquiry);
void ask_programs(const Inquiry& inquiry);
void ask_structure(const Inquiry& inquiry);
void ask_whole(const Inquiry& inquiry);

}  // namespace assay::audit
