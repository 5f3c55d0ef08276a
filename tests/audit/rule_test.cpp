#include "assay/audit/rule.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

namespace assay::audit {
namespace {

TEST(Rules, AreFoundByTheirId) {
  for (const Rule& rule : rules()) EXPECT_EQ(find_rule(rule.id), &rule) << rule.id;
  EXPECT_EQ(find_rule("no-such-rule"), nullptr);
}

TEST(Rules, HaveIdsOfLowerCaseWordsThatOccurOnce) {
  std::set<std::string_view> seen;
  for (const Rule& rule : rules()) {
    EXPECT_TRUE(seen.insert(rule.id).second) << rule.id;
    EXPECT_EQ(rule.id.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-"),
              std::string_view::npos)
        << rule.id;
  }
}

TEST(Rules, SayAllThatAReaderNeeds) {
  for (const Rule& rule : rules()) {
    EXPECT_FALSE(rule.title.empty()) << rule.id;
    EXPECT_FALSE(rule.question.empty()) << rule.id;
    EXPECT_FALSE(rule.explanation.empty()) << rule.id;
    EXPECT_FALSE(rule.advice.empty()) << rule.id;
    EXPECT_FALSE(rule.references.empty()) << rule.id;
  }
}

TEST(Rules, StandInTheOrderOfTheirFamilies) {
  EXPECT_TRUE(std::is_sorted(rules().begin(), rules().end(),
                             [](const Rule& a, const Rule& b) { return a.family < b.family; }));
}

TEST(Severity, IsReadAsItIsWritten) {
  for (const Severity severity :
       {Severity::Info, Severity::Low, Severity::Medium, Severity::High, Severity::Critical})
    EXPECT_EQ(find_severity(name(severity)), severity);
  EXPECT_EQ(find_severity("fatal"), std::nullopt);
}

}  // namespace
}  // namespace assay::audit
