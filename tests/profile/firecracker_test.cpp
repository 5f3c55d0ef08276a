#include "assay/profile/firecracker.hpp"

#include <gtest/gtest.h>

#include <set>

#include "assay/profile/compile.hpp"
#include "assay/profile/verify.hpp"
#include "assay/text/verdict.hpp"
#include "assay/verify/accept.hpp"
#include "call_questions.hpp"

namespace assay::profile {
namespace {

std::string place(Place place) { return std::to_string(place.line); }

class FirecrackerRules : public testing::TestWithParam<test::Case> {
 protected:
  // Those of the row's expectations that begin with the word, without it.
  static std::multiset<std::string> expected(std::string_view word) {
    std::multiset<std::string> result;
    for (const std::string& line : GetParam().expected)
      if (line.starts_with(word)) result.insert(line.substr(word.size()));
    return result;
  }

  static void check(const Profile& profile, const Environment& environment) {
    std::multiset<std::string> found;
    for (const Finding& finding : profile.findings)
      found.insert(place(finding.place) + " " + std::string(name(finding.kind)));
    EXPECT_EQ(found, expected("finding "));
    ASSERT_EQ(profile.filters.size(), 1U);
    const RuleSet& rules = profile.filters.front();
    symbolic::Manager manager(symbolic::Order::fixed());
    const auto meant = intent(manager, rules, environment);
    ASSERT_TRUE(meant);
    for (const std::string& line : GetParam().expected)
      if (const auto question = test::call_question(line)) {
        EXPECT_EQ(text::to_text(meant->function.at(question->words)), question->verdict) << line;
      }
    const auto compiled = compile(rules, environment);
    ASSERT_TRUE(compiled) << compiled.error().refusals.front().message;
    const auto quick =
        verify_quickly(rules, environment, *verify::accept(*compiled), VerifyOptions{});
    ASSERT_TRUE(quick);
    EXPECT_TRUE(quick->equal);
  }
};

TEST_P(FirecrackerRules, MeanWhatTheRowSaysAndAreCompiledToThat) {
  for (const Runtime runtime : {Runtime::Firecracker, Runtime::Seccompiler}) {
    if (!expected(name(runtime)).contains("")) continue;
    SCOPED_TRACE(name(runtime));
    Environment environment;
    environment.runtime = runtime;
    const auto profile = read_firecracker(GetParam().body, "row.json", environment);
    const auto error = expected("error ");
    if (!error.empty()) {
      ASSERT_FALSE(profile);
      EXPECT_EQ(place(profile.error().place), *error.begin()) << profile.error().found;
      continue;
    }
    ASSERT_TRUE(profile) << place(profile.error().place) << " " << profile.error().found;
    check(*profile, environment);
  }
}

INSTANTIATE_TEST_SUITE_P(Rows, FirecrackerRules,
                         testing::ValuesIn(test::cases("profile/firecracker")),
                         [](const auto& row) { return test::test_name(row.param); });

TEST(Firecracker, ThreadsStandSideBySide) {
  constexpr std::string_view thread =
      R"({"default_action":"trap","filter_action":"allow","filter":[{"syscall":"read"}]})";
  const std::string two =
      "{\"vmm\":" + std::string(thread) + ",\"vcpu\":" + std::string(thread) + "}";
  const std::string twice =
      "{\"vmm\":" + std::string(thread) + ",\"vmm\":" + std::string(thread) + "}";
  Environment environment;
  for (const Runtime runtime : {Runtime::Firecracker, Runtime::Seccompiler}) {
    environment.runtime = runtime;
    const auto profile = read_firecracker(two, "two.json", environment);
    ASSERT_TRUE(profile);
    ASSERT_EQ(profile->filters.size(), 2U);
    EXPECT_EQ(profile->filters[0].name, "vmm");
    EXPECT_FALSE(profile->stacked);
  }
  EXPECT_FALSE(read_firecracker(twice, "twice.json", environment));
  environment.runtime = Runtime::Firecracker;
  const auto last = read_firecracker(twice, "twice.json", environment);
  ASSERT_TRUE(last);
  EXPECT_EQ(last->filters.size(), 1U);
  EXPECT_EQ(last->findings.size(), 1U);
}

TEST(Firecracker, LongChainsStayWithinTheLimitOfInstructions) {
  Environment environment;
  environment.runtime = Runtime::Seccompiler;
  const auto many = [&](std::size_t rules) {
    std::string text = R"({"t":{"default_action":"trap","filter_action":"allow","filter":[)";
    for (std::size_t i = 0; i < rules; ++i)
      text += std::string(i == 0 ? "" : ",") +
              R"({"syscall":"ioctl","args":[{"index":1,"type":"qword","op":"eq","val":)" +
              std::to_string(i) + "}]}";
    return read_firecracker(text + "]}}", "many.json", environment)->filters.front();
  };
  const RuleSet some = many(700);
  const auto compiled = compile(some, environment);
  ASSERT_TRUE(compiled);
  const auto quick = verify_quickly(some, environment, *verify::accept(*compiled));
  ASSERT_TRUE(quick);
  EXPECT_TRUE(quick->equal);
  EXPECT_FALSE(compile(many(1000), environment));
}

}  // namespace
}  // namespace assay::profile
