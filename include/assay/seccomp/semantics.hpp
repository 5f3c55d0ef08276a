// Which kernel's rules apply: a Linux version and the engine that runs the filter there.
//
// Everything in which kernels differ for a filter is a field here, derived from the name
// "linux-VERSION[-ARCH[-jit|-interpreter]]"; nothing else in assay asks for a version.
// Versions are mainline releases; a stable branch may have a later rule by backport.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "assay/seccomp/arch.hpp"

namespace assay::seccomp {

struct KernelVersion {
  unsigned major = 0;
  unsigned minor = 0;
  friend constexpr auto operator<=>(const KernelVersion&, const KernelVersion&) = default;
};

// How LSH and RSH by X treat a count above 31.
enum class ShiftRule : std::uint8_t {
  Modulo32,              // x86, arm64, riscv, mips64 and every interpreter
  Modulo64ZeroAbove31,   // the ppc64le JIT: 33 gives 0, 64 leaves A alone
  Modulo256ZeroAbove31,  // the 32-bit arm JIT
};

// A shift by X: the count the engine uses, or 32 for "the result is 0".
constexpr std::uint32_t shift_count(ShiftRule rule, std::uint32_t x) {
  switch (rule) {
    case ShiftRule::Modulo64ZeroAbove31: return (x & 63) < 32 ? x & 63 : 32;
    case ShiftRule::Modulo256ZeroAbove31: return (x & 255) < 32 ? x & 255 : 32;
    case ShiftRule::Modulo32: break;
  }
  return x & 31;
}

struct Semantics {
  KernelVersion version{6, 18};
  Arch machine = Arch::x86_64;  // whose kernel runs the filter
  bool jit = true;

  ShiftRule shift = ShiftRule::Modulo32;
  bool xor_accepted = true;            // 3.10
  bool converted_chain = true;         // 3.16: the chain budget counts the converted length
  bool errno_capped = true;            // 4.0: ERRNO data above 4095 counts as 4095
  bool signed_actions = true;          // 4.14: mask 0xffff0000, signed; before 0x7fff0000
  bool kill_process = true;            // 4.14, with LOG
  bool user_notif = true;              // 5.0
  bool unknown_kills_process = true;   // 5.10; before, an unknown action kills the thread
  bool constant_bitmap = true;         // 5.11
  bool uretprobe_exempt = true;        // 6.14: x86_64 nr 335 runs no filter
  bool uprobe_exempt = true;           // 6.18: x86_64 nr 336
  std::uint32_t install_flags = 0x3f;  // SECCOMP_FILTER_FLAG_* that are known

  std::string name() const;  // "linux-6.18"; the machine is named unless it is x86_64
  friend bool operator==(const Semantics&, const Semantics&) = default;
};

// Linux 6.18 on x86_64.
inline constexpr std::string_view current_semantics = "linux-6.18";

// From "linux-4.14", "linux-6.12-ppc64le-jit", ...; nothing for a name that is none, a
// version before 3.5 (which had no filters) or after the newest one described here.
std::optional<Semantics> find_semantics(std::string_view name);

}  // namespace assay::seccomp
