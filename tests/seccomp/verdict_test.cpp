#include "assay/seccomp/verdict.hpp"

#include <gtest/gtest.h>

#include <sstream>

#include "data_cases.hpp"

namespace assay::seccomp {
namespace {

std::vector<std::vector<std::string>> rows(const test::Case& of) {
  std::vector<std::vector<std::string>> result;
  std::istringstream lines(of.body);
  for (std::string line; std::getline(lines, line);) result.push_back(test::split(line));
  return result;
}

std::string_view action_name(Action action) {
  return action == Action::Unknown ? "UNKNOWN" : actions[static_cast<std::size_t>(action)].name;
}

class Verdicts : public testing::TestWithParam<test::Case> {};

TEST_P(Verdicts, AsTheRowsSay) {
  const auto semantics = find_semantics(GetParam().expected.front());
  ASSERT_TRUE(semantics);
  for (const auto& row : rows(GetParam())) {
    for (const std::uint64_t sample : test::sampled(test::parse_range(row.at(0)))) {
      const Verdict verdict{static_cast<std::uint32_t>(sample)};
      SCOPED_TRACE(testing::Message() << std::hex << sample);
      EXPECT_EQ(action_name(verdict.action(*semantics)), row.at(1));
      EXPECT_EQ(verdict.data(*semantics),
                row.at(2) == "low" ? (sample & data_mask) : test::parse_number(row.at(2)));
      if (row.at(3) == "any") continue;
      EXPECT_EQ(verdict.normalised(*semantics).value,
                row.at(3) == "same" ? sample : test::parse_number(row.at(3)));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Rows, Verdicts, testing::ValuesIn(test::cases("seccomp/verdicts")),
                         [](const auto& row) { return test::test_name(row.param); });

class Stacks : public testing::TestWithParam<test::Case> {};

TEST_P(Stacks, AsTheRowsSay) {
  const auto semantics = find_semantics(GetParam().expected.front());
  ASSERT_TRUE(semantics);
  for (const auto& row : rows(GetParam())) {
    std::vector<Verdict> oldest_first;
    for (std::size_t i = 0; row.at(i) != "=>"; ++i)
      oldest_first.push_back({static_cast<std::uint32_t>(test::parse_number(row[i]))});
    EXPECT_EQ(strongest(oldest_first, *semantics).value, test::parse_number(row.back()))
        << testing::PrintToString(row);
  }
}

INSTANTIATE_TEST_SUITE_P(Rows, Stacks, testing::ValuesIn(test::cases("seccomp/stacks")),
                         [](const auto& row) { return test::test_name(row.param); });

TEST(Stack, WithoutFiltersAllows) { EXPECT_EQ(strongest({}).value, value_of(Action::Allow)); }

TEST(Normalised, ChangesNothingThatSomebodyCouldSee) {
  for (std::uint32_t high = 0; high <= 0xffff; ++high) {
    const Verdict verdict{high << 16 | 0x1234};
    const Verdict again = verdict.normalised().normalised();
    EXPECT_EQ(verdict.normalised(), again);
    if (verdict.action() != Action::Unknown) {
      EXPECT_EQ(again.action(), verdict.action());
    }
  }
}

}  // namespace
}  // namespace assay::seccomp
