#include "assay/symbolic/count.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "assay/symbolic/condition.hpp"
#include "symbolic/truth_table.hpp"

namespace assay::symbolic {
namespace {

constexpr std::string_view two_to_512 =
    "1340780792994259709957402499820584612747936582059239337772356144372176403007354697680187429816"
    "6903427690031858186486050853753882811946569946433649006084096";

TEST(Count, PowersOfTwo) {
  std::string expected = "1";
  for (unsigned exponent = 0; exponent <= 512; ++exponent) {
    const Count count = Count::power_of_two(exponent);
    ASSERT_EQ(count.decimal(), expected) << exponent;
    ASSERT_EQ(count.log2(), exponent);
    unsigned carry = 0;  // doubled as a child would
    for (std::size_t i = expected.size(); i-- > 0;) {
      const unsigned digit = 2 * static_cast<unsigned>(expected[i] - '0') + carry;
      expected[i] = static_cast<char>('0' + digit % 10);
      carry = digit / 10;
    }
    if (carry != 0) expected.insert(0, "1");
  }
  EXPECT_EQ(Count::power_of_two(512).decimal(), two_to_512);
}

TEST(Count, Nothing) {
  EXPECT_TRUE(Count().is_zero());
  EXPECT_EQ(Count().decimal(), "0");
  EXPECT_TRUE(std::isinf(Count().log2()) && Count().log2() < 0);
}

TEST(Count, CarriesAndBorrows) {
  const Count one = Count::power_of_two(0);
  const Count all = Count::power_of_two(512);
  EXPECT_EQ((all - one) + one, all);
  EXPECT_TRUE(all - one < all);
  EXPECT_FALSE(all < all - one);
  EXPECT_FALSE(all < all);
  EXPECT_EQ((all - one).decimal().substr(0, two_to_512.size() - 1),
            std::string(two_to_512).substr(0, two_to_512.size() - 1));
  for (unsigned exponent = 1; exponent <= 512; ++exponent) {
    const Count power = Count::power_of_two(exponent);
    ASSERT_EQ(power.halved() + power.halved(), power);
    ASSERT_EQ((power - one) + one, power);
    ASSERT_EQ(power - power, Count());
  }
}

TEST(Count, LogarithmOfNoPower) {
  const Count three = Count::power_of_two(65) + Count::power_of_two(64);
  EXPECT_DOUBLE_EQ(three.log2(), 64 + std::log2(3));
  const Count almost = Count::power_of_two(512) - Count::power_of_two(0);
  EXPECT_NEAR(almost.log2(), 512, 1e-9);
}

// Functions of twelve bits, counted row by row; the other 500 bits are free.
TEST(Count, IsThatOfTheTruthTable) {
  for (std::uint64_t index = 0; index < 200; ++index) {
    sample::Random random(4, index);
    Manager manager{Order::fixed()};
    const auto variables = test::drawn_variables(random, test::most_variables, input_bits);
    for (const auto& f : test::drawn_functions(random, manager.diagram(), variables, 60)) {
      Count expected;
      const std::size_t rows = f.table.count();
      for (unsigned bit = 0; bit <= test::most_variables; ++bit)
        if ((rows >> bit & 1) != 0)
          expected =
              expected + Count::power_of_two(input_bits - unsigned{test::most_variables} + bit);
      ASSERT_EQ(Condition(manager, f.edge).count(), expected) << index;
    }
  }
}

TEST(Count, OneInputAndAllButOne) {
  Manager manager{Order::fixed()};
  Condition one = Condition::always(manager);
  for (std::size_t word = 0; word < seccomp::data_words; ++word)
    one = one & compare(Term::word(manager, word), Comparison::Equal, 7 * word + 1);
  EXPECT_EQ(one.count(), Count::power_of_two(0));
  EXPECT_EQ((!one).count() + Count::power_of_two(0), Count::power_of_two(512));
  EXPECT_EQ(Condition::always(manager).count(), Count::power_of_two(512));
}

}  // namespace
}  // namespace assay::symbolic
