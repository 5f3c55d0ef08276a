// One instruction of classic BPF as Linux stores it: struct sock_filter.
//
// Any bit pattern is an Instruction. Whether Linux accepts it is decided by
// verify::accept, and what it means stands in bpf/opcode.hpp. The four fields are
// plain numbers; byte order exists only in bpf/codec.hpp.
#pragma once

#include <cstddef>
#include <cstdint>

namespace assay::bpf {

struct Instruction {
  std::uint16_t code = 0;
  std::uint8_t jt = 0;  // instructions to skip when a conditional jump is taken
  std::uint8_t jf = 0;  // and when it is not
  std::uint32_t k = 0;

  friend constexpr bool operator==(const Instruction&, const Instruction&) = default;
};

// BPF_MAXINSNS: what seccomp(2) and setsockopt(2) take at most.
inline constexpr std::size_t max_instructions = 4096;
// BPF_MEMWORDS: the cells of the scratch memory M[].
inline constexpr std::size_t scratch_words = 16;

}  // namespace assay::bpf
