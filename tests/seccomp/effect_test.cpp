#include "assay/seccomp/effect.hpp"

#include <gtest/gtest.h>

#include <sstream>

#include "data_cases.hpp"

namespace assay::seccomp {
namespace {

class Effects : public testing::TestWithParam<test::Case> {};

Caller caller(std::string_view around) {
  const auto has = [&](std::string_view who) { return around.find(who) != around.npos; };
  return {has("tracer"), has("listener"), has("handler"), has("threads")};
}

TEST_P(Effects, AsTheRowsSay) {
  const auto semantics = find_semantics(GetParam().expected.front());
  ASSERT_TRUE(semantics);
  std::istringstream lines(GetParam().body);
  for (std::string line; std::getline(lines, line);) {
    const auto row = test::split(line);
    const Verdict verdict{static_cast<std::uint32_t>(test::parse_number(row.at(0)))};
    const Effect answer = effect(verdict, caller(row.at(1)), *semantics);
    EXPECT_EQ(name(answer.kind), row.at(2)) << line;
    EXPECT_EQ(answer.value, std::stoll(row.at(3))) << line;
  }
}

INSTANTIATE_TEST_SUITE_P(Rows, Effects, testing::ValuesIn(test::cases("seccomp/effects")),
                         [](const auto& row) { return test::test_name(row.param); });

}  // namespace
}  // namespace assay::seccomp
