// One recorded system call: the record that a filter was asked about, as far as the recording
// tells it.
//
// A bit set in `known` is one of `data` that the recording fixes. A bit set in `assumed` it
// leaves open, and data holds what is usual (the upper half of an int printed as 3 is 0). All
// other bits can be anything and are 0 in data; of a pointer printed as what it points to, at
// least, it is not null (`nonzero`). `gaps` says for each argument why it is not wholly known.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "assay/seccomp/seccomp_data.hpp"
#include "assay/seccomp/verdict.hpp"

namespace assay::trace {

enum class Gap : std::uint8_t {
  None,
  HighHalf,   // printed as an int: the upper 32 bits are assumed
  Content,    // printed as what it points to
  Symbolic,   // a name or an expression whose value is not known here
  Unprinted,  // a register that the recorder left out
  Split,      // printed together with another register, or in another unit
};
inline constexpr std::size_t gap_kinds = 6;

// "upper half not recorded"
std::string_view describe(Gap gap);

inline constexpr seccomp::SeccompData every_bit{
    ~0U, ~0U, ~std::uint64_t{0}, {~0ULL, ~0ULL, ~0ULL, ~0ULL, ~0ULL, ~0ULL}};

struct Call {
  seccomp::SeccompData data;
  seccomp::SeccompData known = every_bit;
  seccomp::SeccompData assumed{};
  std::uint8_t nonzero = 0;  // bit i: argument i is not 0, whatever else is not known of it
  std::array<Gap, 6> gaps{};
  bool arch_assumed = false;    // the recording does not say the ABI
  bool number_assumed = false;  // nor which of two calls of that name it was
  std::string name;             // as recorded, where no number is known for it
  std::size_t line = 0;         // from 1; of binary records, the record's index from 1
  std::uint64_t count = 1;      // of calls, in a summary
  std::uint32_t pid = 0;        // 0 where it is not told
  // What was done to the call when it was recorded, where that is told: by a signal in
  // strace, by an audit record. KILL_PROCESS stands for either kill when strace says so.
  std::optional<seccomp::Action> recorded;

  bool complete() const { return known == every_bit; }
};

// A complete one.
Call call_of(const seccomp::SeccompData& record, std::size_t line);
// One of which the number alone is told, by its own number or by name.
Call call_of(std::uint32_t arch, std::uint32_t nr, std::size_t line);

}  // namespace assay::trace
