// One line of strace, taken apart: what stands before the call, and what kind of line it is.
// Which options strace had is not recorded, so every part is recognised by its looks.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "assay/seccomp/arch.hpp"

namespace assay::trace {

struct StraceLine {
  enum class Kind : std::uint8_t {
    Call,      // name and rest, which starts after the (
    Resumed,   // name and rest, which starts after "resumed>"
    Trapped,   // SIGSYS by seccomp
    Killed,    // by SIGSYS
    Ended,     // the thread has
    Mode,      // thread `subject` runs in `mode` from now on
    Attached,  // thread `subject`
    Nothing,   // other signals, stack traces, summaries, blank lines
    Unknown,
  };
  Kind kind = Kind::Unknown;
  std::optional<std::uint32_t> pid;
  std::optional<std::uint32_t> nr;
  std::optional<std::uint64_t> ip;
  std::string_view name;
  std::string_view rest;
  std::uint32_t subject = 0;
  enum class Mode : std::uint8_t { Bits64, Bits32, X32 } mode{};
};

StraceLine parse_strace_line(std::string_view line);

}  // namespace assay::trace
