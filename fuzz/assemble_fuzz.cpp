// Laws of assembly text. For any instructions at all, junk included: assemble(disassemble(x))
// is x. For any text at all: what assembles disassembles to text that assembles to the same.
//
// The first byte chooses: even for instructions, odd for text.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string_view>
#include <vector>

#include "assay/bpf/assemble.hpp"
#include "assay/bpf/disassemble.hpp"
#include "assay/bpf/opcode.hpp"

namespace bpf = assay::bpf;

namespace {

constexpr std::size_t limit = 1024;

void require(bool law) {
  if (!law) std::abort();
}

void check_instructions(std::span<const bpf::Instruction> instructions) {
  const bpf::Decoded again = bpf::assemble(bpf::disassemble(instructions), limit);
  require(again && again->size() == instructions.size());
  require(std::equal(again->begin(), again->end(), instructions.begin()));
}

// As they come, or with codes that exist, which random bytes rarely are.
std::vector<bpf::Instruction> instructions_of(std::span<const std::uint8_t> bytes, bool known) {
  std::vector<bpf::Instruction> result;
  for (; bytes.size() >= 8 && result.size() < limit; bytes = bytes.subspan(8)) {
    const auto byte = [&](std::size_t i) { return std::uint32_t{bytes[i]}; };
    const auto code = static_cast<std::uint16_t>(byte(0) | byte(1) << 8);
    result.push_back({known ? bpf::opcodes[code % bpf::opcodes.size()].code : code, bytes[2],
                      bytes[3], byte(4) | byte(5) << 8 | byte(6) << 16 | byte(7) << 24});
  }
  return result;
}

void check_text(std::string_view text) {
  const bpf::Decoded assembled = bpf::assemble(text, limit);
  if (assembled) {
    require(assembled->size() <= limit);
    check_instructions(*assembled);
  } else {
    require(assembled.error().offset <= text.size());
    require(bpf::to_string(assembled.error()).size() < 1000);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::span<const std::uint8_t> rest(data + 1, size - 1);
  if (data[0] % 2 == 1) {
    check_text({reinterpret_cast<const char*>(rest.data()), rest.size()});
    return 0;
  }
  const auto instructions = instructions_of(rest, data[0] % 4 == 2);
  if (!instructions.empty()) check_instructions(instructions);
  return 0;
}
