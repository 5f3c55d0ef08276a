// What a test says of a filter, for any framework: GoogleTest has assay/testing/gtest.hpp,
// Catch2 assay/testing/catch2.hpp.
//
//   const Filter filter = Filter::file("policy.bpf");
//   EXPECT_VERDICT(filter, syscall("openat", {AT_FDCWD, 0, O_WRONLY}), ERRNO(EPERM));
//   EXPECT_EQUIVALENT(filter, Filter::text("ld [nr]\n..."));
//
// A filter that cannot be read or that the kernel would reject meets no expectation, and the
// failure says why. An unmet equivalence names an input on which the two differ.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "assay/seccomp/seccomp_data.hpp"
#include "assay/seccomp/verdict.hpp"
#include "assay/verify/program.hpp"

namespace assay::testing {

class Filter {
 public:
  static Filter file(const std::string& path);
  static Filter text(std::string_view assembly);
  // struct sock_filter, as the kernel is given it.
  static Filter raw(const void* instructions, std::size_t count);
  static Filter stack(std::span<const Filter> oldest_first);

  const std::vector<verify::Program>& programs() const { return programs_; }
  const std::string& problem() const { return problem_; }  // empty: none

 private:
  std::vector<verify::Program> programs_;
  std::string problem_;
};

struct Call {
  seccomp::SeccompData data;
  std::string problem;  // an unknown name; empty: none
};
Call syscall(std::string_view name, std::initializer_list<std::uint64_t> args = {},
             std::string_view arch = "x86_64");
Call syscall(int nr, std::initializer_list<std::uint64_t> args = {},
             std::string_view arch = "x86_64");

// NOLINTBEGIN(readability-identifier-naming): as the kernel and everybody writes them
inline constexpr seccomp::Verdict ALLOW{seccomp::value_of(seccomp::Action::Allow)};
inline constexpr seccomp::Verdict LOG{seccomp::value_of(seccomp::Action::Log)};
inline constexpr seccomp::Verdict USER_NOTIF{seccomp::value_of(seccomp::Action::UserNotif)};
inline constexpr seccomp::Verdict KILL_THREAD{seccomp::value_of(seccomp::Action::KillThread)};
inline constexpr seccomp::Verdict KILL_PROCESS{seccomp::value_of(seccomp::Action::KillProcess)};
constexpr seccomp::Verdict ERRNO(std::uint16_t data) {
  return {seccomp::value_of(seccomp::Action::Errno, data)};
}
constexpr seccomp::Verdict TRAP(std::uint16_t data) {
  return {seccomp::value_of(seccomp::Action::Trap, data)};
}
constexpr seccomp::Verdict TRACE(std::uint16_t data) {
  return {seccomp::value_of(seccomp::Action::Trace, data)};
}
// NOLINTEND(readability-identifier-naming)

// Why an expectation is not met; nothing when it is.
std::optional<std::string> unmet_verdict(const Filter& filter, const Call& call,
                                         seccomp::Verdict expected);
std::optional<std::string> unmet_equivalence(const Filter& a, const Filter& b);

}  // namespace assay::testing
