#include "assay/cost/filter_cost.hpp"

#include <algorithm>
#include <unordered_map>

#include "assay/engine/interpreter.hpp"
#include "assay/symbolic/executed.hpp"

namespace assay::cost {

using seccomp::Words;
using symbolic::ValueTable;
using Place = ValueTable::Place;

FilterCost::FilterCost(ValueTable counts) : counts_(std::move(counts)) {
  extremes_.reserve(counts_.nodes.size());
  for (const ValueTable::Node& node : counts_.nodes) {
    const Extremes low = extremes(node.low);
    const Extremes high = extremes(node.high);
    extremes_.push_back({std::min(low.least, high.least), std::max(low.most, high.most),
                         static_cast<std::uint16_t>(low.words | high.words | 1U << node.bit.word)});
  }
}

tl::expected<FilterCost, symbolic::NotDecided> FilterCost::of(
    std::span<const verify::Program> oldest_first, const seccomp::Semantics& semantics,
    const symbolic::Budget& budget) {
  symbolic::Manager manager(symbolic::Order::for_programs(oldest_first), budget);
  const auto counts = executed_by_stack(manager, oldest_first, semantics);
  if (!counts) return tl::unexpected(counts.error());
  return FilterCost(ValueTable::of(*counts));
}

FilterCost::Extremes FilterCost::extremes(Place place) const {
  if (!counts_.is_value(place)) return extremes_[place];
  return {counts_.value(place), counts_.value(place), 0};
}

// The least and the most with some bits known. Below the last known bit the nodes know already.
class FilterCost::Search {
 public:
  Search(const FilterCost& cost, const Words& known, const Words& values)
      : cost_(cost), known_(known), values_(values) {
    for (std::size_t word = 0; word < known.size(); ++word)
      if (known[word] != 0) words_ |= static_cast<std::uint16_t>(1U << word);
  }

  Bound bound(bool most) {
    Bound bound{value(cost_.counts_.root, most), values_};
    for (std::size_t word = 0; word < known_.size(); ++word) bound.witness[word] &= known_[word];
    for (Place at = cost_.counts_.root; !cost_.counts_.is_value(at);)
      at = next(at, most, bound.instructions, bound.witness);
    return bound;
  }

 private:
  bool knows(const symbolic::InputBit& bit) const { return (known_[bit.word] >> bit.bit & 1) != 0; }
  bool set(const symbolic::InputBit& bit) const { return (values_[bit.word] >> bit.bit & 1) != 0; }

  std::uint32_t value(Place place, bool most) {
    const Extremes all = cost_.extremes(place);
    if ((all.words & words_) == 0) return most ? all.most : all.least;
    const auto found = done_[most].find(place);
    if (found != done_[most].end()) return found->second;
    const ValueTable::Node& node = cost_.counts_.nodes[place];
    std::uint32_t result = 0;
    if (knows(node.bit)) {
      result = value(set(node.bit) ? node.high : node.low, most);
    } else {
      const std::uint32_t low = value(node.low, most);
      const std::uint32_t high = value(node.high, most);
      result = most ? std::max(low, high) : std::min(low, high);
    }
    done_[most].emplace(place, result);
    return result;
  }

  // Towards the bound; sets the bit that leads there.
  Place next(Place place, bool most, std::uint32_t wanted, Words& witness) {
    const ValueTable::Node& node = cost_.counts_.nodes[place];
    const bool on = knows(node.bit) ? set(node.bit) : value(node.low, most) != wanted;
    if (on) witness[node.bit.word] |= 1U << node.bit.bit;
    return on ? node.high : node.low;
  }

  const FilterCost& cost_;
  Words known_;
  Words values_;
  std::uint16_t words_ = 0;
  std::array<std::unordered_map<Place, std::uint32_t>, 2> done_;
};

Bounds FilterCost::bounds(const Words& known, const Words& values) const {
  Search search(*this, known, values);
  return {search.bound(false), search.bound(true)};
}

Bounds FilterCost::call(std::uint32_t arch, std::uint32_t nr) const {
  return bounds({~0U, ~0U}, {nr, arch});
}

Bounds FilterCost::call(const trace::Call& recorded) const {
  const std::endian order = seccomp::byte_order(recorded.data.arch);
  return bounds(seccomp::words(recorded.known, order), seccomp::words(recorded.data, order));
}

}  // namespace assay::cost
