// Acceptance: ours, the independent reading and the running kernel on enumerated and on
// random programs.
#include <gtest/gtest.h>

#include <iostream>
#include <map>
#include <string>

#include "assay/verify/accept.hpp"
#include "engine/agreement.hpp"
#include "engine/agreement_programs.hpp"

namespace assay::agreement {
namespace {

class EnumeratedAcceptance : public testing::TestWithParam<EnumeratedCampaign> {};

std::string name_of(const testing::TestParamInfo<EnumeratedCampaign>& row) {
  return std::string(row.param.name);
}

TEST_P(EnumeratedAcceptance, InUserSpace) {
  Tester tester(without_kernel);
  ask(tester, GetParam(), slowdown());
  EXPECT_TRUE(agreed(GetParam().name, tester.report()));
}

TEST_P(EnumeratedAcceptance, OnTheKernel) {
  Tester tester;
  if (const auto lack = tester.lacks(Engine::Kernel)) GTEST_SKIP() << *lack;
  ask(tester, GetParam(), GetParam().kernel_step * slowdown());
  EXPECT_TRUE(agreed(GetParam().name, tester.report()));
}

INSTANTIATE_TEST_SUITE_P(Campaign, EnumeratedAcceptance, testing::ValuesIn(enumerated_campaigns),
                         name_of);

// The sizes that are promised.
TEST(Enumerations, CoverWhatTheySay) {
  EXPECT_EQ(every_code().size(), 4U * 65536);
  EXPECT_GE(three_instructions().size(), 10'000'000U);
  EXPECT_GE(three_instructions().size() / enumerated_campaigns.back().kernel_step, 2'000'000U);
  EXPECT_EQ(enumerated_campaigns.back().slow_step, 1U);
  for (const EnumeratedCampaign& campaign : enumerated_campaigns)
    std::cout << campaign.name << ": " << campaign.programs().size() << " programs\n";
}

TEST(RandomAcceptance, InUserSpace) {
  Tester tester(without_kernel);
  tester.accept({"random programs", seed(), 0}, 1'000'000 / slowdown(), 1, draw_any);
  EXPECT_TRUE(agreed("random programs", tester.report()));
}

TEST(RandomAcceptance, OnTheKernel) {
  Tester tester;
  if (const auto lack = tester.lacks(Engine::Kernel)) GTEST_SKIP() << *lack;
  tester.accept({"random programs", seed(), 0}, 400'000 / slowdown(), 1, draw_any);
  EXPECT_TRUE(agreed("random programs", tester.report()));
  EXPECT_GE(tester.report().accepted, tester.report().programs / 4);
}

// A dry run and really attaching are two ways into the kernel.
TEST(RandomAcceptance, AttachingAgreesWithTheKernelsDryRun) {
  auto oracle = kernel::Oracle::open();
  if (!oracle) GTEST_SKIP() << kernel::describe(oracle.error().lack);
  sample::Instructions program;
  for (std::uint64_t index = 0; index < 2000 / slowdown(); ++index) {
    draw_any(index, program);
    if (program.size() > 256) continue;  // the first filter of a thread is emulated 1,000 times
    const auto dry = oracle->accept(program);
    const auto attached = oracle->attach_errno(program);
    ASSERT_TRUE(dry && attached) << index;
    ASSERT_EQ(*dry, *attached) << "seed " << seed() << ", index " << index;
  }
}

TEST(Rejection, NamesAnInstructionOfTheProgramAndEveryKindOccurs) {
  std::map<verify::RejectionKind, std::uint64_t> counts;
  sample::Instructions program;
  for (std::uint64_t index = 0; index < 100'000; ++index) {
    draw_any(index, program);
    const auto accepted = verify::accept(program);
    if (accepted) continue;
    const verify::Rejection& rejection = accepted.error();
    counts[rejection.kind] += 1;
    const bool of_length = rejection.kind == verify::RejectionKind::Empty ||
                           rejection.kind == verify::RejectionKind::TooLong;
    ASSERT_EQ(rejection.insn.has_value(), !of_length) << index;
    ASSERT_LE(rejection.insn.value_or(0), program.size()) << index;
  }
  for (auto kind = verify::RejectionKind::Empty; kind <= verify::RejectionKind::OffsetUnaligned;
       kind = static_cast<verify::RejectionKind>(static_cast<int>(kind) + 1)) {
    EXPECT_GT(counts[kind], 0U) << name(kind);
    std::cout << name(kind) << ": " << counts[kind] << "\n";
  }
}

}  // namespace
}  // namespace assay::agreement
