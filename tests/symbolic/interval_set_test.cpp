#include "symbolic/interval_set.hpp"

#include <gtest/gtest.h>

#include <set>

#include "assay/sample/random.hpp"

namespace assay::symbolic {
namespace {

// A window of 40 values, at both ends of the range too.
constexpr std::uint32_t width = 40;
constexpr auto windows = std::to_array<std::uint32_t>({0, 1000, 0xffffffff - (width - 1)});

using Values = std::set<std::uint32_t>;

Values values_of(const IntervalSet& set) {
  Values result;
  for (const Interval& interval : set.intervals())
    for (std::uint32_t value = interval.first;; ++value) {
      result.insert(value);
      if (value == interval.last) break;
    }
  return result;
}

bool rises_with_gaps(const IntervalSet& set) {
  const auto intervals = set.intervals();
  for (std::size_t i = 0; i < intervals.size(); ++i) {
    if (intervals[i].first > intervals[i].last) return false;
    if (i > 0 && std::uint64_t{intervals[i - 1].last} + 1 >= intervals[i].first) return false;
  }
  return true;
}

IntervalSet made_of(const Values& values) {
  IntervalSet result;
  for (const std::uint32_t value : values) result.append({value, value});
  return result;
}

Values drawn(sample::Random& random, std::uint32_t from) {
  Values result;
  const std::uint32_t one_in = 1 + random.below(4);
  for (std::uint32_t i = 0; i < width; ++i)
    if (random.one_in(one_in)) result.insert(from + i);
  return result;
}

TEST(IntervalSet, AppendJoinsNeighbours) {
  for (std::uint64_t index = 0; index < 3000; ++index) {
    sample::Random random(1, index);
    const Values values = drawn(random, random.pick(windows));
    const IntervalSet set = made_of(values);
    ASSERT_EQ(values_of(set), values);
    ASSERT_TRUE(rises_with_gaps(set));
    ASSERT_EQ(set.empty(), values.empty());
    if (!values.empty()) {
      ASSERT_EQ(set.lowest(), *values.begin());
    }
  }
}

TEST(IntervalSet, TakeMovesWhatLiesBetween) {
  for (std::uint64_t index = 0; index < 20'000; ++index) {
    sample::Random random(2, index);
    const std::uint32_t from = random.pick(windows);
    const Values values = drawn(random, from);
    const std::uint32_t p = from + random.below(width);
    const std::uint32_t q = from + random.below(width);
    const std::uint32_t first = random.one_in(8) ? 0 : std::min(p, q);
    const std::uint32_t last = random.one_in(8) ? 0xffffffff : std::max(p, q);
    IntervalSet left = made_of(values);
    const IntervalSet taken = left.take(first, last);
    Values expected_taken;
    Values expected_left;
    for (const std::uint32_t value : values)
      (value >= first && value <= last ? expected_taken : expected_left).insert(value);
    ASSERT_EQ(values_of(taken), expected_taken) << index;
    ASSERT_EQ(values_of(left), expected_left) << index;
    ASSERT_TRUE(rises_with_gaps(taken) && rises_with_gaps(left));
  }
}

TEST(IntervalSet, AddPutsBackWhatWasTaken) {
  for (std::uint64_t index = 0; index < 10'000; ++index) {
    sample::Random random(3, index);
    const std::uint32_t from = random.pick(windows);
    const Values values = drawn(random, from);
    Values mine;
    Values other;
    for (const std::uint32_t value : values) (random.one_in(2) ? mine : other).insert(value);
    IntervalSet set = made_of(mine);
    set.add(made_of(other));
    ASSERT_EQ(values_of(set), values) << index;
    ASSERT_TRUE(rises_with_gaps(set));
  }
}

}  // namespace
}  // namespace assay::symbolic
