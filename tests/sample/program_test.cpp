#include "assay/sample/program.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "assay/bpf/opcode.hpp"
#include "assay/sample/record.hpp"
#include "assay/sample/stack.hpp"
#include "assay/verify/accept.hpp"

namespace assay::sample {
namespace {

constexpr std::uint64_t seed = 20;

// FNV-1a.
std::uint64_t digest(std::uint64_t hash, std::uint64_t value) {
  for (int i = 0; i < 8; ++i) hash = (hash ^ (value >> 8 * i & 0xff)) * 0x100000001b3;
  return hash;
}

std::uint64_t digest(std::uint64_t hash, std::span<const bpf::Instruction> program) {
  for (const bpf::Instruction& insn : program)
    hash = digest(hash, std::uint64_t{insn.code} << 48 | std::uint64_t{insn.jt} << 40 |
                            std::uint64_t{insn.jf} << 32 | insn.k);
  return digest(hash, program.size());
}

TEST(Random, IsTheSameEverywhere) {
  Random random(1, 2);
  Random again(1, 2);
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 1000; ++i) {
    const std::uint64_t drawn = random.next();
    EXPECT_EQ(drawn, again.next());
    seen.insert(drawn);
  }
  EXPECT_EQ(seen.size(), 1000U);
  EXPECT_NE(Random(1, 3).next(), Random(1, 2).next());
  EXPECT_NE(Random(2, 1).next(), Random(1, 2).next());
}

TEST(Random, BelowReachesEveryValueAboutAsOften) {
  Random random(seed, 0);
  std::map<std::uint32_t, int> counts;
  for (int i = 0; i < 70'000; ++i) counts[random.below(7)] += 1;
  EXPECT_EQ(counts.size(), 7U);
  for (const auto& [value, count] : counts) EXPECT_NEAR(count, 10'000, 500) << value;
}

// A change of these numbers changes what every recorded seed means: say so in the commit.
TEST(Programs, DependOnSeedAndIndexAlone) {
  std::uint64_t any = 0;
  std::uint64_t accepted = 0;
  std::uint64_t words = 0;
  for (std::uint64_t index = 0; index < 2000; ++index) {
    Random random(seed, index);
    any = digest(any, any_program(random));
    const verify::Program program = accepted_program(random);
    accepted = digest(accepted, program.instructions());
    for (const seccomp::SeccompData& record : records(random, program.instructions(), 4)) {
      words = digest(words, record.nr);
      for (const std::uint64_t arg : record.args) words = digest(words, arg);
    }
  }
  EXPECT_EQ(any, 0x4c4416e7c726cdd6U) << std::hex << any;
  EXPECT_EQ(accepted, 0x0c3093283fc9f909U) << std::hex << accepted;
  EXPECT_EQ(words, 0x204d9efd2605d144U) << std::hex << words;
}

TEST(AcceptedProgram, UsesEveryOpcodeAndEveryLength) {
  std::map<std::uint16_t, std::uint64_t> codes;
  std::size_t longest = 0;
  std::size_t shortest = 4096;
  for (std::uint64_t index = 0; index < 20'000; ++index) {
    Random random(seed, index);
    const verify::Program program = accepted_program(random);
    longest = std::max(longest, program.size());
    shortest = std::min(shortest, program.size());
    for (const bpf::Instruction& insn : program.instructions()) codes[insn.code] += 1;
  }
  EXPECT_EQ(codes.size(), 41U);
  for (const auto& [code, count] : codes) EXPECT_GT(count, 1000U) << std::hex << code;
  EXPECT_EQ(shortest, 1U);
  EXPECT_GT(longest, 700U);
}

TEST(AnyProgram, IsAcceptedAboutAsOftenAsNot) {
  std::uint64_t accepted = 0;
  std::set<std::size_t> lengths;
  for (std::uint64_t index = 0; index < 50'000; ++index) {
    Random random(seed, index);
    const Instructions program = any_program(random);
    lengths.insert(program.size());
    accepted += verify::accept(program) ? 1 : 0;
  }
  EXPECT_GT(accepted, 50'000U / 4);
  EXPECT_LT(accepted, 50'000U * 3 / 4);
  for (const std::size_t length : {0U, 1U, 2U, 3U, 64U, 4095U, 4096U, 4097U})
    EXPECT_EQ(lengths.count(length), 1U) << length;
}

TEST(Repaired, LeavesWhatIsAcceptedAndAcceptsTheRest) {
  for (std::uint64_t index = 0; index < 20'000; ++index) {
    Random random(seed, index);
    Instructions program = any_program(random);
    const verify::Program once = repaired(program);
    ASSERT_EQ(repaired(once.instructions()), once) << index;
    if (verify::accept(program)) {
      ASSERT_TRUE(std::equal(program.begin(), program.end(), once.instructions().begin(),
                             once.instructions().end()))
          << index;
    }
    for (bpf::Instruction& insn : program)
      insn = {static_cast<std::uint16_t>(random.bits()), static_cast<std::uint8_t>(random.bits()),
              static_cast<std::uint8_t>(random.bits()), random.bits()};
    ASSERT_TRUE(verify::accept(repaired(program).instructions())) << index;
  }
  EXPECT_EQ(repaired({}).size(), 1U);
}

TEST(Records, MeetTheProgramsConstants) {
  const Instructions program{
      {0x20, 0, 0, 0}, {0x15, 0, 1, 0x1234567}, {0x06, 0, 0, 1}, {0x06, 0, 0, 2}};
  Random random(seed, 0);
  std::map<std::uint32_t, int> numbers;
  for (const auto& record : records(random, program, 4000)) numbers[record.nr] += 1;
  for (const std::uint32_t nr : {0x1234566U, 0x1234567U, 0x1234568U}) EXPECT_GT(numbers[nr], 20);
}

TEST(Records, KeepToTheirShape) {
  Random random(seed, 0);
  const RecordShape shape{0xc000003e, true};
  for (const auto& record : records(random, {}, 4000, shape)) {
    EXPECT_EQ(record.arch, 0xc000003eU);
    EXPECT_GE(record.instruction_pointer, 0x1000U);
    EXPECT_LT(record.instruction_pointer, 0x7ffffffff000U);
  }
}

TEST(Stack, HasOneToDeepestFilters) {
  std::set<std::size_t> depths;
  for (std::uint64_t index = 0; index < 1000; ++index) {
    Random random(seed, index);
    depths.insert(stack(random, 5).size());
  }
  EXPECT_EQ(depths, (std::set<std::size_t>{1, 2, 3, 4, 5}));
}

}  // namespace
}  // namespace assay::sample
