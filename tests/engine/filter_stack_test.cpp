#include "assay/engine/filter_stack.hpp"

#include <gtest/gtest.h>

#include "assay/verify/accept.hpp"

namespace assay::engine {
namespace {

using verify::Program;

Program returning(std::uint32_t value) {
  return *verify::accept(std::vector<bpf::Instruction>{{0x06, 0, 0, value}});
}

// Returns `value` for number 5, else ALLOW.
Program ruling(std::uint32_t value) {
  return *verify::accept(std::vector<bpf::Instruction>{
      {0x20, 0, 0, 0}, {0x15, 0, 1, 5}, {0x06, 0, 0, value}, {0x06, 0, 0, 0x7fff0000}});
}

TEST(FilterStack, OfNothingAllows) {
  const FilterStack stack({});
  EXPECT_EQ(stack.run(seccomp::SeccompData{}).value, 0x7fff0000U);
  EXPECT_EQ(stack.examine(seccomp::Words{}).instructions, 0U);
}

TEST(FilterStack, RunsEveryFilterAndNamesTheOneThatDecided) {
  const FilterStack stack(
      std::vector<Program>{ruling(0x00050001), returning(0x7ffc0000), ruling(0x00050002)});
  const auto answer = stack.examine(seccomp::Words{5});
  EXPECT_EQ(answer.verdict.value, 0x00050002U);  // on a tie the newest filter's data stays
  EXPECT_EQ(answer.decided_by, 2U);
  EXPECT_EQ(answer.instructions, 7U);
  EXPECT_EQ(answer.outcomes,
            (std::vector<Outcome>{{0x00050001, 3}, {0x7ffc0000, 1}, {0x00050002, 3}}));
}

TEST(FilterStack, LetsAnOlderFilterOverrideByAStrongerAction) {
  const FilterStack stack(std::vector<Program>{ruling(0x80000000), ruling(0x00050002)});
  const auto answer = stack.examine(seccomp::Words{5});
  EXPECT_EQ(answer.verdict.value, 0x80000000U);
  EXPECT_EQ(answer.decided_by, 0U);
  EXPECT_EQ(stack.run(seccomp::Words{5}), answer.verdict);
  EXPECT_EQ(stack.run(seccomp::Words{6}).value, 0x7fff0000U);
}

TEST(FilterStack, CombinesAsItsSemanticsSay) {
  const std::vector<Program> filters{returning(0x80000000), returning(0x00000000)};
  EXPECT_EQ(FilterStack(filters).run(seccomp::Words{}).value, 0x80000000U);
  EXPECT_EQ(
      FilterStack(filters, *seccomp::find_semantics("linux-4.13")).run(seccomp::Words{}).value,
      0x00000000U);
}

}  // namespace
}  // namespace assay::engine
