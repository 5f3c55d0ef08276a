#include "symbolic/word_values.hpp"

#include <gtest/gtest.h>

#include <set>

#include "assay/sample/constants.hpp"
#include "symbolic/truth_table.hpp"

namespace assay::symbolic {
namespace {

// Bit 31 at level 3, and two levels further for each bit below.
Word input(Diagram& diagram) {
  Word word;
  for (std::uint32_t bit = 0; bit < 32; ++bit)
    word.bits[bit] = diagram.variable(3 + 2 * (31 - bit));
  return word;
}

bool holds(const Diagram& diagram, Edge f, const Word& word, std::uint32_t value) {
  while (f != yes && f != no) {
    std::size_t bit = 0;
    while (diagram.level(word.bits[bit]) != diagram.level(f)) ++bit;
    f = (value >> bit & 1) != 0 ? diagram.high(f) : diagram.low(f);
  }
  return f == yes;
}

IntervalSet drawn_intervals(sample::Random& random) {
  std::set<std::uint32_t> ends;
  const std::uint32_t count = 2 * random.below(9);
  while (ends.size() < count) ends.insert(sample::any_constant(random));
  IntervalSet result;
  for (auto at = ends.begin(); at != ends.end();) {
    const std::uint32_t first = *at++;
    result.append({first, *at++});
  }
  return result;
}

TEST(Among, HoldsInTheIntervalsOnly) {
  for (std::uint64_t index = 0; index < 2000; ++index) {
    sample::Random random(1, index);
    Diagram diagram;
    const Word word = input(diagram);
    const IntervalSet set = drawn_intervals(random);
    const Edge f = among(diagram, word, set.intervals());
    std::vector<std::uint32_t> tried{0, 0xffffffff, random.bits(), random.bits()};
    for (const Interval& interval : set.intervals())
      tried.insert(tried.end(), {interval.first - 1, interval.first, interval.first + 1,
                                 interval.last - 1, interval.last, interval.last + 1});
    for (const std::uint32_t value : tried) {
      bool expected = false;
      for (const Interval& interval : set.intervals())
        expected = expected || (value >= interval.first && value <= interval.last);
      ASSERT_EQ(holds(diagram, f, word, value), expected) << index << ", " << value;
    }
    ASSERT_EQ(diagram.check(), std::nullopt);
  }
}

TEST(PossibleValues, AreTheIntervalsAgain) {
  for (std::uint64_t index = 0; index < 2000; ++index) {
    sample::Random random(2, index);
    Diagram diagram;
    const Word word = input(diagram);
    const IntervalSet set = drawn_intervals(random);
    const Edge f = among(diagram, word, set.intervals());
    const auto found = possible_values(diagram, f, word, 64);
    ASSERT_TRUE(found);
    ASSERT_TRUE(std::equal(found->intervals().begin(), found->intervals().end(),
                           set.intervals().begin(), set.intervals().end()))
        << index;
  }
}

// Six bits of the word are free, the others are fixed; four bits beside the word decide too.
TEST(PossibleValues, AreThoseThatSomeOtherBitsAllow) {
  for (std::uint64_t index = 0; index < 500; ++index) {
    sample::Random random(3, index);
    Diagram diagram;
    const Word word = input(diagram);
    std::set<std::uint32_t> bits;
    while (bits.size() < 6) bits.insert(random.below(32));
    std::set<std::uint32_t> levels;
    for (const std::uint32_t bit : bits) levels.insert(diagram.level(word.bits[bit]));
    while (levels.size() < 10) levels.insert(2 * random.below(40));
    const test::Variables variables({levels.begin(), levels.end()});
    const auto f = test::drawn_functions(random, diagram, variables, 40).back();

    const std::uint32_t fixed = random.bits();
    Edge condition = f.edge;
    for (std::uint32_t bit = 0; bit < 32; ++bit)
      if (!bits.contains(bit))
        condition = diagram.conjunction(condition,
                                        (fixed >> bit & 1) != 0 ? word.bits[bit] : !word.bits[bit]);

    std::set<std::uint32_t> expected;
    for (std::size_t row = 0; row < 1024; ++row) {
      if (!f.table[row]) continue;
      std::uint32_t value = fixed;
      for (const std::uint32_t bit : bits) {
        const bool set = (row >> variables.at(diagram.level(word.bits[bit])) & 1) != 0;
        value = set ? value | 1U << bit : value & ~(1U << bit);
      }
      expected.insert(value);
    }
    const auto found = possible_values(diagram, condition, word, 64);
    ASSERT_TRUE(found);
    std::set<std::uint32_t> values;
    for (const Interval& interval : found->intervals())
      for (std::uint64_t value = interval.first; value <= interval.last; ++value)
        values.insert(static_cast<std::uint32_t>(value));
    ASSERT_EQ(values, expected) << index;
    ASSERT_EQ(diagram.check(), std::nullopt);
  }
}

TEST(PossibleValues, GivesUpWhenThereAreTooMany) {
  Diagram diagram;
  const Word word = input(diagram);
  Edge small_and_odd = word.bits[0];
  EXPECT_FALSE(possible_values(diagram, small_and_odd, word, 8192));
  for (std::size_t bit = 8; bit < 32; ++bit)
    small_and_odd = diagram.conjunction(small_and_odd, !word.bits[bit]);
  EXPECT_FALSE(possible_values(diagram, small_and_odd, word, 127));
  EXPECT_TRUE(possible_values(diagram, small_and_odd, word, 128));
}

TEST(IsVariable, WantsEveryBitInOrderAndPlain) {
  Diagram diagram;
  const Word word = input(diagram);
  EXPECT_TRUE(is_variable(diagram, word));
  Word changed = word;
  changed.bits[7] = !changed.bits[7];
  EXPECT_FALSE(is_variable(diagram, changed));
  changed = word;
  std::swap(changed.bits[7], changed.bits[8]);
  EXPECT_FALSE(is_variable(diagram, changed));
  changed = word;
  changed.bits[31] = no;
  EXPECT_FALSE(is_variable(diagram, changed));
}

}  // namespace
}  // namespace assay::symbolic
