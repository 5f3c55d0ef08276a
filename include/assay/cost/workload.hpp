// A recorded workload as weights: how often each system call was made, and what the filter cost
// for it, as exactly as the recording tells.
//
// A call with all its arguments counts exactly; one of which only the number is known counts
// between its best and its worst. Memory is bounded by the numbers that occur (call_limit).
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "assay/cost/bitmap.hpp"
#include "assay/cost/filter_cost.hpp"

namespace assay::cost {

// One number of one arch.
struct CallWeight {
  std::uint32_t arch = 0;
  std::uint32_t nr = 0;
  std::uint64_t count = 0;
  std::uint64_t least = 0;  // instructions of all of them together
  std::uint64_t most = 0;
};

class Workload {
 public:
  static constexpr std::size_t call_limit = 65536;

  // What is not recorded of a call, arch or number, leaves it out; false then.
  bool add(const trace::Call& call, const FilterCost& cost);
  // Without a filter: weights alone.
  void add(std::uint32_t arch, std::uint32_t nr, std::uint64_t count);

  // The most frequent first.
  std::vector<CallWeight> calls() const;
  std::uint64_t total() const { return total_; }
  std::uint64_t left_out() const { return left_out_; }

 private:
  CallWeight* weight(std::uint32_t arch, std::uint32_t nr);

  std::map<std::uint64_t, CallWeight> weights_;
  std::uint64_t total_ = 0;
  std::uint64_t left_out_ = 0;
};

// Instructions per call of a workload under a filter that it was not recorded with: bounds by
// number, calls in the bitmap free.
struct MeanCost {
  double least = 0;
  double most = 0;
  double in_bitmap = 0;  // share of the calls
};
MeanCost mean_cost(std::span<const CallWeight> calls, const FilterCost& cost, const Bitmap& bitmap);

}  // namespace assay::cost
