// Laws of symbolic text, in every style. For any instructions: assemble(disassemble(x)) is x.
// For any text: what assembles disassembles to text that assembles to the same.
//
// The first byte chooses the style, the second the side as in assemble_fuzz.cpp.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string_view>
#include <vector>

#include "assay/bpf/opcode.hpp"
#include "assay/seccomp/arch.hpp"
#include "assay/text/assembly.hpp"

namespace bpf = assay::bpf;
namespace seccomp = assay::seccomp;
namespace text = assay::text;

namespace {

constexpr std::size_t limit = 1024;

void require(bool law) {
  if (!law) std::abort();
}

text::AssemblyStyle style_of(std::uint8_t choice) {
  text::AssemblyStyle style;
  if (choice % 3 == 1) style.order = std::endian::little;
  if (choice % 3 == 2) style.order = std::endian::big;
  style.comments = choice / 3 % 2 == 0;
  const std::size_t arch = choice / 6 % (seccomp::arches.size() + 1U);
  if (arch < seccomp::arches.size()) style.arch = seccomp::arches[arch].arch;
  return style;
}

void check_instructions(std::span<const bpf::Instruction> instructions,
                        const text::AssemblyStyle& style) {
  const bpf::Decoded again = text::assemble(text::disassemble(instructions, style), limit);
  require(again && again->size() == instructions.size());
  require(std::equal(again->begin(), again->end(), instructions.begin()));
}

// As they come, or with codes that exist, which random bytes rarely are.
std::vector<bpf::Instruction> instructions_of(std::span<const std::uint8_t> bytes, bool known) {
  std::vector<bpf::Instruction> result;
  for (; bytes.size() >= 8 && result.size() < limit; bytes = bytes.subspan(8)) {
    const auto byte = [&](std::size_t i) { return std::uint32_t{bytes[i]}; };
    const auto code = static_cast<std::uint16_t>(byte(0) | byte(1) << 8);
    const bool as_is = !known || bpf::find_opcode(code) != nullptr;
    result.push_back({as_is ? code : bpf::opcodes[code % bpf::opcodes.size()].code, bytes[2],
                      bytes[3], byte(4) | byte(5) << 8 | byte(6) << 16 | byte(7) << 24});
  }
  return result;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const text::AssemblyStyle style = style_of(data[0]);
  const std::span<const std::uint8_t> rest(data + 2, size - 2);
  if (data[1] % 2 == 0) {
    const auto instructions = instructions_of(rest, data[1] % 4 == 2);
    if (!instructions.empty()) check_instructions(instructions, style);
    return 0;
  }
  const auto assembled =
      text::assemble({reinterpret_cast<const char*>(rest.data()), rest.size()}, limit);
  if (assembled) {
    check_instructions(*assembled, style);
  } else {
    require(assembled.error().offset <= rest.size());
    require(bpf::to_string(assembled.error()).size() < 1000);
  }
  return 0;
}
