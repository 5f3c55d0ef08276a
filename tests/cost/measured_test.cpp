// The model is the least squares of what was measured; a measurement says what it is of.
#include "assay/cost/measured.hpp"

#include <gtest/gtest.h>

#include "assay/bpf/assemble.hpp"
#include "assay/verify/accept.hpp"

namespace assay::cost {
namespace {

using kernel::NotTimed;

constexpr KernelModel truth{8.5, 20, 17, 0.2};

std::vector<ChainPoint> points_of(std::initializer_list<std::pair<std::size_t, unsigned>> chains) {
  std::vector<ChainPoint> points;
  for (const auto& [filters, executed] : chains)
    points.push_back({filters, executed, truth.run(filters, executed)});
  return points;
}

TEST(KernelModel, IsFoundAgainFromItsPoints) {
  const auto model = fit(points_of({{1, 2}, {2, 10}, {4, 20}, {1, 1000}, {8, 400}}), 8.5);
  ASSERT_TRUE(model);
  EXPECT_DOUBLE_EQ(model->bitmap, 8.5);
  EXPECT_NEAR(model->first, truth.first, 1e-9);
  EXPECT_NEAR(model->further, truth.further, 1e-9);
  EXPECT_NEAR(model->instruction, truth.instruction, 1e-9);
}

TEST(KernelModel, IsBetweenContradictingPoints) {
  auto points = points_of({{1, 2}, {1, 500}, {8, 400}, {4, 9}});
  auto above = points;
  for (ChainPoint& point : points) point.ns -= 1;
  for (ChainPoint& point : above) point.ns += 1;
  points.insert(points.end(), above.begin(), above.end());
  EXPECT_NEAR(fit(points, 0)->first, truth.first, 1e-9);
}

TEST(KernelModel, NeedsPointsThatDiffer) {
  EXPECT_FALSE(fit({}, 0));
  EXPECT_FALSE(fit(points_of({{1, 2}, {2, 4}}), 0));
  EXPECT_FALSE(fit(points_of({{1, 2}, {1, 200}, {1, 2000}}), 0));  // no second filter
}

TEST(KernelModel, NoFilterCostsNothing) { EXPECT_EQ(truth.run(0, 0), 0); }

TEST(Measured, OnTheKernelSaysOfEachWhatItIs) {
  const auto program = *verify::accept(
      bpf::assemble("ld [0]\njeq #110, +1\njeq #1, +1\nret #0x7fff0000\nret #0x80000000").value());
  const std::vector<std::uint32_t> numbers{110, 0, 1};
  const auto measured =
      measure(std::span(&program, 1), numbers, {9, 4'000, std::chrono::milliseconds(20'000)});
  if (!measured) GTEST_SKIP() << describe(measured.error().lack) << " " << measured.error().error;
  ASSERT_EQ(measured->calls.size(), 3U);
  EXPECT_FALSE(measured->calls[0].timing.rewritten);
  EXPECT_EQ(measured->calls[0].timing.executed, 3U);
  EXPECT_EQ(measured->calls[0].run.executed, 4U);
  EXPECT_TRUE(measured->calls[1].timing.rewritten);
  EXPECT_EQ(measured->calls[1].bitmap_hit, false);
  EXPECT_EQ(measured->calls[2].timing.not_timed, NotTimed::Signalled);
  EXPECT_FALSE(measured->calls[2].model);
  ASSERT_EQ(measured->depths.size(), 6U);
  EXPECT_EQ(measured->depths.back().filters, most_depth);
  EXPECT_EQ(measured->depths.back().run.executed, (most_depth - 1) * (2U + 3U) + 2U + 1U + 4U);
}

}  // namespace
}  // namespace assay::cost
