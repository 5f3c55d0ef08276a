// A filter in the making, in libseccomp's hands. Every call answers with 0 or an errno.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "assay/bpf/instruction.hpp"
#include "assay/profile/rule_set.hpp"

namespace assay::profile {

class LibseccompFilter {
 public:
  // For calls of this arch alone until others are added.
  static tl::expected<LibseccompFilter, int> open(seccomp::Verdict otherwise, seccomp::Arch arch);

  int add_arch(seccomp::Arch arch);
  int set_bad_arch(seccomp::Verdict verdict);
  int set_tree();
  // As seccomp_rule_add() or seccomp_rule_add_exact(); the number is the machine's own, or
  // libseccomp's pseudo number.
  enum class Strictness : std::uint8_t { Adapts, Exact };
  int add_rule(seccomp::Verdict verdict, int number, std::span<const ArgumentCondition> conditions,
               Strictness strictness = Strictness::Adapts);
  int set_priority(int number, std::uint8_t priority);
  tl::expected<std::vector<bpf::Instruction>, int> instructions() const;

  // The machine's own number or a pseudo number; nothing for an unknown name.
  static std::optional<int> resolve(const char* name);
  static std::optional<int> resolve(seccomp::Arch arch, const char* name);

 private:
  struct Release {
    void operator()(void* context) const;
  };
  explicit LibseccompFilter(void* context) : context_(context) {}
  std::unique_ptr<void, Release> context_;
};

}  // namespace assay::profile
