#include "assay/audit/selection.hpp"

#include <gtest/gtest.h>

namespace assay::audit {
namespace {

Finding finding(std::string rule, std::string subject) {
  Finding result;
  result.rule = std::move(rule);
  result.subject = std::move(subject);
  result.message = "worded today";
  return result;
}

TEST(Suppressions, StandInAnyCommentWithARuleAndAReason) {
  const auto found = suppressions_in(
      "ld [nr]\n"
      "; assay: ignore x32-open: no kernel of ours has x32\n"
      "  \"comment\": \"assay: ignore door-exec: execveat is closed by the LSM\",\n");
  EXPECT_EQ(found.good,
            (std::vector<Suppression>{{"x32-open", "no kernel of ours has x32", 2},
                                      {"door-exec", "execveat is closed by the LSM", 3}}));
  EXPECT_TRUE(found.bad.empty());
}

TEST(Suppressions, WithoutARuleOrAReasonAreNone) {
  const auto found = suppressions_in(
      "# assay: ignore x32-open\n"
      "# assay: ignore x32-open:   \n"
      "# assay: ignore x33-open: we know\n"
      "# assay: ignore\n");
  EXPECT_TRUE(found.good.empty());
  EXPECT_EQ(found.bad, (std::vector<BadSuppression>{{SuppressionFault::NoReason, "x32-open", 1},
                                                    {SuppressionFault::NoReason, "x32-open", 2},
                                                    {SuppressionFault::UnknownRule, "x33-open", 3},
                                                    {SuppressionFault::NoRule, "", 4}}));
}

TEST(Suppressions, OfATextWithoutAnyAreNone) {
  EXPECT_TRUE(suppressions_in("").good.empty());
  EXPECT_TRUE(suppressions_in("ld [nr]\nret #ALLOW").good.empty());
}

TEST(Selection, TakesWhatIsSuppressedAndWhatIsKnown) {
  const std::vector<Suppression> suppressions{{"x32-open", "a reason", 1}};
  const std::set<std::string> baseline{key("a.bpf", finding("door-exec", "x86_64 execve"))};
  const Selected selected =
      select("a.bpf",
             {finding("x32-open", "x32"), finding("door-exec", "x86_64 execve"),
              finding("door-exec", "x86 execve")},
             suppressions, baseline);
  ASSERT_EQ(selected.told.size(), 1U);
  EXPECT_EQ(selected.told[0].subject, "x86 execve");
  ASSERT_EQ(selected.suppressed.size(), 1U);
  EXPECT_EQ(selected.suppressed[0].reason, "a reason");
  EXPECT_EQ(selected.known, 1U);
}

TEST(Selection, KeysDoNotDependOnTheWording) {
  Finding reworded = finding("door-exec", "x86_64 execve");
  reworded.message = "worded otherwise";
  EXPECT_EQ(key("a", reworded), key("a", finding("door-exec", "x86_64 execve")));
  EXPECT_NE(key("a", reworded), key("b", reworded));
}

}  // namespace
}  // namespace assay::audit
