#include "assay/audit/confirm.hpp"

#include <gtest/gtest.h>

#include "policy_text.hpp"

namespace assay::audit {
namespace {

class KernelConfirms : public testing::Test {
 protected:
  void SetUp() override {
    auto opened = kernel::Oracle::open();
    if (!opened) GTEST_SKIP() << kernel::describe(opened.error().lack);
    oracle_.emplace(std::move(*opened));
    for (const auto& program :
         test::filters_of("arch x86_64\nexecve: ERRNO(EACCES)\nioctl arg1 == 0x5412: ERRNO(EPERM)\n"
                          "default: ALLOW\n",
                          "here"))
      target_.filters.push_back({"here", program, std::nullopt});
    auto outline = audit(target_);
    ASSERT_TRUE(outline);
    findings_ = std::move(outline->findings);
  }
  std::optional<kernel::Oracle> oracle_;
  Target target_;
  std::vector<Finding> findings_;
};

TEST_F(KernelConfirms, EveryCallThatItCanBeAsked) {
  const auto confirmation = confirm(*oracle_, target_, findings_);
  ASSERT_TRUE(confirmation);
  EXPECT_GT(confirmation->confirmed, 10U);
  EXPECT_EQ(confirmation->mismatches, 0U);
  for (const Finding& finding : findings_)
    for (const Exhibit& exhibit : finding.evidence.calls)
      EXPECT_EQ(exhibit.kernel.value_or(exhibit.verdict), exhibit.verdict) << finding.rule;
}

TEST_F(KernelConfirms, NoCallThatIsShownWrongly) {
  for (Finding& finding : findings_)
    for (Exhibit& exhibit : finding.evidence.calls) exhibit.verdict = {0x80000000};
  const auto confirmation = confirm(*oracle_, target_, findings_);
  ASSERT_TRUE(confirmation);
  EXPECT_EQ(confirmation->confirmed, 0U);
  EXPECT_GT(confirmation->mismatches, 10U);
}

}  // namespace
}  // namespace assay::audit
