// The nodes of a diagram, each distinct triple once: an arena that only grows, and a hash
// table of indices into it (open addressing, linear probing).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace assay::symbolic {

struct Node {
  std::uint32_t level;
  std::uint32_t low;   // where the bit is 0
  std::uint32_t high;  // where it is 1
  friend bool operator==(const Node&, const Node&) = default;
};

class UniqueTable {
 public:
  // `most`: how many nodes its user will make.
  explicit UniqueTable(std::size_t most) : most_(most), slots_(initial_slots, empty) {
    nodes_.reserve(initial_slots / 2);
  }

  const Node& operator[](std::uint32_t index) const { return nodes_[index]; }
  std::size_t size() const { return nodes_.size(); }
  std::size_t bytes() const {
    return nodes_.size() * sizeof(Node) + slots_.size() * sizeof(std::uint32_t);
  }

  // The index of the node, made when it is new.
  std::uint32_t find_or_add(const Node& node) {
    std::size_t slot = hash(node) & (slots_.size() - 1);
    for (; slots_[slot] != empty; slot = (slot + 1) & (slots_.size() - 1))
      if (nodes_[slots_[slot]] == node) return slots_[slot];
    const auto index = static_cast<std::uint32_t>(nodes_.size());
    if (nodes_.size() == nodes_.capacity()) reserve_more();
    nodes_.push_back(node);
    slots_[slot] = index;
    if (nodes_.size() * 2 > slots_.size()) grow_slots();
    return index;
  }

 private:
  static constexpr std::uint32_t empty = 0xffffffff;
  static constexpr std::size_t initial_slots = std::size_t{1} << 14;
  static constexpr std::size_t small = std::size_t{1} << 16;

  static std::size_t hash(const Node& node) {
    const std::uint64_t children = std::uint64_t{node.high} << 32 | node.low;
    const std::uint64_t mixed = (children ^ std::uint64_t{node.level} << 17) * 0x9e3779b97f4a7c15;
    return static_cast<std::size_t>(mixed ^ mixed >> 32);
  }

  // Large blocks in large steps: while one is copied into the next both take memory, and what
  // is not used of a block yet is addresses alone.
  void reserve_more() {
    const std::size_t twice = 2 * nodes_.capacity();
    nodes_.reserve(twice <= small ? twice : std::max(twice, std::min(most_, 4 * twice)));
  }

  void grow_slots() {
    const std::size_t count = slots_.size() * 2;
    std::vector<std::uint32_t>().swap(slots_);  // given back before the new one is taken
    slots_.assign(count, empty);
    for (std::uint32_t index = 0; index < nodes_.size(); ++index) {
      std::size_t slot = hash(nodes_[index]) & (slots_.size() - 1);
      while (slots_[slot] != empty) slot = (slot + 1) & (slots_.size() - 1);
      slots_[slot] = index;
    }
  }

  std::size_t most_;
  std::vector<Node> nodes_;
  std::vector<std::uint32_t> slots_;
};

}  // namespace assay::symbolic
