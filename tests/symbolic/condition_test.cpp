// Conditions and terms against numbers, on inputs at the edges and at random.
#include "assay/symbolic/condition.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <set>
#include <thread>

#include "assay/sample/constants.hpp"

namespace assay::symbolic {
namespace {

using seccomp::Words;

constexpr auto comparisons = std::to_array<Comparison>(
    {Comparison::Equal, Comparison::NotEqual, Comparison::Less, Comparison::LessEqual,
     Comparison::Greater, Comparison::GreaterEqual});

bool on_numbers(std::uint64_t a, Comparison comparison, std::uint64_t b) {
  switch (comparison) {
    case Comparison::Equal: return a == b;
    case Comparison::NotEqual: return a != b;
    case Comparison::Less: return a < b;
    case Comparison::LessEqual: return a <= b;
    case Comparison::Greater: return a > b;
    default: return a >= b;
  }
}

std::uint64_t any_wide(sample::Random& random) {
  return std::uint64_t{sample::any_constant(random)} << 32 | sample::any_constant(random);
}

std::uint64_t argument(const Words& words, std::size_t low_word) {
  return std::uint64_t{words[low_word + 1]} << 32 | words[low_word];
}

// The words of one argument, near a number or far from it.
Words input_near(sample::Random& random, std::uint64_t k) {
  Words words{};
  for (std::uint32_t& word : words) word = sample::any_constant(random);
  const std::uint64_t value = random.one_in(3) ? any_wide(random) : k + random.below(3) - 1;
  words[4] = static_cast<std::uint32_t>(value);
  words[5] = static_cast<std::uint32_t>(value >> 32);
  return words;
}

Term argument_term(Manager& manager, std::size_t low_word) {
  return Term::joined(Term::word(manager, low_word), Term::word(manager, low_word + 1));
}

TEST(Term, ComparesWithNumbersAsNumbersDo) {
  Manager manager(Order::fixed());
  const Term arg = argument_term(manager, 4);
  ASSERT_EQ(arg.width(), 64U);
  for (std::uint64_t index = 0; index < 2'000; ++index) {
    sample::Random random(51, index);
    const std::uint64_t k = any_wide(random);
    const std::uint64_t mask = random.one_in(2) ? any_wide(random) : ~std::uint64_t{0};
    for (const Comparison comparison : comparisons) {
      const Condition condition = compare(arg.masked(mask), comparison, k & mask);
      for (int i = 0; i < 8; ++i) {
        const Words words = input_near(random, k);
        ASSERT_EQ(condition.holds(words),
                  on_numbers(argument(words, 4) & mask, comparison, k & mask))
            << index;
      }
    }
  }
  EXPECT_EQ(manager.check(), std::nullopt);
}

TEST(Term, ComparesWithTermsAsNumbersDo) {
  const std::vector<std::vector<std::uint8_t>> together{{1}, {0}, {4, 6}, {5, 7}};
  Manager manager((Order(together)));
  for (const Comparison comparison : comparisons) {
    const Condition wide =
        compare(argument_term(manager, 4), comparison, argument_term(manager, 6));
    const Condition uneven = compare(Term::word(manager, 4), comparison, argument_term(manager, 6));
    for (std::uint64_t index = 0; index < 3'000; ++index) {
      sample::Random random(52, index);
      Words words = input_near(random, any_wide(random));
      if (random.one_in(2)) words[7] = random.one_in(2) ? words[5] : 0;
      if (random.one_in(2)) words[6] = words[4] + random.below(3) - 1;
      ASSERT_EQ(wide.holds(words), on_numbers(argument(words, 4), comparison, argument(words, 6)));
      ASSERT_EQ(uneven.holds(words), on_numbers(words[4], comparison, argument(words, 6)));
    }
  }
}

TEST(Term, IsNeverAboveItsWidth) {
  Manager manager(Order::fixed());
  const Term word = Term::word(manager, 3);
  EXPECT_TRUE(compare(word, Comparison::Less, std::uint64_t{1} << 32).is_always());
  EXPECT_TRUE(compare(word, Comparison::Equal, std::uint64_t{1} << 40).is_never());
  EXPECT_TRUE(compare(word.masked(0), Comparison::Equal, 0).is_always());
  EXPECT_TRUE(compare(Term::constant(manager, 7, 3), Comparison::GreaterEqual, 7).is_always());
}

TEST(Condition, RangesHaveAsManyInputsAsNumbers) {
  Manager manager(Order::fixed());
  const Term word = Term::word(manager, 9);
  for (std::uint64_t index = 0; index < 1'000; ++index) {
    sample::Random random(53, index);
    const std::uint32_t p = sample::any_constant(random);
    const std::uint32_t q = sample::any_constant(random);
    const std::uint32_t first = std::min(p, q);
    const std::uint32_t last = std::max(p, q);
    const Condition inside = in_range(word, first, last);
    Count expected;
    const std::uint64_t numbers = std::uint64_t{last} - first + 1;
    for (unsigned bit = 0; bit <= 32; ++bit)
      if ((numbers >> bit & 1) != 0)
        expected = expected + Count::power_of_two(input_bits - 32 + bit);
    ASSERT_EQ(inside.count(), expected);
    const auto values = inside.values_of(9);
    ASSERT_TRUE(values);
    ASSERT_EQ(*values, (std::vector<Condition::Range>{{first, last}}));
    const auto witness = inside.witness();
    ASSERT_TRUE(witness && (*witness)[9] >= first && (*witness)[9] <= last);
  }
}

TEST(Condition, AlgebraIsThatOfSets) {
  Manager manager(Order::fixed());
  for (std::uint64_t index = 0; index < 500; ++index) {
    sample::Random random(54, index);
    const auto drawn = [&] {
      return compare(Term::word(manager, random.below(4)), random.pick(comparisons),
                     sample::any_constant(random));
    };
    const Condition a = drawn();
    const Condition b = drawn();
    EXPECT_TRUE(manager.equal(!(a & b), (!a) | (!b)));
    EXPECT_EQ(a.meets(b), !(a & b).is_never());
    EXPECT_EQ(a.implies(b), (a & !b).is_never());
    EXPECT_EQ((a & b).count() + (a | b).count(), a.count() + b.count());
    EXPECT_EQ((a & b).witness().has_value(), a.meets(b));
  }
}

TEST(Condition, FixesAWord) {
  Manager manager(Order::fixed());
  for (std::uint64_t index = 0; index < 500; ++index) {
    sample::Random random(55, index);
    const std::uint32_t k = sample::any_constant(random);
    const Condition both = compare(Term::word(manager, 2), random.pick(comparisons), k) &
                           compare(Term::word(manager, 8), random.pick(comparisons), k);
    const std::uint32_t value = sample::near(random, k);
    const Condition fixed = both.with_word(2, value);
    for (const std::size_t word : fixed.words()) ASSERT_EQ(word, 8U);
    for (int i = 0; i < 8; ++i) {
      Words words{};
      words[8] = sample::near(random, k);
      words[2] = random.bits();
      Words set = words;
      set[2] = value;
      ASSERT_EQ(fixed.holds(words), both.holds(set));
    }
  }
}

TEST(Condition, NamesTheWordsThatItDependsOn) {
  Manager manager(Order::fixed());
  const Condition condition = compare(Term::word(manager, 15), Comparison::Equal, 3) |
                              compare(Term::word(manager, 0).masked(0x10), Comparison::Equal, 0);
  EXPECT_EQ(condition.words(), (std::vector<std::size_t>{0, 15}));
  EXPECT_TRUE(Condition::always(manager).words().empty());
}

// Two words one after the other: as many nodes as the first has values.
struct Compared {
  explicit Compared(const Budget& budget)
      : manager(Order(std::vector<std::vector<std::uint8_t>>{{2}, {3}}), budget) {}

  Condition low_bits(Comparison comparison) {
    return compare(Term::word(manager, 2).masked(0x3fff), comparison,
                   Term::word(manager, 3).masked(0x3fff));
  }

  Manager manager;
};

TEST(Condition, CountingIsChargedToTheBudget) {
  Compared large({});
  const Condition equal = large.low_bits(Comparison::Equal);
  EXPECT_EQ(equal.count().log2(), 512 - 14);
  EXPECT_FALSE(large.manager.exhausted());

  Compared small({large.manager.counters().nodes + 1000, std::chrono::minutes(1)});
  const Condition same = small.low_bits(Comparison::Equal);
  ASSERT_FALSE(small.manager.exhausted());
  static_cast<void>(same.count());
  EXPECT_TRUE(small.manager.exhausted());
}

TEST(Condition, MeetingEndsWithTheBudgetsTime) {
  constexpr std::chrono::milliseconds time{500};
  Compared words({std::size_t{1} << 21, time});
  const Condition equal = words.low_bits(Comparison::Equal);
  const Condition less = words.low_bits(Comparison::Less);
  std::this_thread::sleep_for(time);
  static_cast<void>(equal.meets(less));
  EXPECT_TRUE(words.manager.exhausted());
}

}  // namespace
}  // namespace assay::symbolic
