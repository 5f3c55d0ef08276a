#include "assay/names/errnos.hpp"

#include <errno.h>
#include <gtest/gtest.h>

#include <cstring>
#include <set>

#include "names/header_defines.hpp"

namespace assay::names {
namespace {

using seccomp::Arch;

TEST(Errnos, AgreeWithTheKernelHeaders) {
  std::size_t compared = 0;
  for (const char* file :
       {"/usr/include/asm-generic/errno-base.h", "/usr/include/asm-generic/errno.h"}) {
    const auto defines = header_defines(file);
    if (defines.empty()) GTEST_SKIP() << file << " is not installed";
    for (const auto& [name, value] : defines) {
      EXPECT_EQ(errno_number(Arch::x86_64, name), value) << name;
      ++compared;
    }
  }
  EXPECT_GE(compared, 131U);
}

// glibc knows the names of the numbers of the machine it runs on.
TEST(Errnos, AgreeWithTheCLibrary) {
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 32) && (defined(__x86_64__) || defined(__aarch64__))
  for (int number = 1; number <= 133; ++number) {
    const char* name = strerrorname_np(number);
    if (name == nullptr) {
      EXPECT_EQ(errno_name(Arch::x86_64, static_cast<std::uint32_t>(number)), std::nullopt);
      continue;
    }
    EXPECT_EQ(errno_number(Arch::x86_64, name), number) << name;
    // glibc prints ENOTSUP for the number that Linux calls EOPNOTSUPP.
    if (std::string_view(name) == "ENOTSUP") continue;
    EXPECT_EQ(errno_name(Arch::x86_64, static_cast<std::uint32_t>(number)), name);
  }
#else
  GTEST_SKIP() << "no strerrorname_np() for generic error numbers in this C library";
#endif
}

struct Case {
  Arch arch;
  std::string_view name;
  std::optional<std::uint16_t> number;
};

TEST(Errnos, DifferByFamily) {
  const Case cases[] = {
      {Arch::x86, "ENOSYS", 38},
      {Arch::s390x, "ENOSYS", 38},
      {Arch::mipsel64, "ENOSYS", 89},
      {Arch::sparc64, "ENOSYS", 90},
      {Arch::parisc, "ENOSYS", 251},
      {Arch::alpha, "ENOSYS", 78},
      {Arch::x86_64, "EDEADLOCK", 35},
      {Arch::ppc64le, "EDEADLOCK", 58},
      {Arch::ppc64le, "EDEADLK", 35},
      {Arch::mips, "EDQUOT", 1133},
      {Arch::alpha, "EAGAIN", 35},
      {Arch::alpha, "EWOULDBLOCK", 35},
      {Arch::alpha, "EDEADLK", 11},
      {Arch::mips, "EL2NSYNC", 38},
      {Arch::x86_64, "ENOSYM", {}},
      {Arch::parisc64, "ENOSYM", 215},
      {Arch::x86_64, "ENOTSUP", 95},
      {Arch::parisc, "ENOTSUP", 252},
      {Arch::x86_64, "ERESTARTSYS", 512},
      {Arch::mips, "ENOTSUPP", 524},
      {Arch::x86_64, "EPERM", 1},
      {Arch::x86_64, "eperm", {}},
      {Arch::x86_64, "", {}},
      {Arch::x86_64, "EBOGUS", {}},
  };
  for (const Case& row : cases) {
    EXPECT_EQ(errno_number(row.arch, row.name), row.number)
        << seccomp::describe(row.arch).token << ' ' << row.name;
  }
  EXPECT_EQ(errno_name(Arch::x86_64, 11), "EAGAIN");
  EXPECT_EQ(errno_name(Arch::alpha, 35), "EAGAIN");
  EXPECT_EQ(errno_name(Arch::alpha, 11), "EDEADLK");
  EXPECT_EQ(errno_name(Arch::ppc, 58), "EDEADLOCK");
  EXPECT_EQ(errno_name(Arch::mips, 38), "EL2NSYNC");
  EXPECT_EQ(errno_name(Arch::x86_64, 95), "EOPNOTSUPP");
  for (const std::uint32_t number : {0U, 41U, 58U, 134U, 511U, 4095U, 65536U + 1U}) {
    EXPECT_EQ(errno_name(Arch::x86_64, number), std::nullopt) << number;
  }
}

TEST(Errnos, EveryNameLeadsToItsNumberAndBack) {
  for (const auto& info : seccomp::arches) {
    const auto names = all_errno_names(info.arch);
    EXPECT_GE(names.size(), 150U) << info.token;
    EXPECT_EQ(std::set(names.begin(), names.end()).size(), names.size()) << info.token;
    for (const std::string_view name : names) {
      const auto number = errno_number(info.arch, name);
      ASSERT_TRUE(number) << info.token << ' ' << name;
      EXPECT_GE(*number, 1) << name;
      EXPECT_LE(*number, 4095) << name;
      const auto usual = errno_name(info.arch, *number);
      ASSERT_TRUE(usual) << info.token << ' ' << name;
      EXPECT_EQ(errno_number(info.arch, *usual), number) << info.token << ' ' << name;
      EXPECT_EQ(is_kernel_internal_errno(*number), *number >= 512 && *number < 1000) << name;
    }
  }
}

}  // namespace
}  // namespace assay::names
