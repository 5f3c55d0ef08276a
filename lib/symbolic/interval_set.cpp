#include "symbolic/interval_set.hpp"

#include <algorithm>

namespace assay::symbolic {

void IntervalSet::append(const Interval& interval) {
  if (!intervals_.empty() && intervals_.back().last + 1 == interval.first)
    intervals_.back().last = interval.last;
  else
    intervals_.push_back(interval);
}

IntervalSet IntervalSet::take(std::uint32_t first, std::uint32_t last) {
  const auto begin = std::partition_point(intervals_.begin(), intervals_.end(),
                                          [&](const Interval& i) { return i.last < first; });
  const auto end = std::partition_point(begin, intervals_.end(),
                                        [&](const Interval& i) { return i.first <= last; });
  if (begin == end) return {};
  std::vector<Interval> taken(begin, end);
  std::vector<Interval> left;
  if (taken.front().first < first) left.push_back({taken.front().first, first - 1});
  if (taken.back().last > last) left.push_back({last + 1, taken.back().last});
  taken.front().first = std::max(taken.front().first, first);
  taken.back().last = std::min(taken.back().last, last);
  const auto gap = intervals_.erase(begin, end);
  intervals_.insert(gap, left.begin(), left.end());
  return IntervalSet(std::move(taken));
}

void IntervalSet::add(IntervalSet&& other) {
  if (intervals_.empty()) {
    intervals_.swap(other.intervals_);
    return;
  }
  std::vector<Interval> both;
  both.reserve(intervals_.size() + other.intervals_.size());
  std::merge(intervals_.begin(), intervals_.end(), other.intervals_.begin(), other.intervals_.end(),
             std::back_inserter(both),
             [](const Interval& a, const Interval& b) { return a.first < b.first; });
  intervals_.clear();
  for (const Interval& interval : both) append(interval);
}

}  // namespace assay::symbolic
