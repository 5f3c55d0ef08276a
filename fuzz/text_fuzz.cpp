// Laws of symbolic text, in every style. For any instructions: assemble(disassemble(x)) is x.
// For any text: what assembles disassembles to text that assembles to the same.
//
// The first byte chooses the style, the second the side as in assemble_fuzz.cpp.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "assay/seccomp/arch.hpp"
#include "assay/text/assembly.hpp"
#include "input.hpp"

namespace bpf = assay::bpf;
namespace seccomp = assay::seccomp;
namespace text = assay::text;
using fuzz::require;

namespace {

constexpr std::size_t limit = 1024;

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

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const text::AssemblyStyle style = style_of(data[0]);
  const std::span<const std::uint8_t> rest(data + 2, size - 2);
  if (data[1] % 2 == 0) {
    fuzz::Bytes bytes{rest};
    const auto codes = data[1] % 4 == 2 ? fuzz::Codes::Known : fuzz::Codes::Any;
    const auto instructions = fuzz::instructions_of(bytes, codes, limit);
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
