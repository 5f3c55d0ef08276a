#include "assay/symbolic/value_table.hpp"

#include <unordered_map>

#include "symbolic/meaning.hpp"
#include "symbolic/value_diagram.hpp"

namespace assay::symbolic {
namespace {

class Transcript {
 public:
  explicit Transcript(Manager& manager) : manager_(manager), diagram_(manager.values()) {}

  ValueTable of(ValueEdge root) && {
    table_.root = place(root);
    // Values stand behind all nodes, whose number is known only now.
    const auto nodes = static_cast<ValueTable::Place>(table_.nodes.size());
    const auto settle = [&](ValueTable::Place& at) {
      if ((at & value_mark) != 0) at = nodes + (at & ~value_mark);
    };
    for (ValueTable::Node& node : table_.nodes) {
      settle(node.low);
      settle(node.high);
    }
    settle(table_.root);
    return std::move(table_);
  }

 private:
  static constexpr ValueTable::Place value_mark = 0x80000000;

  ValueTable::Place place(ValueEdge edge) {
    const auto known = places_.find(edge.index());
    if (known != places_.end()) return known->second;
    const ValueTable::Place result = diagram_.is_leaf(edge) ? add_value(edge) : add_node(edge);
    places_.emplace(edge.index(), result);
    return result;
  }

  ValueTable::Place add_value(ValueEdge leaf) {
    table_.values.push_back(diagram_.value(leaf));
    return value_mark | static_cast<ValueTable::Place>(table_.values.size() - 1);
  }

  ValueTable::Place add_node(ValueEdge edge) {
    const ValueTable::Place low = place(diagram_.low(edge));
    const ValueTable::Place high = place(diagram_.high(edge));
    table_.nodes.push_back({manager_.order().at(diagram_.level(edge)), low, high});
    return static_cast<ValueTable::Place>(table_.nodes.size() - 1);
  }

  Manager& manager_;
  const ValueDiagram& diagram_;
  std::unordered_map<std::uint32_t, ValueTable::Place> places_;
  ValueTable table_;
};

}  // namespace

ValueTable ValueTable::of(const VerdictFunction& function) {
  return Transcript(function.manager()).of(handle(function.root()));
}

std::uint32_t ValueTable::at(const seccomp::Words& words) const {
  Place place = root;
  while (!is_value(place)) {
    const Node& node = nodes[place];
    place = (words[node.bit.word] >> node.bit.bit & 1) != 0 ? node.high : node.low;
  }
  return value(place);
}

}  // namespace assay::symbolic
