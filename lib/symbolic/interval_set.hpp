// A set of 32-bit values as rising intervals with gaps between.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace assay::symbolic {

// Values first..last.
struct Interval {
  std::uint32_t first;
  std::uint32_t last;
  friend bool operator==(const Interval&, const Interval&) = default;
};

class IntervalSet {
 public:
  IntervalSet() = default;
  explicit IntervalSet(std::vector<Interval> rising) : intervals_(std::move(rising)) {}

  bool empty() const { return intervals_.empty(); }
  std::size_t size() const { return intervals_.size(); }
  std::uint32_t lowest() const { return intervals_.front().first; }
  std::span<const Interval> intervals() const { return intervals_; }

  // Behind everything that is in the set.
  void append(const Interval& interval);
  // Moves out of the set what lies in first..last.
  IntervalSet take(std::uint32_t first, std::uint32_t last);
  void add(IntervalSet&& other);

 private:
  std::vector<Interval> intervals_;
};

}  // namespace assay::symbolic
