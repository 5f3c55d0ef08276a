// The child of one round: times a call without filters and with them.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "assay/bpf/instruction.hpp"
#include "assay/kernel/measure.hpp"

namespace assay::kernel {

inline constexpr unsigned measure_chunks = 40;  // of a round; the quickest one counts

// In memory that parent and child share.
struct Round {
  std::uint32_t plain_nr;  // what is timed without filters
  std::uint32_t nr;
  std::uint64_t args[6];
  std::uint32_t calls;  // of a chunk
  int error;            // errno of what failed
  std::uint32_t done;
  std::uint64_t plain_ticks;  // of the quickest chunk
  std::uint64_t filtered_ticks;
};

using Filters = std::vector<std::vector<bpf::Instruction>>;

// Never returns. No filters at all: both times are without.
[[noreturn]] void run_round(Round& round, const Filters& filters, int cpu);

}  // namespace assay::kernel
