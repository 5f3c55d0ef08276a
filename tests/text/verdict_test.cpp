#include "assay/text/verdict.hpp"

#include <gtest/gtest.h>

#include <random>

namespace assay::text {
namespace {

using seccomp::Verdict;

struct Row {
  std::uint32_t value;
  std::string_view text;
};

constexpr Row rows[] = {
    {0x7fff0000, "ALLOW"},
    {0x7ffc0000, "LOG"},
    {0x7ff00000, "TRACE(0)"},
    {0x7ff0ffff, "TRACE(65535)"},
    {0x7fc00000, "USER_NOTIF"},
    {0x00050001, "ERRNO(1)"},
    {0x00050000, "ERRNO(0)"},
    {0x00050fff, "ERRNO(4095)"},
    {0x00030005, "TRAP(5)"},
    {0x00000000, "KILL_THREAD"},
    {0x80000000, "KILL_PROCESS"},
    {0x12345678, "UNKNOWN(0x12345678)"},
    {0x00010000, "UNKNOWN(0x00010000)"},
};

TEST(VerdictText, BothWays) {
  for (const Row& row : rows) {
    EXPECT_EQ(to_text(Verdict{row.value}), row.text);
    EXPECT_EQ(parse_verdict(row.text), Verdict{row.value}) << row.text;
  }
}

TEST(VerdictText, DataAsTheKernelCountsIt) {
  EXPECT_EQ(to_text(Verdict{0x00051000}), "ERRNO(4095)");
  EXPECT_EQ(to_text(Verdict{0x0005ffff}), "ERRNO(4095)");
  EXPECT_EQ(to_text(Verdict{0x7fff1234}), "ALLOW");
  EXPECT_EQ(to_text(Verdict{0x80000007}), "KILL_PROCESS");
}

TEST(VerdictText, UnderAnOlderKernel) {
  const auto old = *seccomp::find_semantics("linux-4.13");
  EXPECT_EQ(to_text(Verdict{0x80000000}, old), "KILL_THREAD");
  EXPECT_EQ(to_text(Verdict{0x7ffc0000}, old), "UNKNOWN(0x7ffc0000)");
}

TEST(VerdictText, ErrnoNames) {
  EXPECT_EQ(parse_verdict("ERRNO(EPERM)"), Verdict{0x00050001});
  EXPECT_EQ(parse_verdict("ERRNO(ENOSYS)"), Verdict{0x00050026});
  EXPECT_EQ(parse_verdict("ERRNO(0x26)"), Verdict{0x00050026});
}

struct ErrorRow {
  std::string_view text;
  VerdictErrorKind kind;
};

TEST(VerdictText, Errors) {
  const ErrorRow errors[] = {
      {"", VerdictErrorKind::UnknownAction},
      {"allow", VerdictErrorKind::UnknownAction},
      {"KILL", VerdictErrorKind::UnknownAction},
      {"ERRNO(1", VerdictErrorKind::UnknownAction},
      {"ERRNO(1) ", VerdictErrorKind::UnknownAction},
      {"(", VerdictErrorKind::UnknownAction},
      {"ERRNO", VerdictErrorKind::MissingData},
      {"UNKNOWN", VerdictErrorKind::MissingData},
      {"ALLOW(1)", VerdictErrorKind::UnexpectedData},
      {"KILL_THREAD()", VerdictErrorKind::UnexpectedData},
      {"ERRNO()", VerdictErrorKind::BadData},
      {"ERRNO(4096)", VerdictErrorKind::BadData},
      {"ERRNO(ENONE)", VerdictErrorKind::BadData},
      {"TRAP(EPERM)", VerdictErrorKind::BadData},
      {"TRAP(65536)", VerdictErrorKind::BadData},
      {"TRACE(-1)", VerdictErrorKind::BadData},
      {"TRACE(99999999999999)", VerdictErrorKind::BadData},
      {"UNKNOWN(0x7fff0000)", VerdictErrorKind::BadData},
  };
  for (const ErrorRow& row : errors) {
    const auto parsed = parse_verdict(row.text);
    ASSERT_FALSE(parsed) << row.text;
    EXPECT_EQ(parsed.error().kind, row.kind) << row.text;
    EXPECT_FALSE(parsed.error().expected.empty()) << row.text;
  }
}

TEST(VerdictText, TextsOfRandomValuesMeanTheSame) {
  std::mt19937 random(1);
  for (int i = 0; i < 100000; ++i) {
    const Verdict verdict{static_cast<std::uint32_t>(random()) &
                          (i % 2 == 0 ? 0xffffffff : 0x8007ffff)};
    const auto parsed = parse_verdict(to_text(verdict));
    ASSERT_TRUE(parsed) << to_text(verdict);
    ASSERT_EQ(parsed->normalised(), verdict.normalised()) << to_text(verdict);
  }
}

}  // namespace
}  // namespace assay::text
