// Laws of assembly text. For any instructions at all, junk included: assemble(disassemble(x))
// is x. For any text at all: what assembles disassembles to text that assembles to the same.
//
// The first byte chooses: even for instructions, odd for text.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "assay/bpf/assemble.hpp"
#include "assay/bpf/disassemble.hpp"
#include "input.hpp"

namespace bpf = assay::bpf;
using fuzz::require;

namespace {

constexpr std::size_t limit = 1024;

void check_instructions(std::span<const bpf::Instruction> instructions) {
  const bpf::Decoded again = bpf::assemble(bpf::disassemble(instructions), limit);
  require(again && again->size() == instructions.size());
  require(std::equal(again->begin(), again->end(), instructions.begin()));
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
  fuzz::Bytes bytes{rest};
  const auto codes = data[0] % 4 == 2 ? fuzz::Codes::Known : fuzz::Codes::Any;
  const auto instructions = fuzz::instructions_of(bytes, codes, limit);
  if (!instructions.empty()) check_instructions(instructions);
  return 0;
}
