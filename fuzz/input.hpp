// What the fuzz targets share: a law that must hold, and instructions out of bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <vector>

#include "assay/bpf/opcode.hpp"

namespace fuzz {

inline void require(bool law) {
  if (!law) std::abort();
}

// Takes numbers off the front, little-endian; past the end there are zeros.
struct Bytes {
  std::span<const std::uint8_t> left;

  bool empty() const { return left.empty(); }
  std::uint32_t take(std::size_t count) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < count && !left.empty(); ++i, left = left.subspan(1))
      value |= std::uint32_t{left.front()} << 8 * i;
    return value;
  }
};

enum class Codes : std::uint8_t {
  Any,
  Known,  // an unknown one becomes a known one: random bytes rarely are
};

inline std::vector<assay::bpf::Instruction> instructions_of(Bytes& bytes, Codes codes,
                                                            std::size_t limit) {
  namespace bpf = assay::bpf;
  std::vector<bpf::Instruction> result;
  while (!bytes.empty() && result.size() < limit) {
    auto code = static_cast<std::uint16_t>(bytes.take(2));
    if (codes == Codes::Known && bpf::find_opcode(code) == nullptr)
      code = bpf::opcodes[code % bpf::opcodes.size()].code;
    const auto jt = static_cast<std::uint8_t>(bytes.take(1));
    const auto jf = static_cast<std::uint8_t>(bytes.take(1));
    result.push_back({code, jt, jf, bytes.take(4)});
  }
  return result;
}

}  // namespace fuzz
