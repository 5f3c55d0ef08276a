#include "text/value_set.hpp"

#include <algorithm>
#include <bit>
#include <utility>

namespace assay::text {
namespace {

using symbolic::Comparison;
using symbolic::Condition;
using Kind = Expression::Kind;

struct Range {
  std::uint64_t first;
  std::uint64_t last;
};

// The values of some bits of a subject, taken together as one number, for which a condition
// on these bits alone holds.
class Ranges {
 public:
  Ranges(const Subject& subject, std::uint64_t mask, std::size_t most) : most_(most) {
    for (std::size_t bit = 64; bit-- > 0;)
      if ((mask >> bit & 1) != 0) bits_.push_back({subject.words[bit / 32], bit % 32, bit});
  }

  bool collect(const Condition& condition) { return collect(condition, 0, 0); }

  const std::vector<Range>& ranges() const { return ranges_; }
  std::uint64_t highest() const { return below(0); }
  // Back to the places of the bits: rising numbers stay rising.
  std::uint64_t spread(std::uint64_t number) const {
    std::uint64_t result = 0;
    for (std::size_t i = 0; i < bits_.size(); ++i)
      if ((number >> (bits_.size() - 1 - i) & 1) != 0) result |= std::uint64_t{1} << bits_[i].place;
    return result;
  }

 private:
  struct Bit {
    std::size_t word;
    std::size_t bit;
    std::size_t place;
  };

  // All ones in the bits from i on.
  std::uint64_t below(std::size_t i) const {
    const std::size_t left = bits_.size() - i;
    return left == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << left) - 1;
  }

  bool collect(const Condition& condition, std::size_t i, std::uint64_t number) {
    if (condition.is_never()) return true;
    if (condition.is_always()) return append({number, number | below(i)});
    if (i == bits_.size()) return false;  // it depends on more: out of budget
    const Bit& at = bits_[i];
    const std::uint64_t one = std::uint64_t{1} << (bits_.size() - 1 - i);
    return collect(condition.with_bit(at.word, at.bit, false), i + 1, number) &&
           collect(condition.with_bit(at.word, at.bit, true), i + 1, number | one);
  }

  bool append(Range range) {
    if (!ranges_.empty() && ranges_.back().last + 1 == range.first) {
      ranges_.back().last = range.last;
    } else {
      ranges_.push_back(range);
    }
    return ranges_.size() <= most_;
  }

  std::size_t most_;
  std::vector<Bit> bits_;
  std::vector<Range> ranges_;
};

Expression compared(const Operand& left, Comparison how, std::uint64_t number) {
  Expression result;
  result.kind = Kind::Compare;
  result.left = left;
  result.how = how;
  result.right.number = number;
  return result;
}

Expression listed(Kind kind, const Operand& left, std::vector<std::uint64_t> numbers) {
  Expression result;
  result.kind = kind;
  result.left = left;
  result.numbers = std::move(numbers);
  return result;
}

Expression range_expression(const Operand& left, const Ranges& of, const Range& range) {
  if (range.first == 0) return compared(left, Comparison::LessEqual, of.spread(range.last));
  if (range.last == of.highest())
    return compared(left, Comparison::GreaterEqual, of.spread(range.first));
  return listed(Kind::Within, left, {of.spread(range.first), of.spread(range.last)});
}

Expression ranges_expression(const Operand& left, const Ranges& of) {
  std::vector<std::uint64_t> single;
  std::vector<Expression> parts;
  for (const Range& range : of.ranges()) {
    // Two neighbours are listed; "at most 1" is shorter than both.
    const bool few = range.last - range.first < 2 && !(range.first == 0 && range.last == 1);
    if (range.first != range.last && !few) {
      parts.push_back(range_expression(left, of, range));
      continue;
    }
    single.push_back(of.spread(range.first));
    if (range.first != range.last) single.push_back(of.spread(range.last));
  }
  if (single.size() == 1)
    parts.insert(parts.begin(), compared(left, Comparison::Equal, single.front()));
  if (single.size() > 1) parts.insert(parts.begin(), listed(Kind::Among, left, std::move(single)));
  return any_of(std::move(parts));
}

// Keeps the cheapest of the forms offered, the first of equals.
class Best {
 public:
  void offer(Expression expression) {
    const std::size_t price = cost(expression);
    if (best_ && price >= price_) return;
    price_ = price;
    best_ = std::move(expression);
  }
  std::size_t price() const { return best_ ? price_ : ~std::size_t{0}; }
  std::optional<Expression> take() && { return std::move(best_); }

 private:
  std::optional<Expression> best_;
  std::size_t price_ = 0;
};

}  // namespace

namespace {

Condition union_of(symbolic::Manager& manager, const std::vector<MaskedValue>& all,
                   const Subject& subject) {
  symbolic::Term term = symbolic::Term::word(manager, subject.words[0]);
  if (subject.words.size() == 2)
    term = symbolic::Term::joined(term, symbolic::Term::word(manager, subject.words[1]));
  Condition result = Condition::never(manager);
  for (const MaskedValue& bits : all)
    result = result | compare(term.masked(bits.mask), Comparison::Equal, bits.value);
  return result;
}

// A union of cubes. One that fixes most bits is a single value if the others allow that.
std::optional<Expression> cubes_of(const Condition& condition, const Subject& subject,
                                   std::size_t most) {
  const auto cubes = condition.cover(most);
  if (!cubes) return std::nullopt;
  std::vector<MaskedValue> all;
  for (const Condition::Cube& cube : *cubes) all.push_back(part_of(cube, subject));
  for (MaskedValue& bits : all) {
    if (std::popcount(bits.mask) * 2 <= std::popcount(subject.all())) continue;
    const std::uint64_t before = std::exchange(bits.mask, subject.all());
    const Condition same = union_of(condition.manager(), all, subject);
    if (!condition.manager().equal(same, condition)) bits.mask = before;
  }
  std::vector<Expression> parts;
  for (const MaskedValue& bits : all) parts.push_back(bits_equal(subject, bits));
  return any_of(std::move(parts));
}

}  // namespace

std::optional<Expression> value_set(const Condition& condition, const Subject& subject,
                                    std::size_t most) {
  constexpr std::size_t short_enough = 12;
  Best best;
  for (const std::uint64_t mask : {subject.all(), subject.used}) {
    Ranges holds(subject, mask, most);
    if (holds.collect(condition)) best.offer(ranges_expression(masked(subject, mask), holds));
    Ranges fails(subject, mask, most);
    if (fails.collect(!condition))
      best.offer(negated(ranges_expression(masked(subject, mask), fails)));
    if (subject.used == subject.all()) break;
  }
  if (best.price() > short_enough) {
    if (auto cubes = cubes_of(condition, subject, most)) best.offer(std::move(*cubes));
    if (auto cubes = cubes_of(!condition, subject, most)) best.offer(negated(std::move(*cubes)));
  }
  return std::move(best).take();
}

}  // namespace assay::text
