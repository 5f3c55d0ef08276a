#include "symbolic/value_diagram.hpp"

#include <algorithm>

#include "symbolic/memo.hpp"

namespace assay::symbolic {
namespace {

std::uint64_t pair(std::uint32_t a, std::uint32_t b) { return std::uint64_t{a} << 32 | b; }

struct PairHash {
  std::size_t operator()(std::uint64_t key) const {
    key *= 0x9e3779b97f4a7c15;
    return static_cast<std::size_t>(key ^ key >> 32);
  }
};

// By two operands.
template <class Result>
using PairMemo = Memo<std::uint64_t, Result, PairHash>;

struct Chosen {
  Edge condition;
  ValueEdge then, otherwise;
  friend bool operator==(const Chosen&, const Chosen&) = default;
};

struct ChosenHash {
  std::size_t operator()(const Chosen& key) const {
    std::uint64_t mixed = pair(key.then.index(), key.otherwise.index()) * 0x9e3779b97f4a7c15;
    mixed = (mixed ^ mixed >> 32 ^ key.condition.hash()) * 0xc2b2ae3d27d4eb4f;
    return static_cast<std::size_t>(mixed ^ mixed >> 32);
  }
};

struct Restricted {
  Edge condition;
  Word word;
  friend bool operator==(const Restricted&, const Restricted&) = default;
};

struct RestrictedHash {
  std::size_t operator()(const Restricted& key) const {
    std::uint64_t mixed = key.condition.hash();
    for (const Edge bit : key.word.bits)
      mixed = (mixed ^ bit.hash()) * 0x9e3779b97f4a7c15 + (mixed >> 29);
    return static_cast<std::size_t>(mixed ^ mixed >> 32);
  }
};

}  // namespace

ValueEdge ValueDiagram::leaf(std::uint32_t value) { return placed({leaf_level, value, 0}); }

ValueEdge ValueDiagram::placed(const Node& node) {
  const std::size_t before = table_.size();
  const ValueEdge result(table_.find_or_add(node));
  conditions_.charge(table_.size() - before);
  return result;
}

ValueEdge ValueDiagram::node(std::uint32_t level, ValueEdge low, ValueEdge high) {
  if (low == high || conditions_.exhausted()) return low;
  return placed({level, low.index(), high.index()});
}

ValueEdge ValueDiagram::choice(Edge condition, ValueEdge then, ValueEdge otherwise) {
  struct Recursion {
    ValueDiagram& values;
    Memo<Chosen, ValueEdge, ChosenHash> done;

    ValueEdge operator()(Edge condition, ValueEdge then, ValueEdge otherwise) {
      if (condition == yes || then == otherwise) return then;
      if (condition == no || values.conditions_.exhausted()) return otherwise;
      const Diagram& conditions = values.conditions_;
      const std::uint32_t top =
          std::min({conditions.level(condition), values.level(then), values.level(otherwise)});
      const Edge condition_low = conditions.low_at(condition, top);
      const Edge condition_high = conditions.high_at(condition, top);
      const auto low = [&] {
        return (*this)(condition_low, values.low_at(then, top), values.low_at(otherwise, top));
      };
      const auto high = [&] {
        return (*this)(condition_high, values.high_at(then, top), values.high_at(otherwise, top));
      };
      // Only where both sides recurse can the three be met again.
      if (condition_low.index() == 0 || condition_high.index() == 0) {
        const ValueEdge at_low = low();
        return values.node(top, at_low, high());
      }
      const Chosen key{condition, then, otherwise};
      if (const ValueEdge* known = done.find(key)) return *known;
      const ValueEdge at_low = low();
      return done.put(key, values.node(top, at_low, high()));
    }
  };
  return Recursion{*this, Memo<Chosen, ValueEdge, ChosenHash>(conditions_)}(condition, then,
                                                                            otherwise);
}

ValueEdge ValueDiagram::choice(const Chain& chain, ValueEdge then, ValueEdge otherwise) {
  if (then == otherwise || conditions_.exhausted()) return then;
  if (chain.links.empty()) return chain.end ? then : otherwise;
  const Link& at = chain.links.front();
  if (std::min(level(then), level(otherwise)) < at.level)
    return choice(conditions_.of(chain), then, otherwise);
  const Chain rest{chain.links.subspan(1), chain.end};
  const auto side = [&](ValueEdge f, bool high) {
    return high ? high_at(f, at.level) : low_at(f, at.level);
  };
  const ValueEdge on = choice(rest, side(then, at.on), side(otherwise, at.on));
  const ValueEdge off = side(at.left ? then : otherwise, !at.on);
  return at.on ? node(at.level, off, on) : node(at.level, on, off);
}

ValueEdge ValueDiagram::of(Edge condition, const Word& word) {
  struct Recursion {
    ValueDiagram& values;
    Memo<Restricted, ValueEdge, RestrictedHash> done;

    ValueEdge operator()(const Restricted& at) {
      if (at.condition == no || values.conditions_.exhausted()) return values.leaf(0);
      if (const auto constant = at.word.constant(); constant && at.condition == yes)
        return values.leaf(*constant);
      if (const ValueEdge* known = done.find(at)) return *known;
      const Diagram& conditions = values.conditions_;
      std::uint32_t top = conditions.level(at.condition);
      for (const Edge bit : at.word.bits) top = std::min(top, conditions.level(bit));
      Restricted low{conditions.low_at(at.condition, top), {}};
      Restricted high{conditions.high_at(at.condition, top), {}};
      for (std::size_t i = 0; i < 32; ++i) {
        low.word.bits[i] = conditions.low_at(at.word.bits[i], top);
        high.word.bits[i] = conditions.high_at(at.word.bits[i], top);
      }
      const ValueEdge at_low = (*this)(low);
      return done.put(at, values.node(top, at_low, (*this)(high)));
    }
  };
  return Recursion{*this,
                   Memo<Restricted, ValueEdge, RestrictedHash>(conditions_)}({condition, word});
}

ValueEdge ValueDiagram::mapped(ValueEdge f, const Map& map) {
  return combined(f, f, [&](std::uint32_t value, std::uint32_t) { return map(value); });
}

ValueEdge ValueDiagram::combined(ValueEdge f, ValueEdge g, const Combine& combine) {
  struct Recursion {
    ValueDiagram& values;
    const Combine& combine;
    PairMemo<ValueEdge> done;

    ValueEdge operator()(ValueEdge f, ValueEdge g) {
      if (values.is_leaf(f) && values.is_leaf(g))
        return values.leaf(combine(values.value(f), values.value(g)));
      if (values.conditions_.exhausted()) return {};
      const std::uint64_t key = pair(f.index(), g.index());
      if (const ValueEdge* known = done.find(key)) return *known;
      const std::uint32_t top = std::min(values.level(f), values.level(g));
      const ValueEdge low = (*this)(values.low_at(f, top), values.low_at(g, top));
      const ValueEdge high = (*this)(values.high_at(f, top), values.high_at(g, top));
      return done.put(key, values.node(top, low, high));
    }
  };
  return Recursion{*this, combine, PairMemo<ValueEdge>(conditions_)}(f, g);
}

Edge ValueDiagram::where(ValueEdge f, const std::function<bool(std::uint32_t)>& accepted) {
  struct Recursion {
    ValueDiagram& values;
    const std::function<bool(std::uint32_t)>& accepted;
    Memo<std::uint32_t, Edge> done;

    Edge operator()(ValueEdge f) {
      if (values.is_leaf(f)) return accepted(values.value(f)) ? yes : no;
      if (values.conditions_.exhausted()) return no;
      if (const Edge* known = done.find(f.index())) return *known;
      const Edge low = (*this)(values.low(f));
      return done.put(f.index(),
                      values.conditions_.node(values.level(f), low, (*this)(values.high(f))));
    }
  };
  return Recursion{*this, accepted, Memo<std::uint32_t, Edge>(conditions_)}(f);
}

Edge ValueDiagram::differ(ValueEdge f, ValueEdge g) {
  struct Recursion {
    ValueDiagram& values;
    PairMemo<Edge> done;

    Edge operator()(ValueEdge f, ValueEdge g) {
      if (f == g) return no;
      if (values.is_leaf(f) && values.is_leaf(g)) return yes;
      if (values.conditions_.exhausted()) return no;
      const std::uint64_t key = pair(f.index(), g.index());
      if (const Edge* known = done.find(key)) return *known;
      const std::uint32_t top = std::min(values.level(f), values.level(g));
      const Edge low = (*this)(values.low_at(f, top), values.low_at(g, top));
      const Edge high = (*this)(values.high_at(f, top), values.high_at(g, top));
      return done.put(key, values.conditions_.node(top, low, high));
    }
  };
  return Recursion{*this, PairMemo<Edge>(conditions_)}(f, g);
}

std::vector<std::uint32_t> ValueDiagram::values(ValueEdge f) const {
  std::vector<std::uint32_t> result;
  std::vector<ValueEdge> open{f};
  std::vector<bool> seen(table_.size());
  while (!open.empty()) {
    const ValueEdge at = open.back();
    open.pop_back();
    if (seen[at.index()]) continue;
    seen[at.index()] = true;
    if (is_leaf(at)) {
      result.push_back(value(at));
    } else {
      open.push_back(low(at));
      open.push_back(high(at));
    }
  }
  std::sort(result.begin(), result.end());
  return result;
}

ValueEdge ValueDiagram::restrict(ValueEdge f, std::uint32_t at, bool value) {
  struct Recursion {
    ValueDiagram& values;
    std::uint32_t at;
    bool value;
    Memo<std::uint32_t, ValueEdge> done;

    ValueEdge operator()(ValueEdge f) {
      const std::uint32_t level = values.level(f);
      if (level > at || values.conditions_.exhausted()) return f;
      if (level == at) return value ? values.high(f) : values.low(f);
      if (const ValueEdge* known = done.find(f.index())) return *known;
      const ValueEdge low = (*this)(values.low(f));
      return done.put(f.index(), values.node(level, low, (*this)(values.high(f))));
    }
  };
  return Recursion{*this, at, value, Memo<std::uint32_t, ValueEdge>(conditions_)}(f);
}

std::optional<std::string> ValueDiagram::check() const {
  for (std::uint32_t i = 0; i < table_.size(); ++i) {
    const Node& at = table_[i];
    if (at.level == leaf_level) continue;
    if (at.low == at.high) return "value node " + std::to_string(i) + " has equal children";
    for (const std::uint32_t child : {at.low, at.high}) {
      if (child >= i) return "value node " + std::to_string(i) + " points forward";
      if (table_[child].level <= at.level)
        return "value node " + std::to_string(i) + " is not above its child";
    }
  }
  return std::nullopt;
}

}  // namespace assay::symbolic
