// Values: the interpreter, the independent reading and the running kernel return the same 32
// bits, and the first two execute as many instructions.
#include <gtest/gtest.h>

#include "assay/engine/interpreter.hpp"
#include "assay/sample/record.hpp"
#include "engine/agreement_independent.hpp"
#include "engine/agreement_values.hpp"

namespace assay::agreement {
namespace {

TEST(Values, RandomProgramsInUserSpace) {
  Tester tester(without_kernel);
  run_random_programs(tester, 0, 200'000 / slowdown());
  EXPECT_TRUE(agreed("random programs", tester.report()));
}

TEST(Values, RandomProgramsOnTheKernel) {
  Tester tester;
  if (const auto lack = tester.lacks(Engine::Kernel)) GTEST_SKIP() << *lack;
  run_random_programs(tester, 0, 21'000 / slowdown());
  EXPECT_TRUE(agreed("random programs", tester.report()));
  const Tally& kernel = tester.report().tallies.at(Engine::Kernel);
  EXPECT_GE(kernel.compared, 20 * tester.report().programs);
}

TEST(Values, OperandGridInUserSpace) {
  Tester tester(without_kernel);
  run_operand_grid(tester);
  EXPECT_TRUE(agreed("operand grid", tester.report()));
}

TEST(Values, OperandGridOnTheKernel) {
  Tester tester;
  if (const auto lack = tester.lacks(Engine::Kernel)) GTEST_SKIP() << *lack;
  run_operand_grid(tester);
  EXPECT_TRUE(agreed("operand grid", tester.report()));
}

TEST(Values, ThreeInstructionsInUserSpace) {
  Tester tester(without_kernel);
  run_three_instructions(tester, slowdown());
  EXPECT_TRUE(agreed("three instructions", tester.report()));
}

TEST(Values, ThreeInstructionsOnTheKernel) {
  Tester tester;
  if (const auto lack = tester.lacks(Engine::Kernel)) GTEST_SKIP() << *lack;
  run_three_instructions(tester, 17 * slowdown());
  EXPECT_TRUE(agreed("three instructions", tester.report()));
}

// Most of what is not decided is a RET A with more values than the budget has nodes.
TEST(Values, RandomProgramsOfTheVerdictFunction) {
  Tester tester(proven);
  run_random_programs(tester, 0, 1'000 / slowdown());
  EXPECT_TRUE(agreed("random programs", tester.report()));
  EXPECT_GE(tester.report().tallies.at(Engine::VerdictFunction).compared,
            tester.report().records / 2);
}

// Where JITs shift otherwise, no kernel of ours can be asked.
TEST(Values, EveryShiftRule) {
  const std::pair<seccomp::ShiftRule, independent::ShiftRule> rules[] = {
      {seccomp::ShiftRule::Modulo32, independent::ShiftRule::mod32},
      {seccomp::ShiftRule::Modulo64ZeroAbove31, independent::ShiftRule::mod64_zero_above_31},
      {seccomp::ShiftRule::Modulo256ZeroAbove31, independent::ShiftRule::mod256_zero_above_31},
  };
  std::array<std::uint64_t, 3> unlike_the_first{};
  for (std::uint64_t index = 0; index < 50'000 / slowdown(); ++index) {
    sample::Random random(seed(), index);
    const verify::Program program = sample::accepted_program(random);
    const auto insns = translated(program.instructions());
    for (const auto& record : sample::records(random, program.instructions(), 8)) {
      const seccomp::Words words = engine::Interpreter::words_of(record);
      const std::uint32_t first = engine::Interpreter(program).run(words);
      for (std::size_t i = 0; i < std::size(rules); ++i) {
        seccomp::Semantics semantics;
        semantics.shift = rules[i].first;
        const std::uint32_t ours = engine::Interpreter(program, semantics).run(words);
        ASSERT_EQ(ours, independent::run(insns, words, rules[i].second).value)
            << "seed " << seed() << ", index " << index;
        unlike_the_first[i] += ours != first ? 1 : 0;
      }
    }
  }
  EXPECT_EQ(unlike_the_first[0], 0U);
  EXPECT_GT(unlike_the_first[1], 0U);
  EXPECT_GT(unlike_the_first[2], 0U);
}

struct Counting : engine::Observer {
  void on_instruction(const engine::State& state) override {
    EXPECT_TRUE(seen == 0 || state.pc > last);
    last = state.pc;
    seen += 1;
  }
  std::uint32_t seen = 0;
  std::size_t last = 0;
};

TEST(Values, EveryWayOfRunningIsTheSame) {
  for (std::uint64_t index = 0; index < 50'000 / slowdown(); ++index) {
    sample::Random random(seed(), index);
    const verify::Program program = sample::accepted_program(random);
    const engine::Interpreter interpreter(program);
    for (const auto& record : sample::records(random, program.instructions(), 8)) {
      const seccomp::Words words = engine::Interpreter::words_of(record);
      const engine::Outcome outcome = interpreter.count(words);
      Counting observer;
      ASSERT_EQ(outcome.value, interpreter.run(words)) << index;
      ASSERT_EQ(outcome.value, interpreter.observe(words, observer)) << index;
      ASSERT_EQ(outcome.instructions, observer.seen) << index;
    }
  }
}

}  // namespace
}  // namespace assay::agreement
