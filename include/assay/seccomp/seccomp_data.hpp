// What a filter is asked about: struct seccomp_data, one system call as the kernel saw it.
//
//   offset  0  nr                    32 bits, the number as the filter compares it
//           4  arch                  32 bits, AUDIT_ARCH_*
//           8  instruction_pointer   64 bits
//          16  args[0] ... args[5]   64 bits each
//
// A filter never sees 64 bits at once but sixteen 32-bit words; which half of a 64-bit
// field comes first is the byte order of the machine, fixed by arch (seccomp/arch.hpp).
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace assay::seccomp {

struct SeccompData {
  std::uint32_t nr = 0;
  std::uint32_t arch = 0;
  std::uint64_t instruction_pointer = 0;
  std::array<std::uint64_t, 6> args{};

  friend constexpr bool operator==(const SeccompData&, const SeccompData&) = default;
};

inline constexpr std::uint32_t data_bytes = 64;
static_assert(sizeof(SeccompData) == data_bytes);

inline constexpr std::size_t data_words = data_bytes / 4;
// words[i] is what LD W ABS loads from offset 4 * i.
using Words = std::array<std::uint32_t, data_words>;

constexpr Words words(const SeccompData& data, std::endian order) {
  Words result{data.nr, data.arch};
  const auto put = [&](std::size_t at, std::uint64_t value) {
    const bool low_first = order == std::endian::little;
    result[at + (low_first ? 0 : 1)] = static_cast<std::uint32_t>(value);
    result[at + (low_first ? 1 : 0)] = static_cast<std::uint32_t>(value >> 32);
  };
  put(2, data.instruction_pointer);
  for (std::size_t i = 0; i < data.args.size(); ++i) put(4 + 2 * i, data.args[i]);
  return result;
}

// The record whose words these are: the inverse of words().
constexpr SeccompData from_words(const Words& from, std::endian order) {
  const auto pair = [&](std::size_t at) {
    const bool low_first = order == std::endian::little;
    const std::uint64_t low = from[at + (low_first ? 0 : 1)];
    const std::uint64_t high = from[at + (low_first ? 1 : 0)];
    return high << 32 | low;
  };
  SeccompData data{from[0], from[1], pair(2), {}};
  for (std::size_t i = 0; i < data.args.size(); ++i) data.args[i] = pair(4 + 2 * i);
  return data;
}

}  // namespace assay::seccomp
