#include "assay/trace/divergence.hpp"

#include <gtest/gtest.h>

#include "assay/text/verdict.hpp"
#include "trace/programs.hpp"
#include "trace/rendered.hpp"

namespace assay::trace {
namespace {

const std::string_view no_close =
    "ld [nr]\njeq #3, +0, +1\nret #TRAP(0)\njeq #41, +0, +3\nld [args[0].lo]\njeq #1, +0, +1\n"
    "ret #LOG\nret #ALLOW\n";

Divergence of(std::string_view a, std::string_view b, const symbolic::Budget& budget = {}) {
  const verify::Program left = program(a);
  const verify::Program right = program(b);
  return {std::span(&left, 1), std::span(&right, 1), {}, budget};
}

TEST(Divergence, SaysWhereFiltersFirstPart) {
  auto divergence = of("ret #ALLOW\n", no_close);
  for (const Call& call : read_all(Format::Strace,
                                   "read(3, \"x\", 1) = 1\nclose(3) = 0\nclose(4) = 0\n"
                                   "socket(AF_INET, SOCK_STREAM, 0) = 3\n"
                                   "socket(AF_BEYOND, SOCK_STREAM, 0) = 3\n"))
    divergence.take(call);
  EXPECT_EQ(divergence.parted(), 2U);
  ASSERT_TRUE(divergence.first());
  EXPECT_EQ(rendered(divergence.first()->call), "2 x86_64? 3 0x3~");
  EXPECT_EQ(text::to_text(divergence.first()->a.verdict), "ALLOW");
  EXPECT_EQ(text::to_text(divergence.first()->b.verdict), "TRAP(0)");
  EXPECT_EQ(divergence.doubtful(), 1U);
  ASSERT_TRUE(divergence.first_doubtful());
  EXPECT_EQ(divergence.first_doubtful()->call.line, 5U);
}

TEST(Divergence, FiltersThatReturnTheSameInOtherWordsAgree) {
  auto divergence = of("ret #ERRNO(4095)\n", "ret #0x5ffff\n");
  const std::vector<seccomp::SeccompData> records(3000, {1, 0xc000003e, 0, {}});
  divergence.take(records, 1);
  EXPECT_EQ(divergence.parted(), 0U);
  EXPECT_FALSE(divergence.first());
}

TEST(Divergence, OfRecords) {
  auto divergence = of("ret #ALLOW\n", no_close);
  std::vector<seccomp::SeccompData> records(3000, {1, 0xc000003e, 0, {}});
  records[2500].nr = 3;
  records[2700].nr = 3;
  divergence.take(records, 101);
  EXPECT_EQ(divergence.parted(), 2U);
  ASSERT_TRUE(divergence.first());
  EXPECT_EQ(divergence.first()->call.line, 2601U);
}

TEST(Divergence, WithoutABudgetVerdictsAreCompared) {
  auto divergence = of("ret #ALLOW\n", no_close, {1, std::chrono::milliseconds(1)});
  for (const Call& call : read_all(Format::Strace, "read(3) = 1\nclose(3) = 0\n"))
    divergence.take(call);
  EXPECT_EQ(divergence.parted(), 1U);
}

}  // namespace
}  // namespace assay::trace
