// Reduced ordered binary decision diagrams with complement edges, in one arena.
//
// A level is a place in the variable order, 0 at the top; what input bit stands there is
// known elsewhere (symbolic/order.hpp). Canonical: the high edge of a node is never negated,
// no node has equal children, no triple exists twice. check() tests all that.
//
// When the budget is used up, operations return `no` at once and exhausted() stays true; a
// caller asks once, at the end. For one thread at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "assay/symbolic/budget.hpp"
#include "assay/symbolic/edge.hpp"
#include "symbolic/computed_table.hpp"
#include "symbolic/unique_table.hpp"

namespace assay::symbolic {

inline constexpr std::uint32_t leaf_level = 0xffffffff;

// A comparison that one path through the diagram decides: at each link the bit either
// goes on along the chain, or leaves it with an answer.
struct Link {
  std::uint32_t level;
  bool on;    // the value of the bit that goes on
  bool left;  // the answer for the other value
};
struct Chain {
  std::span<const Link> links;  // levels rising
  bool end;                     // the answer behind the last link
};

class Diagram {
 public:
  explicit Diagram(const Budget& budget = {});

  Edge variable(std::uint32_t level);
  Edge conjunction(Edge f, Edge g);
  Edge disjunction(Edge f, Edge g) { return !conjunction(!f, !g); }
  Edge exclusive(Edge f, Edge g);
  Edge choice(Edge condition, Edge then, Edge otherwise);
  Edge of(const Chain& chain);

  // f where the comparison holds, and f where it fails, in one walk.
  struct Halves {
    Edge holds, fails;
  };
  Halves split(Edge f, const Chain& chain);

  // Whether some input satisfies both; makes no node.
  bool meet(Edge f, Edge g);

  // f with the bit at `level` fixed.
  Edge restrict(Edge f, std::uint32_t level, bool value);

  std::uint32_t level(Edge f) const { return table_[f.index()].level; }
  Edge low(Edge f) const { return Edge(table_[f.index()].low).negated_if(f.negated()); }
  Edge high(Edge f) const { return Edge(table_[f.index()].high).negated_if(f.negated()); }
  // The children when the bit at `level`, not below f's own, is 0 and 1.
  Edge low_at(Edge f, std::uint32_t at) const { return level(f) == at ? low(f) : f; }
  Edge high_at(Edge f, std::uint32_t at) const { return level(f) == at ? high(f) : f; }
  // The node itself; children must be canonical edges below `level`.
  Edge node(std::uint32_t level, Edge low, Edge high);

  // The levels that f depends on.
  std::vector<bool> support(Edge f) const;

  // Whether f is a single variable, perhaps negated.
  bool is_literal(Edge f) const {
    return f.index() != 0 && low(f) == !high(f) && high(f).index() == 0;
  }

  bool exhausted() const { return limit_ != Limit::None; }
  NotDecided not_decided() const { return {limit_, counters()}; }
  Counters counters() const;
  std::size_t bytes() const { return table_.bytes() + computed_.bytes(); }
  // For what else needs memory, in nodes of node_bytes: it shares the budget.
  std::size_t most_nodes() const { return budget_.nodes; }
  bool charge(std::size_t nodes);
  void refund(std::size_t nodes) { other_nodes_ -= nodes; }
  void count_call(Work work) { ++counters_.calls[static_cast<std::size_t>(work)]; }
  void count_hit(Work work) { ++counters_.remembered[static_cast<std::size_t>(work)]; }

  // What is wrong with the arena, if anything: the invariants above, for every node.
  std::optional<std::string> check() const;

 private:
  std::optional<Edge> plain_conjunction(Edge f, Edge g) const;
  std::optional<Edge> remembered(Work work, Edge f, Edge g, Edge h = yes);
  Edge remember(Work work, Edge f, Edge g, Edge h, Edge result);
  Halves split(Edge f, const Chain& chain, std::size_t link);
  void tick();
  bool full() const { return table_.size() + other_nodes_ >= budget_.nodes; }

  Budget budget_;
  std::chrono::steady_clock::time_point start_;
  UniqueTable table_;
  ComputedTable computed_;
  std::uint32_t splits_ = 0;
  std::size_t other_nodes_ = 0;
  std::uint32_t ticks_ = 0;
  Limit limit_ = Limit::None;
  Counters counters_;
};

}  // namespace assay::symbolic
