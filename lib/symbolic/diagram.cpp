// Every recursive operation has the same order: trivial cases, operands in a standard order,
// the computed table, the children at the top level of the operands, recursion, the node, the
// table again.
#include "symbolic/diagram.hpp"

#include <algorithm>
#include <tuple>

namespace assay::symbolic {

namespace {

// An edge has 31 bits for the node.
constexpr std::size_t most_edges = std::size_t{1} << 30;

Budget possible(Budget budget) {
  budget.nodes = std::min(budget.nodes, most_edges);
  return budget;
}

}  // namespace

Diagram::Diagram(const Budget& budget)
    : budget_(possible(budget)),
      start_(std::chrono::steady_clock::now()),
      table_(budget_.nodes),
      computed_(budget_.nodes) {
  table_.find_or_add({leaf_level, 0, 0});
}

void Diagram::tick() {
  if ((++ticks_ & 0xfff) != 0 || exhausted()) return;
  if (std::chrono::steady_clock::now() - start_ > budget_.time) limit_ = Limit::Time;
}

bool Diagram::charge(std::size_t nodes) {
  other_nodes_ += nodes;
  tick();
  if (full() && !exhausted()) limit_ = Limit::Nodes;
  return !exhausted();
}

Counters Diagram::counters() const {
  Counters result = counters_;
  result.nodes = table_.size() + other_nodes_;
  return result;
}

Edge Diagram::node(std::uint32_t level, Edge low, Edge high) {
  if (low == high) return low;
  const bool negate = high.negated();
  if (full()) {
    if (!exhausted()) limit_ = Limit::Nodes;
    return no;
  }
  const std::uint32_t index =
      table_.find_or_add({level, low.negated_if(negate).bits_, high.negated_if(negate).bits_});
  return Edge(index << 1).negated_if(negate);
}

Edge Diagram::variable(std::uint32_t level) { return node(level, no, yes); }

std::optional<Edge> Diagram::remembered(Work work, Edge f, Edge g, Edge h) {
  count_call(work);
  tick();
  const std::uint64_t* found =
      computed_.find({static_cast<std::uint32_t>(work), f.bits_, g.bits_, h.bits_});
  if (found == nullptr) return std::nullopt;
  count_hit(work);
  return Edge(static_cast<std::uint32_t>(*found));
}

Edge Diagram::remember(Work work, Edge f, Edge g, Edge h, Edge result) {
  computed_.put({static_cast<std::uint32_t>(work), f.bits_, g.bits_, h.bits_}, result.bits_);
  return result;
}

// The conjunction where it needs no recursion.
std::optional<Edge> Diagram::plain_conjunction(Edge f, Edge g) const {
  if (f == g || g == yes) return f;
  if (f == yes) return g;
  if (f == no || g == no || f == !g || exhausted()) return no;
  return std::nullopt;
}

// Much of a filter's work is to join long single paths to a function. Only where both sides
// recurse can a pair of nodes be met again, so that only there the table is asked.
Edge Diagram::conjunction(Edge f, Edge g) {
  if (const auto plain = plain_conjunction(f, g)) return *plain;
  const std::uint32_t top = std::min(level(f), level(g));
  const Edge f0 = low_at(f, top);
  const Edge f1 = high_at(f, top);
  const Edge g0 = low_at(g, top);
  const Edge g1 = high_at(g, top);
  const auto plain_low = plain_conjunction(f0, g0);
  const auto plain_high = plain_conjunction(f1, g1);
  if (plain_low) return node(top, *plain_low, plain_high ? *plain_high : conjunction(f1, g1));
  if (plain_high) return node(top, conjunction(f0, g0), *plain_high);

  if (g < f) std::swap(f, g);
  if (const auto found = remembered(Work::And, f, g)) return *found;
  const Edge low = conjunction(f0, g0);
  const Edge high = conjunction(f1, g1);
  return remember(Work::And, f, g, yes, node(top, low, high));
}

Edge Diagram::exclusive(Edge f, Edge g) {
  if (f == g || exhausted()) return no;
  if (f == !g) return yes;
  if (f.index() == 0) return f == yes ? !g : g;
  if (g.index() == 0) return g == yes ? !f : f;
  const bool negate = f.negated() != g.negated();
  f = f.negated_if(f.negated());
  g = g.negated_if(g.negated());
  if (g < f) std::swap(f, g);
  if (const auto found = remembered(Work::Xor, f, g)) return found->negated_if(negate);
  const std::uint32_t top = std::min(level(f), level(g));
  const Edge low = exclusive(low_at(f, top), low_at(g, top));
  const Edge high = exclusive(high_at(f, top), high_at(g, top));
  return remember(Work::Xor, f, g, yes, node(top, low, high)).negated_if(negate);
}

Edge Diagram::choice(Edge condition, Edge then, Edge otherwise) {
  if (condition == yes || then == otherwise) return then;
  if (condition == no) return otherwise;
  if (then == yes || then == condition) return disjunction(condition, otherwise);
  if (then == no || then == !condition) return conjunction(!condition, otherwise);
  if (otherwise == no || otherwise == condition) return conjunction(condition, then);
  if (otherwise == yes || otherwise == !condition) return disjunction(!condition, then);
  if (then == !otherwise) return exclusive(condition, otherwise);
  if (exhausted()) return no;
  if (condition.negated()) {
    condition = !condition;
    std::swap(then, otherwise);
  }
  if (const auto found = remembered(Work::Choice, condition, then, otherwise)) return *found;
  const std::uint32_t top = std::min({level(condition), level(then), level(otherwise)});
  const Edge low = choice(low_at(condition, top), low_at(then, top), low_at(otherwise, top));
  const Edge high = choice(high_at(condition, top), high_at(then, top), high_at(otherwise, top));
  return remember(Work::Choice, condition, then, otherwise, node(top, low, high));
}

Edge Diagram::of(const Chain& chain) {
  Edge result = chain.end ? yes : no;
  for (std::size_t i = chain.links.size(); i-- > 0;) {
    const Link& link = chain.links[i];
    const Edge left = link.left ? yes : no;
    result = link.on ? node(link.level, left, result) : node(link.level, result, left);
  }
  return result;
}

Diagram::Halves Diagram::split(Edge f, const Chain& chain) {
  ++splits_;
  count_call(Work::Split);
  return split(f, chain, 0);
}

Diagram::Halves Diagram::split(Edge f, const Chain& chain, std::size_t link) {
  if (f == no || exhausted()) return {no, no};
  if (link == chain.links.size()) return chain.end ? Halves{f, no} : Halves{no, f};
  const Link& at = chain.links[link];
  const std::uint32_t top = level(f);
  if (top < at.level) {
    // Only where f itself branches above the chain can a node be met twice.
    const Edge low = this->low(f);
    const Edge high = this->high(f);
    const bool forks = low != no && high != no;
    const ComputedTable::Key key{0x100 + static_cast<std::uint32_t>(Work::Split), f.bits_, splits_,
                                 static_cast<std::uint32_t>(link)};
    if (forks) {
      if (const std::uint64_t* found = computed_.find(key))
        return {Edge(static_cast<std::uint32_t>(*found)),
                Edge(static_cast<std::uint32_t>(*found >> 32))};
      tick();
    }
    const Halves below = split(low, chain, link);
    const Halves above = split(high, chain, link);
    const Halves result{node(top, below.holds, above.holds), node(top, below.fails, above.fails)};
    if (forks) computed_.put(key, std::uint64_t{result.fails.bits_} << 32 | result.holds.bits_);
    return result;
  }
  const Edge low = low_at(f, at.level);
  const Edge high = high_at(f, at.level);
  const Halves on = split(at.on ? high : low, chain, link + 1);
  const Edge off = at.on ? low : high;
  const Halves left = at.left ? Halves{off, no} : Halves{no, off};
  if (at.on) return {node(at.level, left.holds, on.holds), node(at.level, left.fails, on.fails)};
  return {node(at.level, on.holds, left.holds), node(at.level, on.fails, left.fails)};
}

bool Diagram::meet(Edge f, Edge g) {
  if (f == no || g == no || f == !g || exhausted()) return false;
  if (f == yes || g == yes || f == g) return true;
  if (g < f) std::swap(f, g);
  const ComputedTable::Key key{0x200, f.bits_, g.bits_, 0};
  tick();
  if (computed_.find(key) != nullptr) return false;  // only refutations are worth keeping
  const std::uint32_t top = std::min(level(f), level(g));
  const bool result =
      meet(low_at(f, top), low_at(g, top)) || meet(high_at(f, top), high_at(g, top));
  if (!result) computed_.put(key, 0);
  return result;
}

Edge Diagram::restrict(Edge f, std::uint32_t at, bool value) {
  if (level(f) > at || exhausted()) return f;
  if (level(f) == at) return value ? high(f) : low(f);
  const ComputedTable::Key key{0x300 + static_cast<std::uint32_t>(value), f.bits_, at, 0};
  if (const std::uint64_t* found = computed_.find(key))
    return Edge(static_cast<std::uint32_t>(*found));
  tick();
  const Edge low = restrict(this->low(f), at, value);
  const Edge high = restrict(this->high(f), at, value);
  const Edge result = node(level(f), low, high);
  computed_.put(key, result.bits_);
  return result;
}

std::vector<bool> Diagram::support(Edge f) const {
  std::vector<bool> levels;
  std::vector<std::uint32_t> open{f.index()};
  std::vector<bool> seen(f.index() + 1);  // children stand before their parents
  seen[0] = true;
  while (!open.empty()) {
    const std::uint32_t index = open.back();
    open.pop_back();
    if (seen[index]) continue;
    seen[index] = true;
    const Node& at = table_[index];
    if (levels.size() <= at.level) levels.resize(at.level + 1);
    levels[at.level] = true;
    open.push_back(at.low >> 1);
    open.push_back(at.high >> 1);
  }
  return levels;
}

std::optional<std::string> Diagram::check() const {
  std::vector<Node> seen;
  for (std::uint32_t i = 1; i < table_.size(); ++i) {
    const Node& at = table_[i];
    const std::string place = "node " + std::to_string(i);
    if (at.low == at.high) return place + " has equal children";
    if ((at.high & 1) != 0) return place + " has a negated high edge";
    for (const std::uint32_t child : {at.low >> 1, at.high >> 1}) {
      if (child >= i) return place + " points forward";
      if (table_[child].level <= at.level) return place + " is not above its child";
    }
    seen.push_back(at);
  }
  std::sort(seen.begin(), seen.end(), [](const Node& a, const Node& b) {
    return std::tie(a.level, a.low, a.high) < std::tie(b.level, b.low, b.high);
  });
  if (std::adjacent_find(seen.begin(), seen.end()) != seen.end()) return "a node exists twice";
  return std::nullopt;
}

}  // namespace assay::symbolic
