#include "assay/symbolic/findings.hpp"

#include <gtest/gtest.h>

#include <set>

#include "assay/verify/accept.hpp"
#include "data_cases.hpp"

namespace assay::symbolic {
namespace {

std::string shown(const Finding& finding) {
  std::string text = std::string(name(finding.kind)) + " at " + std::to_string(finding.insn);
  if (finding.kind == FindingKind::NeverReached) text += " count " + std::to_string(finding.count);
  if (finding.kind == FindingKind::MixedSources) {
    text += finding.held_by == Register::A ? " A" : " X";
    for (const std::size_t word : finding.sources.words) text += " word" + std::to_string(word);
    if (finding.sources.constant) text += " constant";
    if (finding.sources.mixed) text += " mixed";
  }
  if (!finding.arches.empty()) text += " arg" + std::to_string(finding.argument);
  for (const seccomp::Arch arch : finding.arches)
    text += " " + std::string(seccomp::describe(arch).token);
  return text;
}

std::vector<std::string> found(const verify::Program& program) {
  Manager manager(Order::for_programs(std::span(&program, 1)));
  const Analysis analysis = Analysis::of(manager, program).value();
  const auto findings = findings_of(manager, program, analysis, {}).value();
  std::vector<std::string> result;
  for (const Finding& finding : findings) result.push_back(shown(finding));
  EXPECT_EQ(manager.check(), std::nullopt);
  return result;
}

class MeaningFindings : public testing::TestWithParam<test::Case> {};

TEST_P(MeaningFindings, AreExactlyThoseOfTheRow) {
  auto result = found(verify::accept(test::assembled(GetParam())).value());
  if (result.empty()) result.emplace_back("none");
  EXPECT_EQ(result, GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(Rows, MeaningFindings, testing::ValuesIn(test::cases("symbolic/findings")),
                         [](const auto& row) { return test::test_name(row.param); });

TEST(MeaningFindingsBudget, IsNotExceededInSilence) {
  const auto program =
      verify::accept(std::vector<bpf::Instruction>{
                         {0x20, 0, 0, 0}, {0x15, 0, 1, 59}, {0x06, 0, 0, 1}, {0x06, 0, 0, 2}})
          .value();
  Manager manager(Order::for_programs(std::span(&program, 1)), {10, std::chrono::seconds(1)});
  EXPECT_FALSE(Analysis::of(manager, program));
}

TEST(DeadParts, TellNothingWhereNothingIsKnownToBeDead) {
  for (const test::Case& row : test::cases("symbolic/findings")) {
    const auto program = verify::accept(test::assembled(row)).value();
    const auto yes = [](const auto&) { return true; };
    EXPECT_TRUE(dead_parts(program, yes, yes).empty()) << row;
  }
}

}  // namespace
}  // namespace assay::symbolic
