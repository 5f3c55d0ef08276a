// Whether the running kernel answers a call out of the filter's constant-action bitmap, by the
// clock, since few kernels show it (/proc/PID/seccomp_cache needs SECCOMP_CACHE_DEBUG).
//
// A harmless call under the filter is timed against the same call under its double, which
// begins with an instruction that is no matter to verdicts and unknown to the kernel's
// emulation, so that the double is never in the bitmap. The call must be allowed. Decided when
// Mann-Whitney's test says p < 0.001 and both the medians and the quickest tenths are 5 ns and
// 4 % of the call under the filter apart (constant), or when the quickest tenths are less than
// 2 ns apart (not constant); else nothing is said.
#pragma once

#include <cstdint>
#include <tl/expected.hpp>

#include "assay/kernel/oracle.hpp"
#include "assay/verify/program.hpp"

namespace assay::kernel {

enum class BitmapSighting : std::uint8_t { Constant, NotConstant, Undecided };

struct BitmapTiming {
  BitmapSighting sighting{};
  double filter_ns = 0;  // medians of a call
  double double_ns = 0;
  double p = 1;  // of the two being alike
};

// `nr` must be one of harmless_calls(). NotAskable numbers and refused filters are failures.
tl::expected<BitmapTiming, Failure> bitmap_timing(const verify::Program& program, std::uint32_t nr);

// Calls without arguments that change nothing: getppid, getuid, sched_yield, ...
std::span<const std::uint32_t> harmless_calls();

// The two-sided p of Mann and Whitney's test, by the normal approximation.
double mann_whitney(std::span<const double> a, std::span<const double> b);

}  // namespace assay::kernel
