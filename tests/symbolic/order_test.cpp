#include "assay/symbolic/order.hpp"

#include <gtest/gtest.h>

#include <set>

#include "assay/bpf/assemble.hpp"
#include "assay/sample/program.hpp"
#include "assay/verify/accept.hpp"

namespace assay::symbolic {
namespace {

void expect_bijection(const Order& order) {
  std::set<std::uint32_t> levels;
  for (std::uint8_t word = 0; word < seccomp::data_words; ++word)
    for (std::uint8_t bit = 0; bit < 32; ++bit) {
      const std::uint32_t level = order.level(word, bit);
      ASSERT_LT(level, input_bits);
      ASSERT_TRUE(levels.insert(level).second);
      ASSERT_EQ(order.at(level), (InputBit{word, bit}));
      if (bit > 0) {
        ASSERT_LT(level, order.level(word, bit - 1U));
      }
    }
}

Order order_of(std::string_view text) {
  const auto program = verify::accept(bpf::assemble(text).value());
  return Order::for_programs(std::span(&*program, 1));
}

// How far apart the highest bits of two words stand.
int distance(const Order& order, std::size_t p, std::size_t q) {
  return static_cast<int>(order.level(q, 31)) - static_cast<int>(order.level(p, 31));
}

TEST(Order, GivesEveryBitALevelOfItsOwn) {
  expect_bijection(Order::fixed());
  expect_bijection(Order({}));
  for (std::uint64_t index = 0; index < 2000; ++index) {
    sample::Random random(8, index);
    const verify::Program programs[] = {sample::accepted_program(random, 200),
                                        sample::accepted_program(random, 20)};
    expect_bijection(Order::for_programs(programs));
  }
}

TEST(Order, StartsWithArchAndNumber) {
  for (const Order& order : {Order::fixed(), order_of("ld [16]\nld [20]\nret a")}) {
    EXPECT_EQ(order.level(1, 31), 0U);
    EXPECT_EQ(order.level(0, 31), 32U);
  }
}

TEST(Order, FixedInterleavesAllOtherWords) {
  const Order order = Order::fixed();
  for (std::size_t word = 2; word < seccomp::data_words; ++word)
    for (std::size_t bit = 0; bit < 32; ++bit)
      EXPECT_EQ(order.level(word, bit), 64 + 14 * (31 - bit) + (word - 2));
}

TEST(Order, FollowsTheFirstUse) {
  const Order order = order_of("ld [24]\njeq #1, +0, +1\nld [16]\nret #0");
  EXPECT_EQ(order.level(6, 31), 64U);
  EXPECT_EQ(order.level(4, 31), 96U);
}

TEST(Order, InterleavesWordsThatMeet) {
  for (const std::string_view text : {
           "ld [16]\ntax\nld [24]\nand x\nret #0",
           "ld [24]\ntax\nld [16]\nadd x\nret #0",
           "ld [16]\nst M[3]\nld [24]\nldx M[3]\nor x\nret #0",
           "ld [16]\ntax\nld [24]\njeq x, +0, +0\nret #0",
           "ld [16]\ntax\nld [24]\njset x, +0, +0\nret #0",
           // X is the word on one of two paths.
           "ld [0]\njeq #5, +0, +2\nld [16]\ntax\nld [24]\nsub x\nret #0",
       }) {
    const int apart = distance(order_of(text), 4, 6);
    EXPECT_TRUE(apart == 1 || apart == -1) << text << "\n" << apart;
  }
}

TEST(Order, KeepsApartWhatNeverMeets) {
  const Order order = order_of("ld [16]\njeq #1, +0, +1\nld [24]\njeq #2, +0, +0\nret #0");
  EXPECT_EQ(distance(order, 4, 6), 32);
}

}  // namespace
}  // namespace assay::symbolic
