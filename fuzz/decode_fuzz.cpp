// Law of the codecs, for any bytes and any format: what decodes encodes, decodes again to the
// same instructions, and has no more of them than the limit or the input allows; what does
// not decode is an error that lies inside the input.
//
// The first byte chooses the format, the rest is the input.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "assay/bpf/codec.hpp"
#include "input.hpp"

namespace bpf = assay::bpf;
using fuzz::require;

namespace {

constexpr std::size_t limit = 512;

void check_error(const bpf::DecodeError& error, std::size_t size) {
  require(error.offset <= size);
  require(!bpf::name(error.kind).empty());
  require(bpf::to_string(error).size() < 1000);
  for (const char c : bpf::to_string(error)) require(static_cast<unsigned char>(c) >= ' ');
}

void check_round_trips(std::span<const bpf::Instruction> instructions) {
  using enum bpf::Format;
  for (const bpf::Format format : {Raw, RawBe, Text, Decimal, Hex, C}) {
    const std::string encoded = bpf::encode(instructions, format);
    const bpf::Decoded again = bpf::decode(bpf::bytes_of(encoded), format, limit);
    require(again && again->size() == instructions.size());
    require(std::equal(again->begin(), again->end(), instructions.begin()));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto bytes = std::as_bytes(std::span(data, size)).subspan(1);
  const auto format =
      data[0] % 7U < 6 ? static_cast<bpf::Format>(data[0] % 7U) : bpf::detect(bytes);
  const bpf::Decoded decoded = bpf::decode(bytes, format, limit);
  if (!decoded) {
    check_error(decoded.error(), bytes.size());
    return 0;
  }
  require(!decoded->empty() && decoded->size() <= limit && decoded->size() <= bytes.size());
  check_round_trips(*decoded);
  return 0;
}
