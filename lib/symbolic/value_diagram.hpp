// Functions from the input to a 32-bit value: decision diagrams with values as leaves.
//
// Reduced and ordered like Diagram, with the same levels, without complement edges: equal
// functions are equal handles. Shares a Diagram's budget. For one thread at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "symbolic/diagram.hpp"
#include "symbolic/word.hpp"

namespace assay::symbolic {

class ValueEdge {
 public:
  constexpr ValueEdge() = default;
  friend constexpr bool operator==(ValueEdge, ValueEdge) = default;
  friend constexpr bool operator<(ValueEdge a, ValueEdge b) { return a.index_ < b.index_; }
  constexpr std::uint32_t index() const { return index_; }

 private:
  friend class ValueDiagram;
  explicit constexpr ValueEdge(std::uint32_t index) : index_(index) {}
  std::uint32_t index_ = 0;
};

class ValueDiagram {
 public:
  explicit ValueDiagram(Diagram& conditions)
      : conditions_(conditions), table_(conditions.most_nodes()) {
    leaf(0);
  }

  ValueEdge leaf(std::uint32_t value);
  bool is_leaf(ValueEdge f) const { return table_[f.index()].level == leaf_level; }
  std::uint32_t value(ValueEdge leaf) const { return table_[leaf.index()].low; }

  ValueEdge choice(Edge condition, ValueEdge then, ValueEdge otherwise);
  // The same of a comparison, in one walk along it where nothing branches above.
  ValueEdge choice(const Chain& chain, ValueEdge then, ValueEdge otherwise);
  // The word's value where the condition holds, 0 elsewhere. As many leaves as values.
  ValueEdge of(Edge condition, const Word& word);
  using Map = std::function<std::uint32_t(std::uint32_t)>;
  ValueEdge mapped(ValueEdge f, const Map& map);
  using Combine = std::function<std::uint32_t(std::uint32_t, std::uint32_t)>;
  ValueEdge combined(ValueEdge f, ValueEdge g, const Combine& combine);

  // Where f has a value that `accepted` names.
  Edge where(ValueEdge f, const std::function<bool(std::uint32_t)>& accepted);
  // Where the two have different values.
  Edge differ(ValueEdge f, ValueEdge g);
  std::vector<std::uint32_t> values(ValueEdge f) const;  // rising

  std::uint32_t level(ValueEdge f) const { return table_[f.index()].level; }
  ValueEdge low(ValueEdge f) const { return ValueEdge(table_[f.index()].low); }
  ValueEdge high(ValueEdge f) const { return ValueEdge(table_[f.index()].high); }
  ValueEdge low_at(ValueEdge f, std::uint32_t at) const { return level(f) == at ? low(f) : f; }
  ValueEdge high_at(ValueEdge f, std::uint32_t at) const { return level(f) == at ? high(f) : f; }
  ValueEdge restrict(ValueEdge f, std::uint32_t level, bool value);

  // A handle kept as a number by VerdictFunction.
  static constexpr ValueEdge handle(std::uint32_t index) { return ValueEdge(index); }

  std::optional<std::string> check() const;
  std::size_t bytes() const { return table_.bytes(); }

 private:
  ValueEdge node(std::uint32_t level, ValueEdge low, ValueEdge high);
  ValueEdge placed(const Node& node);

  Diagram& conditions_;
  UniqueTable table_;
};

}  // namespace assay::symbolic
