// The kernel's own cost of filters: how much longer a call takes under a stack, in nanoseconds.
//
// Each round is a child that stays on one CPU, times the call without filters and then with them,
// and ends; rounds of all questions alternate, so that what changes on the machine touches them
// alike. The answer is the median of the rounds' differences with its confidence interval, beside
// one of no filter at all; what that noise does not support is no number.
//
// A call runs only when it is of a short list that is harmless with any arguments. For any other
// RET ALLOW is rewritten to RET ERRNO, instruction for instruction: the call is refused and its
// body never runs, and the kernel cannot have it in its bitmap. It is then compared with a number
// that has no body either. Calls that a filter answers with a signal are not timed.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <span>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "assay/kernel/oracle.hpp"
#include "assay/verify/program.hpp"

namespace assay::kernel {

struct TimedCall {
  std::vector<verify::Program> stack;  // oldest first
  std::uint32_t nr = 0;                // of the native ABI
  std::array<std::uint64_t, 6> args{};
};

// Nanoseconds: a median and where it lies with 95 % confidence.
struct Estimate {
  double median = 0;
  double low = 0;
  double high = 0;
  friend bool operator==(const Estimate&, const Estimate&) = default;
};
// Of any samples; the interval is that of order statistics, whatever their distribution.
Estimate estimate(std::vector<double> samples);

enum class NotTimed : std::uint8_t {
  None,
  Exempt,     // runs no filter, or is no call that may be asked about
  Signalled,  // the filters kill or trap it
  Returned,   // RET A: what it returns cannot be rewritten
  Refused,    // the kernel did not take the stack
  Lost,       // children did not come back
  Noise,      // the interval is too wide, or reaches what no filter at all shows
};
std::string_view describe(NotTimed reason);

struct Timing {
  NotTimed not_timed = NotTimed::None;
  Estimate added;              // by the stack; meant when not_timed is None
  bool rewritten = false;      // RET ALLOW was made RET ERRNO, which excludes the bitmap
  bool prefixed = false;       // two instructions in front let the next filter be installed
  std::uint32_t executed = 0;  // instructions, by what was installed
  int error = 0;               // Refused: errno
};

struct Timings {
  std::vector<Timing> timings;  // as asked
  Estimate nothing;             // what no filter at all seems to add
};

struct MeterOptions {
  unsigned rounds = 31;
  unsigned calls = 20'000;  // of each kind in a round
  std::chrono::milliseconds limit{60'000};
};

tl::expected<Timings, Unavailable> time_calls(std::span<const TimedCall> calls,
                                              const MeterOptions& options = {});

// Whether the call may run as it is.
bool runs_harmlessly(std::uint32_t nr);

}  // namespace assay::kernel
