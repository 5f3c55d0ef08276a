// What the kernel takes from an argument of a system call: from arguments.tsv for the widths,
// and from a table of normalisers for bits that it ignores.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "assay/seccomp/arch.hpp"

namespace assay::audit {

enum class Width : std::uint8_t {
  Signed32,
  Unsigned32,
  Half16,    // umode_t
  Full,      // all 64 bits
  Pointer,   // an address
  Cut,       // declared as 64 bits and cut to 32 inside
  Rejected,  // an error where the high half is not 0
};

// Nothing for a call or an argument that the table does not have.
std::optional<Width> width_of(std::string_view call, std::size_t argument);
// Whether the high half makes no difference.
bool is_cut(Width width);

// Bits of an argument that make no difference to what the call does, beyond its width.
struct Ignored {
  std::string_view call;
  std::size_t argument;
  std::uint32_t bits;
  bool x86_only;         // other machines give the bits a meaning, or none is known
  std::string_view why;  // "the kernel looks at 12 bits of a mode"
};
std::span<const Ignored> ignored_bits();

// A value of the upper half of the low word that the kernel drops: MS_MGC_VAL.
struct Magic {
  std::string_view call;
  std::size_t argument;
  std::uint32_t mask;
  std::uint32_t value;
  std::string_view why;
};
std::span<const Magic> magic_values();

// Calls of 32-bit ABIs that take 16-bit ids.
std::span<const std::string_view> calls_with_16_bit_ids(seccomp::Arch arch);

}  // namespace assay::audit
