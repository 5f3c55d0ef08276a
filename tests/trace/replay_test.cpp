#include "assay/trace/replay.hpp"

#include <gtest/gtest.h>

#include "assay/engine/filter_stack.hpp"
#include "assay/names/syscalls.hpp"
#include "assay/sample/program.hpp"
#include "assay/sample/record.hpp"
#include "assay/text/verdict.hpp"
#include "trace/programs.hpp"
#include "trace/rendered.hpp"

namespace assay::trace {
namespace {

using seccomp::SeccompData;

constexpr std::uint32_t x86_64 = 0xc000003e;

struct Replayed {
  explicit Replayed(std::string_view assembly)
      : filter(program(assembly)), judge(std::span(&filter, 1)), replay(judge) {}
  Replayed(std::string_view assembly, std::string_view trace) : Replayed(assembly) {
    for (const Call& call : read_all(Format::Strace, trace)) replay.take(call);
  }

  verify::Program filter;
  Judge judge;
  Replay replay;
};

std::string counts(const Replay& replay) {
  std::string text;
  for (const auto& [verdict, count] : replay.counts())
    text += text::to_text(verdict) + "=" + std::to_string(count) + " ";
  return text;
}

std::vector<std::string> rows(const std::vector<Row>& rows) {
  std::vector<std::string> result;
  for (const Row& row : rows)
    result.push_back(rendered(row.call) + ": " + text::to_text(row.judgement.verdict) + " x" +
                     std::to_string(row.count));
  return result;
}

TEST(Replay, CountsVerdictsAndShowsRefusedCallsWithTheirFirstLine) {
  const Replayed it(guarded,
                    "close(3) = 0\n"
                    "clone3({flags=0}, 88) = -1 ENOSYS (x)\n"
                    "close(4) = 0\n"
                    "clone3({flags=1}, 88) = -1 ENOSYS (x)\n"
                    "ptrace(PTRACE_TRACEME) = -1 EPERM (x)\n");
  EXPECT_EQ(counts(it.replay), "ERRNO(1)=1 ERRNO(38)=2 ALLOW=2 ");
  EXPECT_EQ(rows(it.replay.refused()),
            (std::vector<std::string>{"2 x86_64? 435 * 0x58~: ERRNO(38) x2",
                                      "5 x86_64? 101 0x0~: ERRNO(1) x1"}));
  EXPECT_EQ(it.replay.calls(), 5U);
  EXPECT_EQ(it.replay.arch_assumed(), 5U);
}

TEST(Replay, TellsRefusedCallsApartByTheArgumentsThatDecide) {
  const Replayed it(guarded,
                    "socket(AF_INET, SOCK_STREAM, 0) = 3\n"
                    "socket(AF_INET, SOCK_DGRAM, 0) = 3\n"
                    "socket(AF_INET6, SOCK_STREAM, 0) = 3\n"
                    "socket(AF_UNIX, SOCK_STREAM, 0) = 3\n"
                    "socket(AF_BEYOND, SOCK_STREAM, 0) = 3\n");
  EXPECT_EQ(rows(it.replay.refused()),
            (std::vector<std::string>{"1 x86_64? 41 0x2~ 0x1~ 0x0~: ERRNO(1) x2",
                                      "3 x86_64? 41 0xa~ 0x1~ 0x0~: ERRNO(1) x1"}));
  EXPECT_EQ(rows(it.replay.open()),
            (std::vector<std::string>{"5 x86_64? 41 $ 0x1~ 0x0~: ERRNO(1) x1"}));
  EXPECT_EQ(it.replay.with(Certainty::Certain), 3U);
  EXPECT_EQ(it.replay.with(Certainty::Assumed), 1U);
  EXPECT_EQ(it.replay.with(Certainty::Open), 1U);
}

TEST(Replay, SaysWhatIsAllowedAndWasNotUsed) {
  const Replayed it(
      "ld [arch]\njeq #AUDIT_ARCH_X86_64, +0, bad\nld [nr]\njeq #3, good, +0\njeq #0, good, +0\n"
      "jeq #16, +0, bad\nld [args[0].lo]\njeq #5, good, bad\ngood: ret #LOG\nbad: ret #TRAP(0)\n",
      "close(3) = 0\nptrace(PTRACE_TRACEME) = 0\n");
  const auto unused = it.replay.unused();
  ASSERT_EQ(unused.size(), 1U);
  EXPECT_EQ(unused[0].arch, seccomp::Arch::x86_64);
  EXPECT_EQ(unused[0].numbers, (std::vector<std::uint32_t>{0, 16}));  // ioctl for some arguments
}

TEST(Replay, HoldsTheRecordedActionAgainstTheFilter) {
  const Replayed it(guarded,
                    "getppid() = 110\n"
                    "+++ killed by SIGSYS +++\n"
                    "close(3) = 0\n");
  EXPECT_EQ(it.replay.contradicted(), 1U);
  EXPECT_EQ(rows(it.replay.contradictions()),
            (std::vector<std::string>{"1 x86_64? 110 KILL_PROCESS: ALLOW x1"}));
}

TEST(Replay, SummariesCountAsManyCallsAsTheySay) {
  Replayed it(guarded);
  for (const Call& call :
       read_all(Format::StraceSummary, "------\n 0.0 0.0 0 40 close\n 0.0 0.0 0 2 1 clone3\n"))
    it.replay.take(call);
  EXPECT_EQ(counts(it.replay), "ERRNO(38)=2 ALLOW=40 ");
}

TEST(Replay, RowsAreBoundedAndWhatHasNoneIsCounted) {
  Replayed it("ld [args[0].lo]\njeq #0, +0, +1\nret #ALLOW\nret #TRAP(0)\n");
  std::vector<SeccompData> records(Replay::row_limit + 100);
  for (std::size_t i = 0; i < records.size(); ++i)
    records[i] = {1, x86_64, 0, {i + 1, 0, 0, 0, 0, 0}};
  it.replay.take(records, 1);
  EXPECT_EQ(it.replay.refused().size(), Replay::row_limit);
  EXPECT_EQ(it.replay.without_row(), 100U);
  EXPECT_EQ(counts(it.replay), "TRAP(0)=65636 ");
}

TEST(Replay, NumbersAreBounded) {
  Replayed it("ret #TRAP(0)\n");
  std::vector<SeccompData> records(Replay::row_limit + 100);
  for (std::size_t i = 0; i < records.size(); ++i)
    records[i] = {static_cast<std::uint32_t>(i), x86_64, 0, {}};
  it.replay.take(records, 1);
  EXPECT_EQ(it.replay.without_row(), 100U);
  EXPECT_EQ(it.replay.calls(), records.size());
}

// Records in batches and one by one give the same report, and it is the interpreter's.
TEST(Replay, BatchesSayTheSameAsSingleCalls) {
  for (std::uint64_t index = 0; index < 40; ++index) {
    sample::Random random(11, index);
    const verify::Program filter = sample::accepted_program(random, 100);
    const auto records = sample::records(random, filter.instructions(), 1500);
    Judge judge(std::span(&filter, 1), {}, quick);
    Replay batch(judge);
    Replay single(judge);
    batch.take(records, 1);
    const engine::FilterStack stack(std::span(&filter, 1));
    std::map<std::uint32_t, std::uint64_t> expected;
    for (std::size_t i = 0; i < records.size(); ++i) {
      single.take(call_of(records[i], i + 1));
      ++expected[stack.run(records[i]).normalised().value];
    }
    EXPECT_EQ(counts(batch), counts(single)) << index;
    EXPECT_EQ(rows(batch.refused()), rows(single.refused())) << index;
    for (const auto& [verdict, count] : batch.counts())
      EXPECT_EQ(count, expected[verdict.value]) << index;
    EXPECT_EQ(batch.counts().size(), expected.size());
  }
}

}  // namespace
}  // namespace assay::trace
