// One architecture's system calls from both sources, sorted for lookup both ways.
//
// libseccomp has no way to list its tables, so each is read once by asking for the name of
// every number in the range that the architecture uses. Names are asked by number and never
// numbers by name: for a multiplexed call (socket on i386) the latter gives a negative
// pseudo number even where the call also has a real one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "assay/seccomp/arch.hpp"

namespace assay::names {

class SyscallTable {
 public:
  explicit SyscallTable(seccomp::Arch arch);
  // Its views point into itself.
  SyscallTable(const SyscallTable&) = delete;
  SyscallTable& operator=(const SyscallTable&) = delete;

  std::optional<std::uint32_t> number(std::string_view name) const;
  std::optional<std::string_view> name(std::uint32_t nr) const;
  // Only what comes from libseccomp.
  std::optional<std::uint32_t> libseccomp_number(std::string_view name) const;
  const std::vector<std::string_view>& names() const { return names_; }  // by number
  bool full() const { return full_; }

 private:
  bool full_ = false;
  std::vector<std::pair<std::uint32_t, std::string>> by_number_;
  std::vector<std::string_view> names_;
  using ByName = std::vector<std::pair<std::string_view, std::uint32_t>>;
  ByName by_name_;
  ByName libseccomp_;
};

const SyscallTable& syscall_table(seccomp::Arch arch);

}  // namespace assay::names
