// Would the kernel put a system call into the filter's constant-action bitmap, so that the
// call runs no filter at all?
//
// At attach Linux (5.11 and later) emulates the filter with nothing known but nr and arch
// and notes the numbers for which it returns exactly ALLOW (seccomp_is_const_allow() in
// kernel/seccomp.c). A stack's call is in the bitmap when it is in every filter's.
#pragma once

#include <cstdint>
#include <string_view>

#include "assay/verify/program.hpp"

namespace assay::verify {

enum class BitmapAnswer : std::uint8_t {
  Constant,            // in the bitmap
  ReadsInput,          // loads an argument or the instruction pointer
  UsesOther,           // executes something the emulation does not know: X, M[], arithmetic
  ReturnsAccumulator,  // RET A
  NotAllow,            // returns something else than exactly ALLOW
};

struct BitmapReason {
  BitmapAnswer answer{};
  std::size_t insn = 0;  // where the emulation stopped
  friend bool operator==(const BitmapReason&, const BitmapReason&) = default;
};

// The emulation itself, for any pair; which pairs a kernel keeps a bit for (its own arches,
// numbers inside its tables, never x32) is not asked here.
BitmapReason bitmap_answer(const Program& program, std::uint32_t nr, std::uint32_t arch);

std::string_view name(BitmapAnswer answer);

}  // namespace assay::verify
