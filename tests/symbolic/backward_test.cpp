// Read from the end or executed from the start: one function, hence one handle.
#include "symbolic/backward.hpp"

#include <gtest/gtest.h>

#include "assay/bpf/assemble.hpp"
#include "assay/sample/program.hpp"
#include "assay/verify/accept.hpp"
#include "engine/agreement.hpp"
#include "symbolic/meaning.hpp"

namespace assay::symbolic {
namespace {

using bpf::Instruction;
using bpf::Operand;
using bpf::Operation;
using verify::Program;

std::optional<ValueEdge> backward(Manager& manager, const Program& program) {
  return symbolic::backward(manager.values(), manager.diagram(), manager.inputs(), program,
                            [](std::uint32_t value) { return value; });
}

ValueEdge forward(Manager& manager, const Program& program) {
  const auto execution = execute(manager.diagram(), manager.inputs(), program, {});
  return returned(manager, execution, {}, Kept::Everything);
}

Program program_of(std::string_view text) {
  return verify::accept(bpf::assemble(text).value()).value();
}

// Loads, masks, comparisons and returns, jumping anywhere: paths disagree about A all the time.
Program plain_program(sample::Random& random) {
  static constexpr auto constants = std::to_array<std::uint32_t>(
      {0, 1, 2, 0x0f, 0x80000000, 0x7fffffff, 0xffff0000, 0xffffffff, 0xc000003e});
  std::vector<Instruction> program;
  const std::uint32_t size = 2 + random.below(24);
  for (std::uint32_t left = size; left > 0; --left) {
    const std::uint32_t k = random.pick(constants);
    const auto jump = [&] { return static_cast<std::uint8_t>(random.below(std::min(left, 6U))); };
    switch (random.below(8)) {
      case 0:
      case 1:
        program.push_back({code_of(Operation::Ld, Operand::Word), 0, 0, 4 * random.below(6)});
        break;
      case 2: program.push_back({code_of(Operation::And, Operand::Immediate), 0, 0, k}); break;
      case 3: program.push_back({code_of(Operation::Or, Operand::Immediate), 0, 0, k}); break;
      case 4:
        program.push_back({code_of(Operation::Jset, Operand::Immediate), jump(), jump(), k});
        break;
      case 5:
        program.push_back({code_of(Operation::Jgt, Operand::Immediate), jump(), jump(), k});
        break;
      case 6:
        program.push_back({code_of(Operation::Jge, Operand::Immediate), jump(), jump(), k});
        break;
      default:
        program.push_back({code_of(Operation::Jeq, Operand::Immediate), jump(), jump(), k});
        break;
    }
  }
  for (std::uint32_t value = 0; value < 6; ++value)
    program.push_back({code_of(Operation::Ret, Operand::Immediate), 0, 0, value});
  return verify::accept(program).value();
}

TEST(Backward, IsWhatExecutionGivesForPlainPrograms) {
  std::uint64_t read = 0;
  const std::uint64_t count = 4'000 / agreement::slowdown();
  for (std::uint64_t index = 0; index < count; ++index) {
    sample::Random random(agreement::seed(), index);
    const Program program = plain_program(random);
    Manager manager(Order::for_programs(std::span(&program, 1)));
    const auto meaning = backward(manager, program);
    if (!meaning) continue;
    ++read;
    ASSERT_EQ(*meaning, forward(manager, program)) << index;
    ASSERT_FALSE(manager.check()) << index;
  }
  EXPECT_GE(read, count * 9 / 10);
}

TEST(Backward, LeavesOtherProgramsToExecution) {
  std::uint64_t read = 0;
  for (std::uint64_t index = 0; index < 2'000 / agreement::slowdown(); ++index) {
    sample::Random random(agreement::seed(), index);
    const Program program = sample::accepted_program(random, 32);
    Manager manager(Order::for_programs(std::span(&program, 1)));
    const auto meaning = backward(manager, program);
    if (!meaning) continue;
    ++read;
    ASSERT_EQ(*meaning, forward(manager, program)) << index;
  }
  EXPECT_GT(read, 0);
}

// The lower half is still in A where the next rule tests the upper one.
TEST(Backward, TellsPathsApartThatLeaveAnotherWordInA) {
  const Program program = program_of(
      "ld [0]\njeq #1, upper, lower\nupper: ld [20]\nja test\nlower: ld [16]\n"
      "test: jge #5, +0, +1\nret #0x7fff0000\nret #0\n");
  Manager manager(Order::for_programs(std::span(&program, 1)));
  const auto meaning = backward(manager, program);
  ASSERT_TRUE(meaning);
  EXPECT_EQ(*meaning, forward(manager, program));
}

TEST(Backward, KnowsOnlyAImmediatesAndWords) {
  for (const char* text : {"ld [0]\ntax\njeq x, +0, +0\nret #0x7fff0000\n", "ld [0]\nret a\n",
                           "ld [0]\nst m[0]\nld m[0]\njeq #1, +0, +1\nret #0\nret #0x7fff0000\n",
                           "ld [0]\nadd #1\njeq #1, +0, +1\nret #0\nret #0x7fff0000\n"}) {
    const Program program = program_of(text);
    Manager manager(Order::for_programs(std::span(&program, 1)));
    EXPECT_FALSE(backward(manager, program)) << text;
  }
}

}  // namespace
}  // namespace assay::symbolic
