// Filters of our own: the sentinel that stands under every filter asked about, and the
// rewriting that makes a filter tell its whole return value.
//
// Of all filters on a thread the strongest action wins, and on a tie the newest filter's
// data. The sentinel answers ERRNO to every call but those of one gate, so that a call under
// test comes back with an errno and is never carried out. A rewritten filter returns 12 bits
// of the original's value as ERRNO data, the most that a caller can see, for every call: three
// rewritings show all 32. What no rewriting can catch is DIV by X = 0, which ends a filter
// with 0 and thus kills its caller; that death is the answer.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "assay/bpf/instruction.hpp"

namespace assay::kernel {

inline constexpr std::uint16_t sentinel_errno = 4094;
inline constexpr std::size_t gate_prologue = 6;  // instructions
// Allows what comes from the gate and returns `answer` for every other call.
std::vector<bpf::Instruction> sentinel(std::uint64_t gate_pointer, std::uint32_t answer);
// The program for every call but those of the gate, which it allows: so that another filter
// can be installed above it. A, X and M[] are as fresh at its first instruction.
std::vector<bpf::Instruction> open_to_gate(std::span<const bpf::Instruction> program,
                                           std::uint64_t gate_pointer);

inline constexpr unsigned value_bits = 12;  // in one answer
inline constexpr unsigned value_parts = 3;
inline constexpr std::size_t value_tail = 4;  // instructions more than the original

// Returns ERRNO | (value >> 12 * part & 0xfff) where the original returns value.
// Instructions stay where they are, so that no jump changes; RET A jumps to a common tail.
std::vector<bpf::Instruction> show_part(std::span<const bpf::Instruction> program, unsigned part);

// All parts in one program: the one that is shown depends on the low word of the pointer of
// the call, first_pointer + part * distance. Only for what does not read the pointer itself.
std::vector<bpf::Instruction> show_parts(std::span<const bpf::Instruction> program,
                                         std::uint64_t first_pointer, std::uint64_t distance);
constexpr std::size_t show_parts_size(std::size_t size) {
  return 2 * value_parts + value_parts * (size + value_tail + 1);
}

}  // namespace assay::kernel
