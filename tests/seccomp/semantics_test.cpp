#include "assay/seccomp/semantics.hpp"

#include <gtest/gtest.h>

namespace assay::seccomp {
namespace {

TEST(Semantics, AreThoseOfCurrentLinuxByDefault) {
  EXPECT_EQ(find_semantics(current_semantics), Semantics{});
  EXPECT_EQ(Semantics{}.name(), current_semantics);
}

TEST(Semantics, HaveANameThatFindsThemAgain) {
  for (const char* name : {"linux-3.5", "linux-4.13", "linux-4.14", "linux-5.10", "linux-6.18",
                           "linux-6.12-ppc64le-jit", "linux-6.12-ppc64le-interpreter",
                           "linux-5.10-arm-jit", "linux-6.12-s390x", "linux-6.1-aarch64",
                           "linux-6.1-x86_64-interpreter", "linux-6.12-riscv64"}) {
    const auto found = find_semantics(name);
    ASSERT_TRUE(found) << name;
    EXPECT_EQ(find_semantics(found->name()), found) << name << " became " << found->name();
  }
}

TEST(Semantics, OfOtherNamesAreNone) {
  for (const char* name :
       {"", "linux", "linux-", "linux-6", "linux-6.", "linux-x.y", "linux-3.4", "linux-2.6",
        "linux-6.19", "linux-99.0", "linux-6.12-", "linux-6.12-vax", "linux-6.12-jit",
        "linux-6.12-x32", "Linux-6.12", "linux-6.12 ", "linux-4294967297.0", "linux--6.1"})
    EXPECT_FALSE(find_semantics(name)) << name;
}

TEST(Semantics, OfShiftsDependOnTheJit) {
  EXPECT_EQ(find_semantics("linux-6.12-ppc64le-jit")->shift, ShiftRule::Modulo64ZeroAbove31);
  EXPECT_EQ(find_semantics("linux-6.12-ppc64le-interpreter")->shift, ShiftRule::Modulo32);
  EXPECT_EQ(find_semantics("linux-5.10-arm-jit")->shift, ShiftRule::Modulo256ZeroAbove31);
  EXPECT_EQ(find_semantics("linux-6.12-s390x")->shift, ShiftRule::Modulo32);
}

TEST(ShiftCount, FollowsItsRule) {
  struct Row {
    std::uint32_t x, modulo32, modulo64, modulo256;
  };
  for (const Row& row :
       {Row{0, 0, 0, 0}, Row{31, 31, 31, 31}, Row{32, 0, 32, 32}, Row{33, 1, 32, 32},
        Row{63, 31, 32, 32}, Row{64, 0, 0, 32}, Row{65, 1, 1, 32}, Row{255, 31, 32, 32},
        Row{256, 0, 0, 0}, Row{0xffffffff, 31, 32, 32}}) {
    EXPECT_EQ(shift_count(ShiftRule::Modulo32, row.x), row.modulo32) << row.x;
    EXPECT_EQ(shift_count(ShiftRule::Modulo64ZeroAbove31, row.x), row.modulo64) << row.x;
    EXPECT_EQ(shift_count(ShiftRule::Modulo256ZeroAbove31, row.x), row.modulo256) << row.x;
  }
}

TEST(Semantics, KnowTheFlagsOfTheirVersion) {
  EXPECT_EQ(find_semantics("linux-3.16")->install_flags, 0x00U);
  EXPECT_EQ(find_semantics("linux-4.14")->install_flags, 0x03U);
  EXPECT_EQ(find_semantics("linux-5.10")->install_flags, 0x1fU);
  EXPECT_EQ(find_semantics("linux-6.18")->install_flags, 0x3fU);
}

}  // namespace
}  // namespace assay::seccomp
