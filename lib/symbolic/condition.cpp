#include "assay/symbolic/condition.hpp"

#include <algorithm>
#include <cassert>

#include "symbolic/memo.hpp"
#include "symbolic/value_diagram.hpp"
#include "symbolic/word_values.hpp"

namespace assay::symbolic {
namespace {

// Counts the inputs below a node as if its level were the first one.
class Counter {
 public:
  explicit Counter(Diagram& diagram) : diagram_(diagram), done_(diagram) {}

  Count inputs(Edge f) { return scaled(f, 0); }

 private:
  // Of 2^(512 - level) inputs.
  Count scaled(Edge f, std::uint32_t from) {
    if (f == no || diagram_.exhausted()) return {};
    if (f == yes) return Count::power_of_two(input_bits - from);
    Count count = at_node(f);
    for (std::uint32_t level = from; level < diagram_.level(f); ++level) count = count + count;
    return count;
  }

  Count at_node(Edge f) {
    if (const Count* known = done_.find(f.hash())) return *known;
    const std::uint32_t below = diagram_.level(f) + 1;
    return done_.put(f.hash(), scaled(diagram_.low(f), below) + scaled(diagram_.high(f), below));
  }

  Diagram& diagram_;
  Memo<std::uint32_t, Count> done_;
};

using Bits = std::vector<Edge>;  // lowest first, 0 above

Edge bit(const Bits& bits, std::size_t i) { return i < bits.size() ? bits[i] : no; }

// Joined from the bottom of the order up, where each step is one node.
Edge equal(Diagram& diagram, const Bits& a, const Bits& b) {
  Bits same;
  for (std::size_t i = 0; i < std::max(a.size(), b.size()); ++i)
    same.push_back(!diagram.exclusive(bit(a, i), bit(b, i)));
  std::sort(same.begin(), same.end(),
            [&](Edge x, Edge y) { return diagram.level(x) > diagram.level(y); });
  Edge result = yes;
  for (const Edge each : same) result = diagram.conjunction(each, result);
  return result;
}

Edge above(Diagram& diagram, const Bits& a, const Bits& b) {
  Edge result = no;
  for (std::size_t i = 0; i < std::max(a.size(), b.size()); ++i)
    result = diagram.choice(diagram.exclusive(bit(a, i), bit(b, i)), bit(a, i), result);
  return result;
}

}  // namespace

Condition operator&(const Condition& a, const Condition& b) {
  assert(a.manager_ == b.manager_);
  return {*a.manager_, a.manager_->diagram().conjunction(a.edge_, b.edge_)};
}

Condition operator|(const Condition& a, const Condition& b) {
  assert(a.manager_ == b.manager_);
  return {*a.manager_, a.manager_->diagram().disjunction(a.edge_, b.edge_)};
}

bool Condition::meets(const Condition& other) const {
  assert(manager_ == other.manager_);
  return manager_->diagram().meet(edge_, other.edge_);
}

bool Condition::holds(const seccomp::Words& words) const {
  const Diagram& diagram = manager_->diagram();
  Edge at = edge_;
  while (at != yes && at != no) {
    const InputBit bit = manager_->order().at(diagram.level(at));
    at = (words[bit.word] >> bit.bit & 1) != 0 ? diagram.high(at) : diagram.low(at);
  }
  return at == yes;
}

Count Condition::count() const { return Counter(manager_->diagram()).inputs(edge_); }

std::optional<seccomp::Words> Condition::witness() const {
  if (edge_ == no) return std::nullopt;
  const Diagram& diagram = manager_->diagram();
  seccomp::Words words{};
  for (Edge at = edge_; at != yes;) {
    const InputBit bit = manager_->order().at(diagram.level(at));
    const bool one = diagram.low(at) == no;
    if (one) words[bit.word] |= 1U << bit.bit;
    at = one ? diagram.high(at) : diagram.low(at);
  }
  return words;
}

std::vector<std::size_t> Condition::words() const {
  const seccomp::Words used = bits();
  std::vector<std::size_t> result;
  for (std::size_t word = 0; word < used.size(); ++word)
    if (used[word] != 0) result.push_back(word);
  return result;
}

seccomp::Words Condition::bits() const {
  const std::vector<bool> levels = manager_->diagram().support(edge_);
  seccomp::Words result{};
  for (std::uint32_t level = 0; level < levels.size(); ++level) {
    if (!levels[level]) continue;
    const InputBit at = manager_->order().at(level);
    result[at.word] |= 1U << at.bit;
  }
  return result;
}

Condition Condition::with_bit(std::size_t word, std::size_t bit, bool value) const {
  const std::uint32_t level = manager_->order().level(word, bit);
  return {*manager_, manager_->diagram().restrict(edge_, level, value)};
}

Condition Condition::with_word(std::size_t word, std::uint32_t value) const {
  seccomp::Words values{};
  values[word] = value;
  return with_words(std::array{word}, values);
}

std::optional<std::vector<Condition::Range>> Condition::values_of(std::size_t word,
                                                                  std::size_t most) const {
  const auto values = possible_values(manager_->diagram(), edge_, manager_->inputs()[word], most);
  if (!values) return std::nullopt;
  std::vector<Range> result;
  for (const Interval& interval : values->intervals())
    result.push_back({interval.first, interval.last});
  return result;
}

Term Term::word(Manager& manager, std::size_t word) {
  const Word& input = manager.inputs()[word];
  return {manager, {input.bits.begin(), input.bits.end()}};
}

Term Term::constant(Manager& manager, std::uint64_t value, std::size_t width) {
  std::vector<Edge> bits;
  for (std::size_t i = 0; i < width; ++i) bits.push_back((value >> i & 1) != 0 ? yes : no);
  return {manager, std::move(bits)};
}

Term Term::joined(const Term& low, const Term& high) {
  assert(low.manager_ == high.manager_);
  Term result = low;
  result.bits_.insert(result.bits_.end(), high.bits_.begin(), high.bits_.end());
  return result;
}

Term Term::masked(std::uint64_t mask) const {
  Term result = *this;
  for (std::size_t i = 0; i < bits_.size(); ++i)
    if ((mask >> i & 1) == 0) result.bits_[i] = no;
  return result;
}

Term operator&(const Term& a, const Term& b) {
  assert(a.manager_ == b.manager_);
  Term result = a.width() < b.width() ? a : b;
  const Term& other = a.width() < b.width() ? b : a;
  for (std::size_t i = 0; i < result.bits_.size(); ++i)
    result.bits_[i] = a.manager_->diagram().conjunction(result.bits_[i], other.bits_[i]);
  return result;
}

Condition compare(const Term& a, Comparison comparison, const Term& b) {
  assert(a.manager_ == b.manager_);
  Diagram& diagram = a.manager_->diagram();
  const Edge result = [&] {
    switch (comparison) {
      case Comparison::Equal: return equal(diagram, a.bits_, b.bits_);
      case Comparison::NotEqual: return !equal(diagram, a.bits_, b.bits_);
      case Comparison::Less: return above(diagram, b.bits_, a.bits_);
      case Comparison::LessEqual: return !above(diagram, a.bits_, b.bits_);
      case Comparison::Greater: return above(diagram, a.bits_, b.bits_);
      case Comparison::GreaterEqual: return !above(diagram, b.bits_, a.bits_);
    }
    return no;
  }();
  return {*a.manager_, result};
}

Condition compare(const Term& a, Comparison comparison, std::uint64_t value) {
  return compare(a, comparison, Term::constant(*a.manager_, value, 64));
}

Condition in_range(const Term& a, std::uint64_t first, std::uint64_t last) {
  return compare(a, Comparison::GreaterEqual, first) & compare(a, Comparison::LessEqual, last);
}

}  // namespace assay::symbolic
