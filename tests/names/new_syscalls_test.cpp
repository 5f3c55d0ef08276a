// The data file of newer calls, held against libseccomp.

#include <gtest/gtest.h>
#include <seccomp.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <tuple>

#include "assay/names/syscalls.hpp"

namespace assay::names {
namespace {

using seccomp::Arch;
using seccomp::KernelVersion;

std::string libseccomp_name(std::uint32_t token, std::uint32_t nr) {
  const std::unique_ptr<char, void (*)(void*)> name{
      seccomp_syscall_resolve_num_arch(token, static_cast<int>(nr)), &std::free};
  return name ? name.get() : "";
}

// Where the two sources truly differ, with the reason.
struct Disagreement {
  std::string_view name;
  std::string_view arch;
  std::string_view reason;
};
constexpr std::array<Disagreement, 0> disagreements{};

bool expected_to_differ(std::string_view name, std::string_view arch) {
  return std::any_of(disagreements.begin(), disagreements.end(),
                     [&](const auto& row) { return row.name == name && row.arch == arch; });
}

TEST(NewSyscalls, AgreeWithLibseccompWhereItKnowsThem) {
  std::size_t agreed = 0;
  std::size_t differed = 0;
  std::set<std::string_view> unknown;
  for (const auto& info : seccomp::arches) {
    const std::string token_name(info.token);
    const std::uint32_t token = seccomp_arch_resolve_name(token_name.c_str());
    if (token == 0) continue;
    for (const NewSyscall& call : new_syscalls()) {
      const auto nr = call.number(info.arch);
      if (!nr) continue;
      const std::string name(call.name);
      const std::string theirs = libseccomp_name(token, *nr);
      const int by_name = seccomp_syscall_resolve_name_arch(token, name.c_str());
      const bool agree = theirs == name;
      const bool neither = theirs.empty() && by_name < 0;
      if (neither) unknown.insert(call.name);
      if (!agree && !neither) ++differed;
      if (agree) ++agreed;
      EXPECT_EQ(!agree && !neither, expected_to_differ(call.name, info.token))
          << info.token << ": data file " << name << " = " << *nr << ", libseccomp " << theirs
          << " and " << by_name;
    }
  }
  EXPECT_EQ(differed, disagreements.size());
  EXPECT_GE(agreed, 1000U);
  RecordProperty("agreed", static_cast<int>(agreed));
  RecordProperty("unknown_to_libseccomp", static_cast<int>(unknown.size()));
}

// The other direction: no call that both know under a name may be blank in the file where
// libseccomp has it, on an architecture with a column of its own.
TEST(NewSyscalls, NoNumberIsMissing) {
  const std::string_view with_column[] = {"x86_64",  "x86",       "x32",   "arm",
                                          "aarch64", "riscv64",   "s390x", "ppc64le",
                                          "mips64",  "mips64n32", "mips",  "loongarch64"};
  for (const std::string_view token_name : with_column) {
    const std::uint32_t token = seccomp_arch_resolve_name(std::string(token_name).c_str());
    if (token == 0) continue;
    const Arch arch = *seccomp::find_arch(token_name);
    for (const NewSyscall& call : new_syscalls()) {
      if (call.kind == NewSyscallKind::Wired || call.number(arch)) continue;
      const int nr = seccomp_syscall_resolve_name_arch(token, std::string(call.name).c_str());
      const bool other_row = syscall_number(arch, call.name).has_value();
      EXPECT_TRUE(nr < 0 || other_row) << token_name << ' ' << call.name << " = " << nr;
    }
  }
}

TEST(NewSyscalls, EveryRowMakesSense) {
  EXPECT_EQ(new_syscalls().size(), 127U);
  std::map<NewSyscallKind, std::size_t> kinds;
  std::set<std::tuple<std::string_view, KernelVersion>> rows;
  for (const NewSyscall& call : new_syscalls()) {
    ++kinds[call.kind];
    EXPECT_TRUE(rows.emplace(call.name, call.since).second) << call.name;
    EXPECT_GE(call.since, (KernelVersion{3, 17})) << call.name;
    EXPECT_LE(call.since, (KernelVersion{7, 0})) << call.name;
    EXPECT_TRUE(std::any_of(call.numbers.begin(), call.numbers.end(), [](const auto& nr) {
      return nr.has_value();
    })) << call.name;
    EXPECT_TRUE(is_syscall(call.name)) << call.name;
  }
  EXPECT_EQ(kinds[NewSyscallKind::New], 66U);
  EXPECT_EQ(kinds[NewSyscallKind::Time64], 20U);
  EXPECT_EQ(kinds[NewSyscallKind::Arch], 10U);
  EXPECT_EQ(kinds[NewSyscallKind::Wired], 31U);
}

// Numbers were handed out in the order of the releases, so a wrong digit in either shows.
TEST(NewSyscalls, NumbersGrowWithTheReleases) {
  // Numbers that were reserved before their call was released.
  const std::set<std::string_view> early = {"close_range", "quotactl_fd", "memfd_secret"};
  const NewSyscall* last = nullptr;
  for (const NewSyscall& call : new_syscalls()) {
    const bool in_order = call.kind == NewSyscallKind::New && !early.contains(call.name);
    if (!in_order || !call.number(Arch::x86_64)) continue;
    if (last != nullptr) {
      EXPECT_GT(call.number(Arch::x86_64), last->number(Arch::x86_64)) << call.name;
      EXPECT_GE(call.since, last->since) << call.name;
    }
    last = &call;
  }
}

TEST(NewSyscalls, FromNumber424OnArchitecturesShareThem) {
  const std::map<Arch, std::uint32_t> bases = {
      {Arch::mips, 4000},     {Arch::mipsel, 4000},    {Arch::mips64, 5000},
      {Arch::mipsel64, 5000}, {Arch::mips64n32, 6000}, {Arch::mipsel64n32, 6000},
      {Arch::alpha, 110},     {Arch::ia64, 1024},      {Arch::x32, seccomp::x32_bit},
  };
  for (const NewSyscall& call : new_syscalls()) {
    const auto shared = call.number(Arch::x86_64);
    if (!shared || *shared < 424) continue;
    for (const auto& info : seccomp::arches) {
      const auto base = bases.find(info.arch);
      const auto nr = call.number(info.arch);
      if (!nr) continue;
      EXPECT_EQ(*nr, *shared + (base == bases.end() ? 0 : base->second))
          << info.token << ' ' << call.name;
    }
  }
}

}  // namespace
}  // namespace assay::names
