// A part of a long job: item k belongs to share k mod count.
//
// What an item is depends on the job and k alone, so shares may run anywhere, in any order and
// once more after a loss; together they have every item exactly once.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace assay::shard {

struct Share {
  std::uint64_t index = 0;  // below count
  std::uint64_t count = 1;

  bool has(std::uint64_t item) const { return item % count == index; }
  // The share's first item at or after `item`.
  std::uint64_t next(std::uint64_t item) const {
    return item + (index + count - item % count) % count;
  }
  friend bool operator==(const Share&, const Share&) = default;
};

inline constexpr std::uint64_t most_shares = 1'000'000;

// "I/N" with I from 0. N/N means 0/N, so that counting from 1 covers the same items.
std::optional<Share> parse_share(std::string_view text);
std::string to_string(const Share& share);

}  // namespace assay::shard
