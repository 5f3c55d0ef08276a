// Error numbers by name and back, per architecture.
//
// A filter's SECCOMP_RET_ERRNO holds a number, and what it means depends on the machine:
// ENOSYS is 38 on most, 89 on MIPS, 78 on alpha, 90 on sparc, 251 on parisc. The codes that
// the kernel keeps to itself (ERESTARTSYS 512, ENOTSUPP 524, ...) are here as well, since a
// filter may return them. Constant data, shared freely.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "assay/seccomp/arch.hpp"

namespace assay::names {

enum class ErrnoFamily : std::uint8_t { Generic, PowerPc, Mips, Sparc, Parisc, Alpha };
ErrnoFamily errno_family(seccomp::Arch arch);

std::optional<std::uint16_t> errno_number(seccomp::Arch arch, std::string_view name);

// Of several names for one number the usual one: EAGAIN, not EWOULDBLOCK.
std::optional<std::string_view> errno_name(seccomp::Arch arch, std::uint32_t number);

// Whether the number is one that the kernel never gives to programs by itself.
constexpr bool is_kernel_internal_errno(std::uint32_t number) {
  return number >= 512 && number <= 531;
}

std::vector<std::string_view> all_errno_names(seccomp::Arch arch);

}  // namespace assay::names
