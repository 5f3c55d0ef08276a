// Facts about programs and stacks beside values, ours and the independent reading's: the
// length after conversion, what the constant-action bitmap takes, which filter's value wins.
#include <gtest/gtest.h>

#include <iostream>

#include "assay/bpf/disassemble.hpp"
#include "assay/engine/filter_stack.hpp"
#include "assay/sample/record.hpp"
#include "assay/sample/stack.hpp"
#include "assay/verify/accept.hpp"
#include "assay/verify/bitmap.hpp"
#include "assay/verify/chain.hpp"
#include "engine/agreement.hpp"
#include "engine/agreement_independent.hpp"
#include "engine/agreement_programs.hpp"

namespace assay::agreement {
namespace {

std::string place(const verify::Program& program, std::uint64_t index) {
  return "seed " + std::to_string(seed()) + ", index " + std::to_string(index) + "\n" +
         bpf::disassemble(program.instructions());
}

void compare_lengths(const verify::Program& program, std::uint64_t index) {
  const auto insns = translated(program.instructions());
  using enum verify::Blinding;
  ASSERT_EQ(verify::chain_cost(program, Off), independent::converted_length(insns, false))
      << place(program, index);
  ASSERT_EQ(verify::chain_cost(program, On), independent::converted_length(insns, true))
      << "blinded, " << place(program, index);
}

TEST(Facts, ConvertedLengthsOfRandomPrograms) {
  for (std::uint64_t index = 0; index < 200'000 / slowdown(); ++index) {
    sample::Random random(seed(), index);
    compare_lengths(sample::accepted_program(random), index);
    if (HasFatalFailure()) return;
  }
}

TEST(Facts, ConvertedLengthsOfSmallPrograms) {
  const sample::Enumeration programs = two_instructions();
  std::uint64_t asked = 0;
  for (std::uint64_t index = 0; index < programs.size(); index += 11 * slowdown()) {
    const auto program = verify::accept(programs[index]);
    if (!program) continue;
    compare_lengths(*program, index);
    if (HasFatalFailure()) return;
    asked += 1;
  }
  std::cout << asked << " programs\n";
  EXPECT_GT(asked, 1000U / slowdown());
}

// Random programs are soon "not constant", so these are made of what the bitmap knows.
verify::Program constant_program(sample::Random& random) {
  const verify::Program drawn = sample::accepted_program(random, 32);
  sample::Instructions program(drawn.instructions().begin(), drawn.instructions().end());
  constexpr auto codes =
      std::to_array<std::uint16_t>({0x20, 0x20, 0x05, 0x15, 0x25, 0x35, 0x45, 0x54});
  for (bpf::Instruction& insn : program) {
    if (insn.code == 0x06 || insn.code == 0x16) {
      insn = {0x06, 0, 0, random.one_in(4) ? insn.k : 0x7fff0000};
    } else if (!random.one_in(64)) {
      insn.code = random.pick(codes);
      if (insn.code == 0x20) insn.k = 4 * random.below(2);
      if (insn.code == 0x05) insn.k = random.below(4);
    }
  }
  return sample::repaired(program);
}

TEST(Facts, ConstantAllowBitmap) {
  std::uint64_t constant = 0;
  std::uint64_t asked = 0;
  for (std::uint64_t index = 0; index < 100'000 / slowdown(); ++index) {
    sample::Random random(seed(), index);
    const verify::Program program = constant_program(random);
    const auto insns = translated(program.instructions());
    for (const auto& record : sample::records(random, program.instructions(), 8)) {
      const bool ours = verify::bitmap_answer(program, record.nr, record.arch).answer ==
                        verify::BitmapAnswer::Constant;
      ASSERT_EQ(ours, independent::constant_allow(insns, record.nr, record.arch))
          << record.nr << " " << record.arch << ", " << place(program, index);
      // What the bitmap says is what the filter would have returned.
      if (ours) {
        ASSERT_EQ(engine::Interpreter(program).run(record), 0x7fff0000U);
      }
      constant += ours ? 1 : 0;
      asked += 1;
    }
  }
  std::cout << asked << " questions, " << constant << " in the bitmap\n";
  EXPECT_GT(constant, asked / 20);
  EXPECT_LT(constant, asked - asked / 20);
}

TEST(Facts, StacksOfFilters) {
  std::uint64_t ties = 0;
  for (std::uint64_t index = 0; index < 40'000 / slowdown(); ++index) {
    sample::Random random(seed(), index);
    const auto filters = sample::stack(random);
    const engine::FilterStack stack(filters);
    const auto& some = random.pick(filters);
    for (const auto& record : sample::records(random, some.instructions(), 8)) {
      std::vector<std::uint32_t> values;
      for (const verify::Program& filter : filters)
        values.push_back(engine::Interpreter(filter).run(record));
      const auto examined = stack.examine(engine::Interpreter::words_of(record));
      const std::uint32_t expected = independent::combine(values);
      ASSERT_EQ(stack.run(record).value, expected) << "seed " << seed() << ", index " << index;
      ASSERT_EQ(examined.verdict.value, expected) << "seed " << seed() << ", index " << index;
      const bool decided = examined.decided_by < values.size();
      ASSERT_TRUE(decided) << index;
      // A filter that returned ALLOW with data decides nothing that shows.
      if (expected != 0x7fff0000) {
        ASSERT_EQ(values[examined.decided_by], expected) << index;
      }
      for (std::size_t i = 0; i < values.size(); ++i)
        ties += i != examined.decided_by && values[i] >> 16 == expected >> 16 ? 1 : 0;
    }
  }
  std::cout << ties << " ties\n";
  EXPECT_GT(ties, 100U);
}

}  // namespace
}  // namespace assay::agreement
