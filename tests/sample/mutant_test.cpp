#include "assay/sample/mutant.hpp"

#include <gtest/gtest.h>

#include <map>

#include "assay/verify/accept.hpp"

namespace assay::sample {
namespace {

TEST(Mutant, DiffersInTheInstructionItNames) {
  std::map<Mutation, std::uint64_t> counts;
  for (std::uint64_t index = 0; index < 20'000; ++index) {
    Random random(3, index);
    const verify::Program program = accepted_program(random, 64);
    const auto mutation = static_cast<Mutation>(index % 5);
    const auto drawn = mutant(random, program.instructions(), mutation);
    if (!drawn) continue;
    ASSERT_EQ(drawn->mutation, mutation);
    ASSERT_EQ(drawn->instructions.size(), program.size());
    for (std::size_t pc = 0; pc < program.size(); ++pc)
      ASSERT_EQ(drawn->instructions[pc] == program[pc], pc != drawn->pc) << index;
    counts[mutation] += 1;
  }
  for (const Mutation mutation :
       {Mutation::Offset, Mutation::Jump, Mutation::Constant, Mutation::Operator, Mutation::Return})
    EXPECT_GT(counts[mutation], 1000U) << name(mutation);
}

TEST(Mutant, OfAProgramWithoutAPlaceIsNone) {
  const Instructions program{{0x06, 0, 0, 0x7fff0000}};
  Random random(3, 0);
  EXPECT_FALSE(mutant(random, program, Mutation::Offset));
  EXPECT_FALSE(mutant(random, program, Mutation::Jump));
  EXPECT_FALSE(mutant(random, program, Mutation::Constant));
  EXPECT_FALSE(mutant(random, program, Mutation::Operator));
  EXPECT_TRUE(mutant(random, program, Mutation::Return));
  EXPECT_FALSE(mutant(random, {}, Mutation::Return));
}

TEST(AcceptedMutant, IsAcceptedAndNearlyAlwaysFound) {
  std::uint64_t found = 0;
  for (std::uint64_t index = 0; index < 5000; ++index) {
    Random random(4, index);
    const auto drawn = accepted_mutant(random, accepted_program(random, 64));
    if (!drawn) continue;
    found += 1;
    ASSERT_TRUE(verify::accept(drawn->instructions)) << index;
  }
  EXPECT_GT(found, 4990U);
}

}  // namespace
}  // namespace assay::sample
