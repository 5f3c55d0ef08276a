// Sets of inputs in fewer words: without the words that do not matter, and as a union of
// cubes (Minato's irredundant sum of products, which between what must be covered and what
// may be covered takes at each bit only what needs that bit fixed).
#include <algorithm>

#include "assay/symbolic/condition.hpp"
#include "symbolic/memo.hpp"

namespace assay::symbolic {
namespace {

using Cube = Condition::Cube;

using WordSet = std::array<bool, seccomp::data_words>;

WordSet set_of(std::span<const std::size_t> words) {
  WordSet set{};
  for (const std::size_t word : words) set[word] = true;
  return set;
}

class Fixing {
 public:
  Fixing(Manager& manager, std::span<const std::size_t> words, const seccomp::Words& values)
      : diagram_(manager.diagram()),
        order_(manager.order()),
        fixed_(set_of(words)),
        values_(values),
        done_(diagram_) {}

  Edge of(Edge f) {
    if (f.index() == 0 || diagram_.exhausted()) return f;
    const std::uint32_t level = diagram_.level(f);
    const InputBit at = order_.at(level);
    if (fixed_[at.word])
      return of((values_[at.word] >> at.bit & 1) != 0 ? diagram_.high(f) : diagram_.low(f));
    if (const Edge* known = done_.find(f.hash())) return *known;
    const Edge low = of(diagram_.low(f));
    return done_.put(f.hash(), diagram_.node(level, low, of(diagram_.high(f))));
  }

 private:
  Diagram& diagram_;
  const Order& order_;
  WordSet fixed_;
  const seccomp::Words& values_;
  Memo<std::uint32_t, Edge> done_;
};

class Projection {
 public:
  Projection(Manager& manager, std::span<const std::size_t> words)
      : diagram_(manager.diagram()),
        order_(manager.order()),
        kept_(set_of(words)),
        done_(diagram_) {}

  Edge of(Edge f) {
    if (f.index() == 0 || diagram_.exhausted()) return f;
    if (const Edge* known = done_.find(f.hash())) return *known;
    const std::uint32_t level = diagram_.level(f);
    const bool keep = kept_[order_.at(level).word];
    const Edge low = of(diagram_.low(f));
    const Edge high = !keep && low == yes ? yes : of(diagram_.high(f));
    return done_.put(f.hash(),
                     keep ? diagram_.node(level, low, high) : diagram_.disjunction(low, high));
  }

 private:
  Diagram& diagram_;
  const Order& order_;
  WordSet kept_;
  Memo<std::uint32_t, Edge> done_;
};

class Cover {
 public:
  Cover(Manager& manager, std::size_t most)
      : diagram_(manager.diagram()), order_(manager.order()), most_(most) {}

  // Appends cubes whose union, which is returned, lies between `must` and `may`.
  Edge between(Edge must, Edge may) {
    if (must == no || full()) return no;
    if (may == yes) {
      cubes_.push_back(fixed_);
      return yes;
    }
    const std::uint32_t top = std::min(diagram_.level(must), diagram_.level(may));
    const Edge must0 = diagram_.low_at(must, top);
    const Edge must1 = diagram_.high_at(must, top);
    const Edge may0 = diagram_.low_at(may, top);
    const Edge may1 = diagram_.high_at(may, top);
    const Edge zero = where(top, false, diagram_.conjunction(must0, !may1), may0);
    const Edge one = where(top, true, diagram_.conjunction(must1, !may0), may1);
    const Edge left =
        diagram_.disjunction(diagram_.conjunction(must0, !zero), diagram_.conjunction(must1, !one));
    const Edge either = between(left, diagram_.conjunction(may0, may1));
    return diagram_.disjunction(diagram_.node(top, zero, one), either);
  }

  bool full() const { return cubes_.size() > most_ || diagram_.exhausted(); }
  std::vector<Cube> cubes() && { return std::move(cubes_); }

 private:
  Edge where(std::uint32_t level, bool value, Edge must, Edge may) {
    const InputBit at = order_.at(level);
    const Cube before = fixed_;
    fixed_.mask[at.word] |= 1U << at.bit;
    if (value) fixed_.value[at.word] |= 1U << at.bit;
    const Edge result = between(must, may);
    fixed_ = before;
    return result;
  }

  Diagram& diagram_;
  const Order& order_;
  std::size_t most_;
  Cube fixed_;
  std::vector<Cube> cubes_;
};

}  // namespace

Condition Condition::with_words(std::span<const std::size_t> words,
                                const seccomp::Words& values) const {
  return {*manager_, Fixing(*manager_, words, values).of(edge_)};
}

Condition Condition::projected(std::span<const std::size_t> words) const {
  return {*manager_, Projection(*manager_, words).of(edge_)};
}

std::optional<std::vector<Cube>> Condition::cover(std::size_t most) const {
  Cover cover(*manager_, most);
  cover.between(edge_, edge_);
  if (cover.full()) return std::nullopt;
  return std::move(cover).cubes();
}

}  // namespace assay::symbolic
