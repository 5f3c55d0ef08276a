// Results of recursive operations, so that no pair of nodes is combined twice. Direct-mapped
// and lossy: a later result may push an earlier one out, which costs time and nothing else.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace assay::symbolic {

class ComputedTable {
 public:
  struct Key {
    std::uint32_t operation;  // Work, and whatever tells two uses of it apart
    std::uint32_t f, g, h;
    friend bool operator==(const Key&, const Key&) = default;
  };

  // `nodes`: of the diagram, at most. Of its memory the table takes an eighth.
  explicit ComputedTable(std::size_t nodes)
      : most_entries_(std::max(initial_entries, std::bit_floor(nodes / 8))),
        entries_(initial_entries) {}

  std::size_t bytes() const { return entries_.size() * sizeof(Entry); }

  const std::uint64_t* find(const Key& key) const {
    const Entry& entry = entries_[slot(key)];
    return entry.key == key ? &entry.result : nullptr;
  }

  void put(const Key& key, std::uint64_t result) {
    Entry& entry = entries_[slot(key)];
    if (entry.key.operation != unused) ++displaced_;
    entry = {key, result};
    if (displaced_ > entries_.size() && entries_.size() < most_entries_) grow();
  }

 private:
  static constexpr std::uint32_t unused = 0xffffffff;
  static constexpr std::size_t initial_entries = std::size_t{1} << 12;
  struct Entry {
    Key key{unused, 0, 0, 0};
    std::uint64_t result = 0;
  };

  std::size_t slot(const Key& key) const {
    std::uint64_t mixed = (std::uint64_t{key.f} << 32 | key.g) * 0x9e3779b97f4a7c15;
    mixed ^= (std::uint64_t{key.h} << 32 | key.operation) * 0xc2b2ae3d27d4eb4f;
    return static_cast<std::size_t>(mixed ^ mixed >> 31) & (entries_.size() - 1);
  }

  void grow() {
    std::vector<Entry> old(std::min(entries_.size() * 4, most_entries_));
    old.swap(entries_);
    displaced_ = 0;
    for (const Entry& entry : old)
      if (entry.key.operation != unused) entries_[slot(entry.key)] = entry;
  }

  std::size_t most_entries_;
  std::vector<Entry> entries_;
  std::size_t displaced_ = 0;
};

}  // namespace assay::symbolic
