// What is drawn from a byte string depends on it alone, and on the bytes that it took.
#include "assay/sample/random.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "assay/sample/program.hpp"
#include "assay/sample/record.hpp"
#include "assay/sample/rules.hpp"
#include "assay/sample/stack.hpp"
#include "assay/verify/accept.hpp"

namespace assay::sample {
namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes some_bytes(std::uint64_t index, std::size_t count) {
  Random random(7, index);
  Bytes result(count);
  for (std::uint8_t& byte : result) byte = static_cast<std::uint8_t>(random.next());
  return result;
}

TEST(RandomFromBytes, HighestByteFirstAndThenZeros) {
  const Bytes bytes{0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07,
                    0x08, 0x09, 0x0a, 0x0b, 0x0c, 0xff, 0xfe};
  Random random(bytes);
  EXPECT_EQ(random.next(), 0x0102030405060708U);
  EXPECT_EQ(random.bits(), 0x090a0b0cU);
  EXPECT_EQ(random.below(0x10000), 0xfffeU);
}

TEST(RandomFromBytes, GoesOnWhereTheyEnd) {
  const Bytes bytes{1};
  Random one(bytes);
  Random none{Bytes{}};
  one.bits();
  std::vector<std::uint64_t> drawn;
  for (int i = 0; i < 100; ++i) drawn.push_back(one.next());
  for (const std::uint64_t number : drawn) EXPECT_EQ(number, none.next());
  std::sort(drawn.begin(), drawn.end());
  EXPECT_EQ(std::unique(drawn.begin(), drawn.end()), drawn.end());
}

TEST(RandomFromBytes, WhatItDidNotTakeChangesNothing) {
  Bytes bytes = some_bytes(0, 64);
  Random before(bytes);
  const std::uint64_t first = before.next();
  const std::uint32_t second = before.bits();
  const std::uint32_t third = before.bits();
  bytes[12] ^= 0xff;
  Random after(bytes);
  EXPECT_EQ(after.next(), first);
  EXPECT_EQ(after.bits(), second);
  EXPECT_NE(after.bits(), third);
}

// Any bytes are an accepted program, its records, a stack and a set of rules; and many of each.
TEST(RandomFromBytes, DrawsEverythingFromAnyBytes) {
  std::vector<Instructions> programs;
  std::vector<std::size_t> stacks(7);
  std::size_t rule_sets = 0;
  for (std::uint64_t index = 0; index < 500; ++index) {
    const Bytes bytes = some_bytes(index, index % 400);
    Random random(bytes);
    Random again(bytes);
    const verify::Program program = accepted_program(random);
    const auto same = accepted_program(again);
    ASSERT_TRUE(std::ranges::equal(program.instructions(), same.instructions()));
    ASSERT_TRUE(verify::accept(program.instructions()));
    ASSERT_EQ(records(random, program.instructions(), 4), records(again, same.instructions(), 4));
    const std::size_t depth = stack(random).size();
    ASSERT_EQ(depth, stack(again).size());
    ++stacks.at(depth);
    const DrawnRules drawn = rules(random);
    ASSERT_EQ(drawn.rules.size(), rules(again).rules.size());
    rule_sets += drawn.rules.empty() ? 0 : 1;
    programs.emplace_back(program.instructions().begin(), program.instructions().end());
  }
  std::sort(programs.begin(), programs.end(), [](const Instructions& a, const Instructions& b) {
    return std::lexicographical_compare(
        a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) {
          return std::tie(x.code, x.jt, x.jf, x.k) < std::tie(y.code, y.jt, y.jf, y.k);
        });
  });
  programs.erase(std::unique(programs.begin(), programs.end()), programs.end());
  EXPECT_GT(programs.size(), 300U);
  EXPECT_GT(std::count_if(stacks.begin(), stacks.end(), [](auto count) { return count > 0; }), 3);
  EXPECT_GT(rule_sets, 400U);
}

}  // namespace
}  // namespace assay::sample
