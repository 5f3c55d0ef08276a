// Weights add up, exactly where the recording is complete.
#include "assay/cost/workload.hpp"

#include <gtest/gtest.h>

#include "assay/bpf/assemble.hpp"
#include "assay/verify/accept.hpp"

namespace assay::cost {
namespace {

constexpr std::uint32_t x86_64 = 0xc000003e;

// 0: 3 instructions; 1: 5, or 6 when args[0] is 0; others: 4.
const verify::Program program = *verify::accept(
    bpf::assemble("ld [0]\njeq #0, +4\njeq #1, +0, +4\nld [16]\njeq #0, +2, +0\nret #1\n"
                  "ret #0x7fff0000\nld #1\nret #0x7fff0000")
        .value());

class OfProgram : public ::testing::Test {
 protected:
  FilterCost cost = *FilterCost::of(std::span(&program, 1));
  Workload workload;
};

TEST_F(OfProgram, CompleteCallsCountExactly) {
  EXPECT_TRUE(workload.add(trace::call_of({1, x86_64, 0, {5}}, 1), cost));
  EXPECT_TRUE(workload.add(trace::call_of({1, x86_64, 0, {0}}, 2), cost));
  EXPECT_TRUE(workload.add(trace::call_of({0, x86_64, 0, {}}, 3), cost));
  const auto calls = workload.calls();
  ASSERT_EQ(calls.size(), 2U);
  EXPECT_EQ(calls[0].nr, 1U);
  EXPECT_EQ(calls[0].count, 2U);
  EXPECT_EQ(calls[0].least, calls[0].most);
  EXPECT_EQ(calls[0].most, cost.exactly({1, x86_64, 0, 0, 5}) + cost.exactly({1, x86_64}));
  EXPECT_EQ(workload.total(), 3U);
}

TEST_F(OfProgram, SummariesCountBetweenBestAndWorst) {
  trace::Call call = trace::call_of(x86_64, 1, 1);
  call.count = 10;
  EXPECT_TRUE(workload.add(call, cost));
  const CallWeight weight = workload.calls().front();
  EXPECT_EQ(weight.least, 10 * cost.call(x86_64, 1).best.instructions);
  EXPECT_EQ(weight.most, 10 * cost.call(x86_64, 1).worst.instructions);
  EXPECT_LT(weight.least, weight.most);
}

TEST_F(OfProgram, CallsWithoutNumberAreLeftOut) {
  trace::Call call = trace::call_of(x86_64, 1, 1);
  call.known.nr = 0;
  call.count = 3;
  EXPECT_FALSE(workload.add(call, cost));
  EXPECT_EQ(workload.total(), 0U);
  EXPECT_EQ(workload.left_out(), 3U);
}

TEST_F(OfProgram, TheMeanTakesTheBitmapAsFree) {
  const std::vector<CallWeight> calls{{x86_64, 0, 75, 0, 0}, {x86_64, 1, 25, 0, 0}};
  const MeanCost mean = mean_cost(calls, cost, Bitmap(std::span(&program, 1)));
  EXPECT_DOUBLE_EQ(mean.in_bitmap, 0.75);
  EXPECT_DOUBLE_EQ(mean.most, 0.25 * cost.call(x86_64, 1).worst.instructions);
  EXPECT_DOUBLE_EQ(mean.least, 0.25 * cost.call(x86_64, 1).best.instructions);
}

TEST(Workload, HoldsNoMoreNumbersThanItsLimit) {
  Workload workload;
  for (std::uint32_t nr = 0; nr < Workload::call_limit + 5; ++nr) workload.add(x86_64, nr, 2);
  EXPECT_EQ(workload.calls().size(), Workload::call_limit);
  EXPECT_EQ(workload.left_out(), 10U);
}

}  // namespace
}  // namespace assay::cost
