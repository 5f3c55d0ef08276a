// What is timed and what is not; that numbers come with an interval. How large they are is a
// matter of the machine (bench/check-kernel-costs).
#include "assay/kernel/measure.hpp"

#include <gtest/gtest.h>
#include <sys/syscall.h>

#include "assay/bpf/assemble.hpp"
#include "assay/verify/accept.hpp"

namespace assay::kernel {
namespace {

using verify::Program;

Program program_of(std::string_view text) { return *verify::accept(bpf::assemble(text).value()); }

constexpr MeterOptions quick{9, 4'000, std::chrono::milliseconds(20'000)};

TEST(Measure, EstimatesTheMedianWithItsInterval) {
  EXPECT_EQ(estimate({}), (Estimate{0, 0, 0}));
  EXPECT_EQ(estimate({5}), (Estimate{5, 5, 5}));
  EXPECT_EQ(estimate({9, 1, 4}), (Estimate{4, 1, 9}));
  EXPECT_EQ(estimate({4, 1, 2, 3}).median, 2.5);
  std::vector<double> hundred;
  for (int i = 100; i > 0; --i) hundred.push_back(i);
  EXPECT_EQ(estimate(hundred), (Estimate{50.5, 41, 60}));
}

TEST(Measure, RunsNothingButHarmlessCalls) {
  EXPECT_TRUE(runs_harmlessly(SYS_getppid));
  for (const std::uint32_t nr : std::initializer_list<std::uint32_t>{
           SYS_write, SYS_unlink, SYS_exit_group, SYS_kill, SYS_reboot, 335, 336})
    EXPECT_FALSE(runs_harmlessly(nr)) << nr;
}

// Each would be seen: the file descriptor, the exit, the signal.
TEST(Measure, OnTheKernelACallThatIsNotHarmlessNeverRuns) {
  const Program allow = program_of("ret #0x7fff0000");
  const std::vector<TimedCall> calls{{{allow}, SYS_exit_group, {1}},
                                     {{allow}, SYS_pause, {}},
                                     {{allow}, SYS_getppid, {}},
                                     {{allow, allow, allow}, SYS_exit, {1}}};
  const auto timings = time_calls(calls, quick);
  if (!timings) GTEST_SKIP() << describe(timings.error().lack) << " " << timings.error().error;
  ASSERT_EQ(timings->timings.size(), calls.size());
  for (std::size_t i = 0; i < calls.size(); ++i) {
    const Timing& timing = timings->timings[i];
    EXPECT_TRUE(timing.not_timed == NotTimed::None || timing.not_timed == NotTimed::Noise)
        << i << " " << describe(timing.not_timed) << " " << timing.error;
    EXPECT_EQ(timing.rewritten, calls[i].nr != SYS_getppid);
    EXPECT_EQ(timing.prefixed, calls[i].stack.size() > 1);
    EXPECT_LE(timing.added.low, timing.added.median);
    EXPECT_LE(timing.added.median, timing.added.high);
  }
}

TEST(Measure, OnTheKernelSaysWhatItDoesNotTime) {
  const std::pair<const char*, NotTimed> rows[] = {
      {"ret #0x80000000", NotTimed::Signalled}, {"ret #0", NotTimed::Signalled},
      {"ret #0x00030000", NotTimed::Signalled}, {"ld #0x7fff0000\nret a", NotTimed::Returned},
      {"ret #0x12340000", NotTimed::Signalled},
  };
  std::vector<TimedCall> calls;
  for (const auto& [text, reason] : rows) calls.push_back({{program_of(text)}, SYS_write, {}});
  calls.push_back({{program_of("ret #0x7fff0000")}, 335, {}});
  // 2 x 4096 eBPF instructions each: more than a chain may have.
  std::string longest;
  for (int i = 0; i < 4'000; ++i) longest += "jeq #5, +0, +0\n";
  const Program large = program_of(longest + "ret #0x7fff0000");
  calls.push_back({std::vector<Program>(9, large), SYS_getppid, {}});
  const auto timings = time_calls(calls, {2, 400, std::chrono::milliseconds(20'000)});
  if (!timings) GTEST_SKIP() << describe(timings.error().lack) << " " << timings.error().error;
  for (std::size_t i = 0; i < std::size(rows); ++i)
    EXPECT_EQ(timings->timings[i].not_timed, rows[i].second) << rows[i].first;
  EXPECT_EQ(timings->timings[std::size(rows)].not_timed, NotTimed::Exempt);
  EXPECT_EQ(timings->timings.back().not_timed, NotTimed::Refused);
  EXPECT_EQ(timings->timings.back().error, ENOMEM);
}

}  // namespace
}  // namespace assay::kernel
