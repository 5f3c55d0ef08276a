#include "assay/profile/drift.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "assay/text/assembly.hpp"
#include "assay/verify/accept.hpp"

namespace assay::profile {
namespace {

using seccomp::Arch;
using symbolic::Manager;
using symbolic::VerdictFunction;

// x86_64 alone: read is allowed, all else has one answer.
std::vector<DriftRow> drift(const std::string& otherwise, std::string_view since,
                            std::span<const Arch> arches = {}) {
  const auto instructions = text::assemble(
      "ld [arch]\njne #AUDIT_ARCH_X86_64, kill\nld [nr]\n"
      "jeq #x86_64.read, yes\nret #" +
          otherwise + "\nyes: ret #ALLOW\nkill: ret #KILL_PROCESS\n",
      64);
  const auto program = verify::accept(*instructions);
  Manager manager(symbolic::Order::fixed());
  const auto function = VerdictFunction::of(manager, *program);
  const auto told = told_apart(*function);
  EXPECT_EQ(told, std::vector{Arch::x86_64});
  return drift_of(*function, arches.empty() ? told : arches, *find_since(since));
}

DriftRow row(const std::vector<DriftRow>& rows, std::string_view call) {
  const auto found = std::find_if(rows.begin(), rows.end(),
                                  [&](const DriftRow& each) { return each.call->name == call; });
  if (found != rows.end()) return *found;
  ADD_FAILURE() << "no row for " << call;
  return {};
}

TEST(Drift, CallsBehindAReleaseGetTheDefault) {
  const auto rows = drift("ERRNO(EPERM)", "linux-5.0");
  EXPECT_GE(rows.size(), 45U);
  for (const DriftRow& each : rows) {
    EXPECT_GT(each.call->since, (seccomp::KernelVersion{5, 0})) << each.call->name;
    EXPECT_EQ(each.verdicts.size(), 1U) << each.call->name;
    EXPECT_FALSE(each.allowed()) << each.call->name;
  }
  const auto later = drift("ERRNO(EPERM)", "linux-6.6");
  EXPECT_LT(later.size(), rows.size());
  EXPECT_EQ(std::count_if(later.begin(), later.end(),
                          [](const DriftRow& each) { return each.call->name == "fchmodat2"; }),
            0);
}

TEST(Drift, AllArchesTogetherKnowMoreThanSixtyNewerCalls) {
  std::vector<Arch> arches;
  for (const auto& info : seccomp::arches) arches.push_back(info.arch);
  std::set<std::string_view> calls;
  for (const DriftRow& each : drift("ERRNO(EPERM)", "linux-5.0", arches))
    calls.insert(each.call->name);
  EXPECT_GE(calls.size(), 60U);
}

TEST(Drift, WhatLibrariesNeedIsCalledOut) {
  const auto eperm = drift("ERRNO(EPERM)", "linux-5.0");
  for (const char* call : {"clone3", "faccessat2", "fchmodat2", "openat2"})
    EXPECT_TRUE(row(eperm, call).breaks) << call;
  EXPECT_FALSE(row(eperm, "io_uring_setup").breaks);
  EXPECT_TRUE(row(drift("ERRNO(EPERM)", "linux-4.0"), "statx").breaks);
  const auto enosys = drift("ERRNO(ENOSYS)", "linux-5.0");
  EXPECT_FALSE(row(enosys, "clone3").breaks);
  EXPECT_TRUE(row(enosys, "clone3").enosys());
  EXPECT_TRUE(row(enosys, "epoll_pwait2").breaks);  // has no fall-back at all
  EXPECT_TRUE(row(drift("TRAP(0)", "linux-5.0"), "clone3").breaks);
  EXPECT_FALSE(row(drift("LOG", "linux-5.0"), "clone3").breaks);
}

TEST(Drift, ReleasesOfLibseccompStandForTheirTables) {
  EXPECT_EQ(find_since("libseccomp-2.5.4")->kernel, (seccomp::KernelVersion{5, 17}));
  EXPECT_EQ(find_since("libseccomp-2.4.0")->kernel, (seccomp::KernelVersion{5, 0}));
  EXPECT_EQ(find_since("5.4")->kernel, (seccomp::KernelVersion{5, 4}));
  for (const char* word : {"", "libseccomp-9", "linux", "5", "linux-5.x"})
    EXPECT_FALSE(find_since(word)) << word;
  for (const DriftRow& each : drift("ERRNO(EPERM)", "libseccomp"))
    EXPECT_FALSE(names::libseccomp_number(each.arch, each.call->name)) << each.call->name;
}

TEST(Drift, WhoNeedsACallIsAboutCallsThatExist) {
  for (const Fallback& each : fallbacks()) {
    EXPECT_TRUE(names::is_syscall(each.call)) << each.call;
    EXPECT_EQ(find_fallback(each.call), &each) << each.call;
    EXPECT_FALSE(each.who.empty() || each.source.empty()) << each.call;
  }
  EXPECT_EQ(find_fallback("read"), nullptr);
}

}  // namespace
}  // namespace assay::profile
