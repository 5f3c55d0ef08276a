// Which of a machine's ABIs a call was made through, and where that puts its arguments.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "assay/seccomp/arch.hpp"

namespace assay::trace {

// Whose calls an AUDIT_ARCH number has: x32's with bit 30 in nr. None for a number of no arch.
std::optional<seccomp::Arch> abi_of(std::uint32_t audit, std::uint32_t nr);

// The ABIs that one kernel serves, the given one among them: {x86_64, x86, x32}.
std::span<const seccomp::Arch> abis_beside(seccomp::Arch arch);
seccomp::Arch arch_32_bit_of(seccomp::Arch arch);
seccomp::Arch arch_64_bit_of(seccomp::Arch arch);
bool is_32_bit(seccomp::Arch arch);

// Whether names of flags have the values that names::constant_value knows.
bool has_usual_constants(seccomp::Arch arch);

// The call socketcall or ipc makes for another of that name: its number, and the first
// argument, which says which one. ipc's has a version in its upper half.
struct Multiplexed {
  std::uint32_t nr = 0;
  std::uint32_t call = 0;
  std::uint64_t known = 0;  // bits of call that are certain
};
std::optional<Multiplexed> multiplexed(seccomp::Arch arch, std::string_view name);

// The first argument of a decoded call that is not one register of its own: a 64-bit value in
// two, or an offset printed in bytes and passed in pages. 6 for none.
std::size_t first_split(seccomp::Arch arch, std::string_view name);

// Where clone's named argument stands.
std::optional<std::size_t> clone_position(seccomp::Arch arch, std::string_view argument);

// Whether the first argument of a call is a descriptor, which decoded traces print in decimal.
bool takes_descriptor(std::string_view name);

}  // namespace assay::trace
