// A campaign agrees with the kernel, reaches every rule, opcode and action, and catches each
// lie of a judge that lies on purpose.
#include "assay/kernel/campaign.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <numeric>

#include "assay/engine/filter_stack.hpp"

namespace assay::kernel {
namespace {

using bpf::Instruction;

// Ours against ourselves, but for one lie.
class Liar : public Judge {
 public:
  enum class Lie { None, Acceptance, Value, Verdict, Failing };
  explicit Liar(Lie lie) : lie_(lie) {}

  tl::expected<std::vector<int>, Failure> accept(std::span<const Instructions> programs) override {
    if (lie_ == Lie::Failing) return tl::unexpected(Failure{FailureKind::TimeLimit, 0});
    std::vector<int> errors;
    for (const Instructions program : programs) {
      const auto accepted = verify::accept(program);
      int error = accepted ? 0 : accepted.error().error;
      // Refuses NEG.
      if (lie_ == Lie::Acceptance && error == 0)
        for (const Instruction& insn : program) error = insn.code == 0x84 ? EINVAL : error;
      errors.push_back(error);
    }
    return errors;
  }
  tl::expected<std::vector<Value>, Failure> value(
      const verify::Program& program, std::span<const seccomp::SeccompData> records) override {
    std::vector<Value> values;
    const engine::Interpreter interpreter(program);
    for (const auto& record : records) {
      std::uint32_t value = interpreter.run(record);
      if (lie_ == Lie::Value && (value & 0xffff) == 4095) value ^= 1;
      values.emplace_back(value);
    }
    return values;
  }
  tl::expected<std::vector<Sight>, Failure> verdict(std::span<const verify::Program> stack,
                                                    std::span<const seccomp::SeccompData> records,
                                                    Detail) override {
    std::vector<Sight> sights;
    const engine::FilterStack ours(stack);
    for (const auto& record : records) {
      Observed seen = expected(ours.run(record));
      if (lie_ == Lie::Verdict && seen.sighting == Sighting::KillThread)
        seen.sighting = Sighting::KillProcess;
      sights.emplace_back(seen);
    }
    return sights;
  }

 private:
  Lie lie_;
};

std::vector<std::uint64_t> items(std::uint64_t first, std::uint64_t count) {
  std::vector<std::uint64_t> all(count);
  std::iota(all.begin(), all.end(), first);
  return all;
}

struct Outcome {
  Tally tally;
  std::vector<Finding> findings;
};
Outcome campaign(Judge& judge, std::uint64_t count, std::uint64_t first = 0) {
  Outcome outcome;
  Campaign run(judge, {}, [&](const Finding& finding) { outcome.findings.push_back(finding); });
  EXPECT_TRUE(run.run(items(first, count)));
  outcome.tally = run.tally();
  return outcome;
}

TEST(Campaign, FindsNothingWhereNothingIsWrong) {
  Liar honest(Liar::Lie::None);
  const Outcome outcome = campaign(honest, 32'768);
  EXPECT_EQ(outcome.tally.mismatches, 0U);
  EXPECT_EQ(outcome.tally.programs, 32'768U);
  EXPECT_GT(outcome.tally.verdicts, 30'000U);
  EXPECT_TRUE(unmet(outcome.tally).empty()) << unmet(outcome.tally).front();
}

TEST(Campaign, CatchesALieAboutAcceptanceAndMakesItSmall) {
  Liar liar(Liar::Lie::Acceptance);
  const Outcome outcome = campaign(liar, 2'048);
  ASSERT_FALSE(outcome.findings.empty());
  for (const Finding& finding : outcome.findings) {
    EXPECT_EQ(finding.kind, FindingKind::Accepted);
    EXPECT_EQ(finding.ours, "accepted");
    EXPECT_EQ(finding.theirs, "errno 22");
    EXPECT_LE(finding.stack.front().size(), 3U);
  }
}

TEST(Campaign, CatchesALieAboutAValue) {
  Liar liar(Liar::Lie::Value);
  const Outcome outcome = campaign(liar, 8'192);
  ASSERT_FALSE(outcome.findings.empty());
  EXPECT_EQ(outcome.findings.front().kind, FindingKind::Returned);
  EXPECT_LE(outcome.findings.front().stack.front().size(), 8U);
}

TEST(Campaign, CatchesALieAboutAVerdict) {
  Liar liar(Liar::Lie::Verdict);
  const Outcome outcome = campaign(liar, 8'192);
  ASSERT_FALSE(outcome.findings.empty());
  EXPECT_EQ(outcome.findings.front().kind, FindingKind::Seen);
  EXPECT_EQ(outcome.findings.front().theirs, "KILL_PROCESS");
}

TEST(Campaign, AJudgeThatGivesUpEndsIt) {
  Liar failing(Liar::Lie::Failing);
  Campaign run(failing, {}, [](const Finding&) {});
  EXPECT_EQ(run.run(items(0, 1)), tl::unexpected(Failure{FailureKind::TimeLimit, 0}));
}

TEST(Campaign, PartsHaveTheWhole) {
  Liar honest(Liar::Lie::None);
  const Tally whole = campaign(honest, 4'096).tally;
  Campaign run(honest, {}, [](const Finding&) {});
  ASSERT_TRUE(run.run(items(0, 1'000)));
  const auto kept = parse_tally(to_text(run.tally()));
  ASSERT_TRUE(kept);
  EXPECT_EQ(*kept, run.tally());
  Campaign resumed(honest, {}, [](const Finding&) {});
  for (std::uint64_t item = 0; item < 1'000; ++item) resumed.remember(item);
  resumed.set_tally(*kept);
  ASSERT_TRUE(resumed.run(items(1'000, 3'096)));
  EXPECT_EQ(resumed.tally(), whole);
}

TEST(Campaign, OfTheKernel) {
  auto oracle = Oracle::open();
  if (!oracle) GTEST_SKIP() << describe(oracle.error().lack);
  KernelJudge kernel(*oracle);
  const Outcome outcome = campaign(kernel, 32'768);
  EXPECT_EQ(outcome.tally.mismatches, 0U);
  for (const Finding& finding : outcome.findings) ADD_FAILURE() << to_text(finding);
  EXPECT_TRUE(unmet(outcome.tally).empty()) << unmet(outcome.tally).front();
}

Finding example() {
  return {FindingKind::Seen,
          7,
          64,
          {{{0x20, 0, 0, 4}, {0x16, 0, 0, 0}}, {{0x06, 0, 0, 0x7fff0000}}},
          {3, 0xc000003e, 0x7a0000001000, {1, 2, 3, 4, 5, ~std::uint64_t{0}}},
          "0xc000003e",
          "ALLOW"};
}

TEST(Finding, ReadsWhatItWrites) { EXPECT_EQ(parse_finding(to_text(example())), example()); }

TEST(Finding, SaysWhichLineIsWrong) {
  const std::string good = to_text(example());
  EXPECT_EQ(parse_finding(""), tl::unexpected(std::size_t{1}));
  EXPECT_EQ(parse_finding("rumour\n"), tl::unexpected(std::size_t{1}));
  EXPECT_EQ(parse_finding(good + "0x20 0 0\n"), tl::unexpected(std::size_t{11}));
  EXPECT_EQ(parse_finding(good + "0x20 0 256 0\n"), tl::unexpected(std::size_t{11}));
  EXPECT_EQ(parse_finding(good.substr(0, good.find("filter"))), tl::unexpected(std::size_t{5}));
}

// What once was a disagreement stays settled.
TEST(Finding, Saved) {
  auto oracle = Oracle::open();
  if (!oracle) GTEST_SKIP() << describe(oracle.error().lack);
  KernelJudge kernel(*oracle);
  std::size_t replayed = 0;
  for (const auto& file :
       std::filesystem::directory_iterator(ASSAY_SOURCE_DIR "/tests/data/kernel/findings")) {
    std::ifstream stream(file.path());
    const std::string text((std::istreambuf_iterator<char>(stream)), {});
    const auto finding = parse_finding(text);
    ASSERT_TRUE(finding) << file.path() << ", line " << finding.error();
    const auto again = replay(*finding, kernel);
    ASSERT_TRUE(again) << file.path();
    EXPECT_FALSE(*again) << file.path() << ": ours " << (*again)->ours << ", kernel "
                         << (*again)->theirs;
    ++replayed;
  }
  EXPECT_GE(replayed, 1U);
}

}  // namespace
}  // namespace assay::kernel
