// The campaigns of the fast tier, with more of the kernel.
#include <gtest/gtest.h>

#include "engine/agreement_programs.hpp"
#include "engine/agreement_values.hpp"

namespace assay::agreement {
namespace {

TEST(SlowAcceptance, EnumeratedProgramsOnTheKernel) {
  Tester tester;
  if (const auto lack = tester.lacks(Engine::Kernel)) GTEST_SKIP() << *lack;
  for (const EnumeratedCampaign& campaign : enumerated_campaigns)
    if (campaign.slow_step != 0) ask(tester, campaign, campaign.slow_step * slowdown());
  EXPECT_TRUE(agreed("enumerated programs", tester.report()));
}

TEST(SlowAcceptance, RandomProgramsOnTheKernel) {
  Tester tester;
  if (const auto lack = tester.lacks(Engine::Kernel)) GTEST_SKIP() << *lack;
  tester.accept({"random programs", seed(), 400'000}, 400'000 + 1'000'000 / slowdown(), 1,
                draw_any);
  EXPECT_TRUE(agreed("random programs", tester.report()));
}

TEST(SlowValues, RandomProgramsOnTheKernel) {
  Tester tester;
  if (const auto lack = tester.lacks(Engine::Kernel)) GTEST_SKIP() << *lack;
  run_random_programs(tester, 24'000, 24'000 + 12'000 / slowdown());
  EXPECT_TRUE(agreed("random programs", tester.report()));
}

TEST(SlowValues, RandomProgramsInUserSpace) {
  Tester tester(without_kernel);
  run_random_programs(tester, 0, 2'000'000 / slowdown());
  EXPECT_TRUE(agreed("random programs", tester.report()));
}

}  // namespace
}  // namespace assay::agreement
