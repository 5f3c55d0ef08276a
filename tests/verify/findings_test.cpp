#include "assay/verify/findings.hpp"

#include <gtest/gtest.h>

#include <set>

#include "assay/verify/accept.hpp"
#include "data_cases.hpp"

namespace assay::verify {
namespace {

class StructuralFindings : public testing::TestWithParam<test::Case> {};

std::string shown(const Finding& finding) {
  std::string text(name(finding.kind));
  text += " at " + std::to_string(finding.insn);
  if (finding.kind == FindingKind::DuplicateReturn)
    text += " first " + std::to_string(finding.first);
  if (finding.kind == FindingKind::DuplicateReturn || finding.kind == FindingKind::Unreachable)
    text += " count " + std::to_string(finding.count);
  if (finding.field != Field::None) text += " " + std::string(name(finding.field));
  return text;
}

TEST_P(StructuralFindings, AreExactlyThoseOfTheRow) {
  const auto program = accept(test::assembled(GetParam()));
  ASSERT_TRUE(program);
  std::multiset<std::string> found;
  for (const Finding& finding : structural_findings(*program)) found.insert(shown(finding));
  if (found.empty()) found.insert("none");
  EXPECT_EQ(found,
            std::multiset<std::string>(GetParam().expected.begin(), GetParam().expected.end()));
}

INSTANTIATE_TEST_SUITE_P(Rows, StructuralFindings,
                         testing::ValuesIn(test::cases("verify/findings")),
                         [](const auto& row) { return test::test_name(row.param); });

TEST(StructuralFindingsOrder, FollowsTheInstructions) {
  const auto program = accept(std::vector<bpf::Instruction>{
      {0x45, 0, 0, 9}, {0x05, 1, 0, 0}, {0x16, 0, 0, 4}, {0x16, 0, 0, 0}});
  ASSERT_TRUE(program);
  std::vector<std::size_t> places;
  for (const Finding& finding : structural_findings(*program)) places.push_back(finding.insn);
  EXPECT_EQ(places, (std::vector<std::size_t>{0, 1, 1, 2, 3}));
}

}  // namespace
}  // namespace assay::verify
