#include "symbolic/word_values.hpp"

#include <algorithm>

#include "symbolic/memo.hpp"

namespace assay::symbolic {
namespace {

// The intervals that lie in the word's values base..base + 2^(bit+1) - 1, whose upper bits
// are fixed.
Edge among_below(Diagram& diagram, const Word& word, std::span<const Interval> intervals,
                 std::size_t bit, std::uint32_t base) {
  if (intervals.empty()) return no;
  const std::uint32_t half = 1U << bit;
  const std::uint32_t middle = base + half;
  if (intervals.front().first <= base && intervals.front().last >= middle + (half - 1)) return yes;
  const auto lower_end = std::partition_point(intervals.begin(), intervals.end(),
                                              [&](const Interval& i) { return i.first < middle; });
  const auto upper_begin = std::partition_point(intervals.begin(), intervals.end(),
                                                [&](const Interval& i) { return i.last < middle; });
  const std::span<const Interval> lower(intervals.begin(), lower_end);
  const std::span<const Interval> upper(upper_begin, intervals.end());
  const auto half_of = [&](std::span<const Interval> part, std::uint32_t from) {
    if (bit > 0) return among_below(diagram, word, part, bit - 1, from);
    return part.empty() ? no : yes;
  };
  const Edge low = half_of(lower, base);
  const Edge high = half_of(upper, middle);
  return diagram.node(diagram.level(word.bits[bit]), low, high);
}

// The projection of a function on the variables of one word: true for a value of the word
// when some input with it satisfies the function.
class Projection {
 public:
  Projection(Diagram& diagram, const Word& word) : diagram_(diagram), done_(diagram) {
    for (const Edge bit : word.bits) {
      const std::uint32_t level = diagram.level(bit);
      if (kept_.size() <= level) kept_.resize(level + 1);
      kept_[level] = true;
      lowest_ = std::max(lowest_, level);
    }
  }

  Edge of(Edge f) {
    if (f == no || diagram_.exhausted()) return no;
    const std::uint32_t level = diagram_.level(f);
    if (level > lowest_) return yes;
    if (const Edge* known = done_.find(f.hash())) return *known;
    const Edge low = of(diagram_.low(f));
    const bool keep = kept_[level];
    const Edge high = !keep && low == yes ? yes : of(diagram_.high(f));
    return done_.put(f.hash(),
                     keep ? diagram_.node(level, low, high) : diagram_.disjunction(low, high));
  }

 private:
  Diagram& diagram_;
  std::vector<bool> kept_;
  std::uint32_t lowest_ = 0;
  Memo<std::uint32_t, Edge> done_;
};

// Appends the values base..base + 2^bits - 1 for which f holds; false when there are too many.
bool collect(const Diagram& diagram, const Word& word, Edge f, std::size_t bits, std::uint32_t base,
             std::size_t most, IntervalSet& into) {
  if (f == no) return true;
  if (f == yes) {
    const std::uint32_t last = base + static_cast<std::uint32_t>((std::uint64_t{1} << bits) - 1);
    into.append({base, last});
    return into.size() <= most;
  }
  const std::uint32_t level = diagram.level(word.bits[bits - 1]);
  return collect(diagram, word, diagram.low_at(f, level), bits - 1, base, most, into) &&
         collect(diagram, word, diagram.high_at(f, level), bits - 1, base + (1U << (bits - 1)),
                 most, into);
}

}  // namespace

bool is_variable(const Diagram& diagram, const Word& word) {
  for (std::size_t i = 0; i < 32; ++i) {
    if (!diagram.is_literal(word.bits[i]) || word.bits[i].negated()) return false;
    if (i > 0 && diagram.level(word.bits[i]) >= diagram.level(word.bits[i - 1])) return false;
  }
  return true;
}

Edge among(Diagram& diagram, const Word& word, std::span<const Interval> intervals) {
  return among_below(diagram, word, intervals, 31, 0);
}

std::optional<IntervalSet> possible_values(Diagram& diagram, Edge condition, const Word& word,
                                           std::size_t most) {
  const Edge projected = Projection(diagram, word).of(condition);
  IntervalSet result;
  if (!collect(diagram, word, projected, 32, 0, most, result) || diagram.exhausted())
    return std::nullopt;
  return result;
}

}  // namespace assay::symbolic
