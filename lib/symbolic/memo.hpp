// What one walk over a diagram has found so far, by node. Nothing is forgotten before the walk
// ends, so that it is charged to the diagram's budget; when that is used up the walk's results
// mean nothing, as any operation's.
#pragma once

#include <cstddef>
#include <unordered_map>
#include <utility>

#include "symbolic/diagram.hpp"

namespace assay::symbolic {

template <class Key, class Value, class Hash = std::hash<Key>>
class Memo {
 public:
  explicit Memo(Diagram& diagram) : diagram_(diagram) {}
  ~Memo() { diagram_.refund(weight * entries_.size()); }
  Memo(const Memo&) = delete;
  Memo& operator=(const Memo&) = delete;

  const Value* find(const Key& key) const {
    const auto at = entries_.find(key);
    return at == entries_.end() ? nullptr : &at->second;
  }

  const Value& put(const Key& key, const Value& value) {
    const auto [at, fresh] = entries_.emplace(key, value);
    if (fresh) diagram_.charge(weight);
    return at->second;
  }

  std::size_t size() const { return entries_.size(); }

 private:
  // With what the map and the heap add to an entry.
  static constexpr std::size_t weight =
      (sizeof(std::pair<const Key, Value>) + 32 + node_bytes - 1) / node_bytes;

  Diagram& diagram_;
  std::unordered_map<Key, Value, Hash> entries_;
};

}  // namespace assay::symbolic
