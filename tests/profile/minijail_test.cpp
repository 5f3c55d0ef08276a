#include "assay/profile/minijail.hpp"

#include <gtest/gtest.h>

#include <set>
#include <sstream>

#include "assay/profile/compile.hpp"
#include "assay/profile/verify.hpp"
#include "assay/symbolic/question.hpp"
#include "assay/text/verdict.hpp"
#include "assay/verify/accept.hpp"
#include "call_questions.hpp"
#include "corpus.hpp"

namespace assay::profile {
namespace {

Environment minijail() {
  Environment environment;
  environment.runtime = Runtime::Minijail;
  return environment;
}

std::string shown(Place place) {
  return std::to_string(place.file) + ":" + std::to_string(place.line) + ":" +
         std::to_string(place.column);
}

std::vector<UnitText> texts_of(const std::string& body) {
  constexpr std::string_view separator = "--- ";
  std::vector<UnitText> texts{{"row.policy", ""}};
  std::istringstream lines(body);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(separator))
      texts.push_back({line.substr(separator.size()), ""});
    else
      texts.back().text += line + "\n";
  }
  return texts;
}

class MinijailPolicies : public testing::TestWithParam<test::Case> {
 protected:
  static bool wants(std::string_view word) {
    const auto& lines = GetParam().expected;
    return std::find(lines.begin(), lines.end(), word) != lines.end();
  }
  static std::multiset<std::string> expected(std::string_view word) {
    std::multiset<std::string> result;
    for (const std::string& line : GetParam().expected)
      if (line.starts_with(word)) result.insert(line.substr(word.size()));
    return result;
  }
  static MinijailOptions options() {
    MinijailOptions options;
    options.environment = minijail();
    options.log = wants("log");
    if (wants("embedded")) options.compiler = MinijailCompiler::Embedded;
    if (wants("script")) options.compiler = MinijailCompiler::Script;
    return options;
  }
};

TEST_P(MinijailPolicies, MeanWhatTheRowSaysAndAreCompiledToThat) {
  const auto texts = texts_of(GetParam().body);
  const auto profile = read_minijail(texts, options());
  const auto error = expected("error ");
  if (!error.empty()) {
    ASSERT_FALSE(profile);
    EXPECT_EQ(shown(profile.error().place), *error.begin()) << profile.error().found;
    return;
  }
  ASSERT_TRUE(profile) << shown(profile.error().place) << " found " << profile.error().found
                       << " expected " << profile.error().expected;
  std::multiset<std::string> found;
  for (const Finding& finding : profile->findings)
    found.insert(shown(finding.place) + " " + std::string(name(finding.kind)));
  EXPECT_EQ(found, expected("finding "));
  const RuleSet& rules = profile->filters.front();
  symbolic::Manager manager(symbolic::Order::fixed());
  const auto meant = intent(manager, rules, minijail());
  ASSERT_TRUE(meant);
  for (const std::string& line : GetParam().expected)
    if (const auto question = test::call_question(line)) {
      EXPECT_EQ(text::to_text(meant->function.at(question->words)), question->verdict) << line;
    }
  const auto compiled = compile(rules, minijail());
  ASSERT_TRUE(compiled) << compiled.error().refusals.front().message;
  const auto quick = verify_quickly(rules, minijail(), *verify::accept(*compiled));
  ASSERT_TRUE(quick);
  EXPECT_TRUE(quick->equal);
}

INSTANTIATE_TEST_SUITE_P(Rows, MinijailPolicies, testing::ValuesIn(test::cases("profile/minijail")),
                         [](const auto& row) { return test::test_name(row.param); });

TEST(MinijailCorpus, FiltersOfTheRealCompilerAreWhatThePoliciesMean) {
  const auto filters = test::corpus_filters(ASSAY_CORPUS);
  if (filters.empty()) GTEST_SKIP() << "no corpus in " << ASSAY_CORPUS;
  for (const test::Case& row : test::cases("profile/captured-policies")) {
    const std::string file = row.name.substr(row.name.find(' ') + 1);
    const auto real = std::find_if(filters.begin(), filters.end(),
                                   [&](const auto& filter) { return filter.file == file; });
    ASSERT_NE(real, filters.end()) << file;
    MinijailOptions options;
    options.environment = minijail();
    options.log = row.expected.front() == "log";
    const std::vector<UnitText> texts{{"row.policy", row.body}};
    const auto profile = read_minijail(texts, options);
    ASSERT_TRUE(profile) << file;
    const auto quick = verify_quickly(profile->filters.front(), minijail(), real->program);
    ASSERT_TRUE(quick);
    EXPECT_TRUE(quick->equal) << file;
  }
}

TEST(Minijail, IncludesAreListedForWhoeverReadsFiles) {
  EXPECT_EQ(minijail_includes("@include ./a\nread: 1\n@include /b/c # x\n@include\n"),
            (std::vector<std::string>{"./a", "/b/c"}));
}

TEST(Minijail, HostileTextEndsInAnError) {
  const auto refuses = [](const std::string& text) {
    const std::vector<UnitText> texts{{"a.policy", text}, {"./a", "@include ./a\n@include ./a\n"}};
    return !read_minijail(texts, {.compiler = {}, .environment = minijail()});
  };
  EXPECT_TRUE(refuses("@include ./a\n"));
  EXPECT_TRUE(refuses(std::string(profile_limit + 1, '\n')));
  std::string alternatives = "read: arg0 == 1";
  for (int i = 0; i < 100'000; ++i) alternatives += " || arg0 == 1";
  EXPECT_TRUE(refuses(alternatives));
  EXPECT_TRUE(refuses("read: arg0 == " + std::string(100, '(') + "1" + std::string(100, ')')));
  std::string calls = "{read";
  for (int i = 0; i < 2000; ++i) calls += ",read";
  calls += "}: { arg0 == 1";
  for (int i = 0; i < 2000; ++i) calls += ", arg0 == 1";
  EXPECT_TRUE(refuses(calls + " }\n"));
}

}  // namespace
}  // namespace assay::profile
