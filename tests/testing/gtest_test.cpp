#include "assay/testing/gtest.hpp"

#include <fcntl.h>
#include <gtest/gtest-spi.h>

#include <array>
#include <cerrno>

namespace {

using namespace assay::testing;

const Filter no_exec = Filter::text("ld [nr]\njeq #59, +0, +1\nret #ERRNO(1)\nret #ALLOW\n");

TEST(GTest, Verdicts) {
  EXPECT_VERDICT(no_exec, syscall("openat"), ALLOW);
  EXPECT_VERDICT(no_exec, syscall("execve"), ERRNO(EPERM));
  EXPECT_VERDICT(no_exec, syscall("execve", {}, "aarch64"), ALLOW);
  ASSERT_VERDICT(no_exec, syscall(59, {1, 2, 3}), ERRNO(EPERM));
}

TEST(GTest, UnmetVerdictsNameTheCall) {
  EXPECT_NONFATAL_FAILURE(EXPECT_VERDICT(no_exec, syscall("openat"), TRAP(0)),
                          "the verdict is ALLOW, expected TRAP(0), of {\"arch\":\"x86_64\"");
  EXPECT_NONFATAL_FAILURE(EXPECT_VERDICT(no_exec, syscall("opneat"), ALLOW), "openat");
}

TEST(GTest, Equivalence) {
  EXPECT_EQUIVALENT(no_exec, Filter::text("ld [nr]\njne #59, +1\nret #ERRNO(1)\nret #ALLOW\n"));
  EXPECT_NONFATAL_FAILURE(EXPECT_EQUIVALENT(no_exec, Filter::text("ret #ALLOW\n")),
                          "ERRNO(1) and ALLOW for {");
}

TEST(GTest, FiltersThatAreNoneMeetNothing) {
  EXPECT_NONFATAL_FAILURE(EXPECT_VERDICT(Filter::text("ld [nr]\n"), syscall(0), ALLOW),
                          "the kernel rejects the filter");
  EXPECT_NONFATAL_FAILURE(EXPECT_EQUIVALENT(no_exec, Filter::file("/nonexistent")),
                          "the second filter: /nonexistent");
}

TEST(GTest, RawInstructionsAndStacks) {
  struct Instruction {
    std::uint16_t code;
    std::uint8_t jt, jf;
    std::uint32_t k;
  };
  const Instruction log{0x06, 0, 0, 0x7ffc0000};
  const std::array<Filter, 2> both{Filter::raw(&log, 1), no_exec};
  EXPECT_VERDICT(both[0], syscall("read"), LOG);
  EXPECT_VERDICT(Filter::stack(both), syscall("execve"), ERRNO(1));
  EXPECT_VERDICT(Filter::stack(both), syscall("read"), LOG);
}

}  // namespace
