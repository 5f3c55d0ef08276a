// The system calls that have names, each with what it costs and whether it is in the bitmap: the
// rows that people read.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "assay/cost/bitmap.hpp"
#include "assay/cost/filter_cost.hpp"
#include "assay/cost/workload.hpp"

namespace assay::cost {

struct CallRow {
  seccomp::Arch arch{};
  std::uint32_t nr = 0;
  std::string name;  // "nr 512" for a number without one
  Bounds bounds;
  BitmapPlace place;
  std::string why;          // it is not in the bitmap
  std::uint64_t calls = 0;  // of a workload
};

// The ABIs worth telling of: those that the kernel keeps bits for, else its own, then those that
// the filters compare arch with, as far as they have names.
std::vector<seccomp::Arch> arches_of(std::span<const verify::Program> oldest_first,
                                     const seccomp::Semantics& semantics = {});

// By arch, then by number.
std::vector<CallRow> named_calls(std::span<const seccomp::Arch> arches, const FilterCost& cost,
                                 const Bitmap& bitmap);
// Of a workload, the most frequent first.
std::vector<CallRow> calls_of(const Workload& workload, const FilterCost& cost,
                              const Bitmap& bitmap);

// Each named call once: weights where there is no recording.
std::vector<CallWeight> even_weights(std::span<const CallRow> rows);

}  // namespace assay::cost
