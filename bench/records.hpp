// System calls as a busy service makes them, mixed with what a fuzzer might try: the same
// on every run.
#pragma once

#include <vector>

#include "assay/seccomp/seccomp_data.hpp"

namespace assay::bench {

inline constexpr std::size_t record_count = 100'000;

// 60 % frequent calls, 40 % random numbers; 5 % of all are i386's.
std::vector<seccomp::Words> mixed_records();

// For FilterKind::Arguments: 60 % calls whose verdict depends on a 64-bit argument, which is now
// an allowed one, now its neighbour, now any; 40 % others. x86_64 alone.
std::vector<seccomp::Words> argument_records();

// For libpcap, which reads its input in network order.
std::vector<seccomp::Words> byte_swapped(const std::vector<seccomp::Words>& records);

}  // namespace assay::bench
