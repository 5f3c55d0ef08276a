#include "assay/kernel/bitmap_timing.hpp"

#include <gtest/gtest.h>
#include <sys/syscall.h>

#include <iostream>

#include "assay/verify/accept.hpp"
#include "assay/verify/bitmap.hpp"
#include "kernel/tracees.hpp"

namespace assay::kernel {
namespace {

using Filter = std::vector<bpf::Instruction>;

constexpr std::uint32_t native = 0xc000003e;
constexpr std::uint32_t allow = 0x7fff0000;

TEST(MannWhitney, OfKnownSamples) {
  // U = 0 of 6 and 5 values: z = 15 / sqrt(6 * 5 * 12 / 12).
  const std::vector<double> low{1, 2, 3, 4, 5, 6};
  const std::vector<double> high{7, 8, 9, 10, 11};
  EXPECT_NEAR(mann_whitney(low, high), 0.00617, 0.0005);
  EXPECT_NEAR(mann_whitney(low, low), 1, 1e-9);
  const std::vector<double> same(8, 3.0);
  EXPECT_EQ(mann_whitney(same, same), 1);
}

// A long filter, so that running it takes time; then what is asked about.
Filter behind_comparisons(const Filter& end) {
  Filter filter{{0x20, 0, 0, 0}};
  for (std::uint32_t i = 0; i < 120; ++i) filter.push_back({0x15, 0, 0, 0x10000 + i});
  filter.insert(filter.end(), end.begin(), end.end());
  return filter;
}

TEST(BitmapTiming, IsWhatTheEmulationSays) {
  const std::vector<Filter> filters{
      behind_comparisons({{0x06, 0, 0, allow}}),
      behind_comparisons({{0x54, 0, 0, 0xffff}, {0x06, 0, 0, allow}}),
      behind_comparisons({{0x20, 0, 0, 4}, {0x15, 0, 0, native}, {0x06, 0, 0, allow}}),
      behind_comparisons({{0x20, 0, 0, 16}, {0x06, 0, 0, allow}}),  // reads an argument
      behind_comparisons({{0x00, 0, 0, allow}, {0x16}}),            // returns A
      behind_comparisons({{0x87}, {0x06, 0, 0, allow}}),            // uses X
      behind_comparisons({{0x44, 0, 0, 0}, {0x06, 0, 0, allow}}),   // another operation
      behind_comparisons({{0x06, 0, 0, allow | 1}}),                // not exactly ALLOW
  };
  std::size_t decided = 0;
  for (std::size_t i = 0; i < filters.size(); ++i) {
    const auto program = verify::accept(filters[i]);
    const auto timing = bitmap_timing(*program, SYS_getppid);
    if (!timing && timing.error().kind == FailureKind::Refused) GTEST_SKIP() << "no filters here";
    ASSERT_TRUE(timing) << describe(timing.error().kind);
    const bool constant = verify::bitmap_answer(*program, SYS_getppid, native).answer ==
                          verify::BitmapAnswer::Constant;
    std::cout << i << ": " << timing->filter_ns << " ns, its double " << timing->double_ns
              << " ns, p " << timing->p << "\n";
    // A busy machine decides less, and nothing wrong.
    if (timing->sighting == BitmapSighting::Undecided) continue;
    ++decided;
    EXPECT_EQ(timing->sighting == BitmapSighting::Constant, constant) << i;
  }
  std::cout << decided << " of " << filters.size() << " decided\n";
  test::asked(decided);
  if (decided == 0) GTEST_SKIP() << "this machine is too busy to decide anything by the clock";
}

TEST(BitmapTiming, AsksOnlyForHarmlessCalls) {
  const auto program = verify::accept(Filter{{0x06, 0, 0, allow}});
  EXPECT_FALSE(bitmap_timing(*program, SYS_kill));
}

}  // namespace
}  // namespace assay::kernel
