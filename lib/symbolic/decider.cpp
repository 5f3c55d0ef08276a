#include "assay/symbolic/decider.hpp"

#include <unordered_map>

#include "symbolic/diagram.hpp"

namespace assay::symbolic {
namespace {

// A condition of more nodes is no question that a person asked.
constexpr std::size_t most_nodes = std::size_t{1} << 18;

// Writes a condition down as an InputSet, which needs no manager.
class Transcript {
 public:
  explicit Transcript(const Condition& condition)
      : manager_(condition.manager()), diagram_(manager_.diagram()) {
    set_.root = place(condition.edge());
  }

  std::optional<InputSet> set() && {
    if (set_.nodes.size() > most_nodes) return std::nullopt;
    return std::move(set_);
  }

 private:
  std::uint32_t place(Edge edge) {
    if (edge == no) return 0;
    if (edge == yes || set_.nodes.size() > most_nodes) return 1;
    const auto known = places_.find(edge.hash());
    if (known != places_.end()) return known->second;
    const std::uint32_t low = place(diagram_.low(edge));
    const std::uint32_t high = place(diagram_.high(edge));
    set_.nodes.push_back({manager_.order().at(diagram_.level(edge)), low, high});
    const auto result = static_cast<std::uint32_t>(set_.nodes.size() + 1);
    places_.emplace(edge.hash(), result);
    return result;
  }

  Manager& manager_;
  const Diagram& diagram_;
  std::unordered_map<std::uint32_t, std::uint32_t> places_;
  InputSet set_;
};

}  // namespace

std::optional<InputSet> InputSet::of(const Condition& condition) {
  return Transcript(condition).set();
}

bool InputSet::contains(const seccomp::Words& words) const {
  std::uint32_t at = root;
  while (at > 1) {
    const Node& node = nodes[at - 2];
    at = (words[node.bit.word] >> node.bit.bit & 1) != 0 ? node.high : node.low;
  }
  return at == 1;
}

}  // namespace assay::symbolic
