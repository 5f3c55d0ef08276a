#include "assay/bpf/codec.hpp"

#include <algorithm>
#include <array>
#include <bit>

#include "assay/bpf/assemble.hpp"
#include "assay/bpf/disassemble.hpp"
#include "assay/bpf/opcode.hpp"
#include "bpf/formats.hpp"
#include "bpf/scanner.hpp"

namespace assay::bpf {
namespace {

constexpr std::size_t instruction_bytes = 8;

constexpr auto kind_names = std::to_array<std::string_view>({
    "empty",
    "incomplete",
    "too-many",
    "encoding",
    "syntax",
    "range",
    "count",
    "unknown-mnemonic",
    "unknown-directive",
    "unknown-symbol",
    "operand",
    "undefined-label",
    "duplicate-label",
    "label-at-end",
    "backward-jump",
});

std::uint32_t load(std::span<const std::byte> bytes, std::endian order) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const std::size_t at = order == std::endian::big ? i : bytes.size() - 1 - i;
    value = value << 8 | std::to_integer<std::uint32_t>(bytes[at]);
  }
  return value;
}

void store(std::string& bytes, std::uint32_t value, unsigned size, std::endian order) {
  for (unsigned i = 0; i < size; ++i) {
    const unsigned shift = 8 * (order == std::endian::little ? i : size - 1 - i);
    bytes += static_cast<char>(value >> shift & 0xff);
  }
}

Instruction load_instruction(std::span<const std::byte> bytes, std::endian order) {
  return {static_cast<std::uint16_t>(load(bytes.subspan(0, 2), order)),
          std::to_integer<std::uint8_t>(bytes[2]), std::to_integer<std::uint8_t>(bytes[3]),
          load(bytes.subspan(4, 4), order)};
}

tl::unexpected<DecodeError> raw_error(std::size_t offset, DecodeErrorKind kind, std::string found,
                                      std::string expected) {
  return tl::unexpected(DecodeError{offset, 0, 0, kind, std::move(found), std::move(expected), {}});
}

Decoded decode_raw(std::span<const std::byte> bytes, std::endian order, std::size_t limit) {
  const std::size_t count = bytes.size() / instruction_bytes;
  const std::size_t rest = bytes.size() % instruction_bytes;
  if (bytes.empty())
    return raw_error(0, DecodeErrorKind::Empty, "nothing", std::string(an_instruction));
  if (count > limit)
    return raw_error(limit * instruction_bytes, DecodeErrorKind::TooMany,
                     std::to_string(count) + " instructions", at_most(limit));
  if (rest != 0)
    return raw_error(bytes.size() - rest, DecodeErrorKind::Incomplete,
                     std::to_string(rest) + (rest == 1 ? " byte" : " bytes") + " at the end",
                     "instructions of 8 bytes");
  std::vector<Instruction> instructions;
  instructions.reserve(count);
  for (std::size_t i = 0; i < count; ++i)
    instructions.push_back(
        load_instruction(bytes.subspan(i * instruction_bytes, instruction_bytes), order));
  return instructions;
}

std::string encode_raw(std::span<const Instruction> instructions, std::endian order) {
  std::string bytes;
  bytes.reserve(instructions.size() * instruction_bytes);
  for (const Instruction& insn : instructions) {
    store(bytes, insn.code, 2, order);
    store(bytes, insn.jt, 1, order);
    store(bytes, insn.jf, 1, order);
    store(bytes, insn.k, 4, order);
  }
  return bytes;
}

bool is_text(std::string_view text) {
  const bool controls = std::any_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && !is_space(c)) || byte == 0x7f;
  });
  return !controls && Scanner(text).check_encoding();
}

// Evidence enough that the bytes are the other way round: as they stand Linux would refuse
// them, and swapped every code is known and the last one returns.
bool looks_big_endian(std::span<const std::byte> bytes) {
  if (bytes.size() % instruction_bytes != 0) return false;
  bool all_known_as_little = true;
  bool returns = false;
  for (std::size_t i = 0; i < bytes.size(); i += instruction_bytes) {
    const auto code = [&](std::endian order) {
      return find_opcode(static_cast<std::uint16_t>(load(bytes.subspan(i, 2), order)));
    };
    const Opcode* big = code(std::endian::big);
    if (big == nullptr) return false;
    returns = big->operation == Operation::Ret;
    all_known_as_little = all_known_as_little && code(std::endian::little) != nullptr;
  }
  return returns && !all_known_as_little;
}

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

std::string at_most(std::size_t limit) {
  return "at most " + std::to_string(limit) + " instructions";
}

std::string_view name(DecodeErrorKind kind) { return kind_names[static_cast<std::size_t>(kind)]; }

std::string to_string(const DecodeError& error) {
  std::string text = error.line == 0 ? "byte " + std::to_string(error.offset)
                                     : "line " + std::to_string(error.line) + ", column " +
                                           std::to_string(error.column);
  text += ": found " + error.found + ", expected " + error.expected;
  if (!error.suggestion.empty()) text += "; did you mean '" + error.suggestion + "'?";
  return text;
}

Decoded decode(std::span<const std::byte> bytes, Format format, std::size_t limit, Lines* lines) {
  if (lines != nullptr) lines->clear();
  switch (format) {
    case Format::Raw: break;
    case Format::RawBe: return decode_raw(bytes, std::endian::big, limit);
    case Format::Text: return assemble(text_of(bytes), limit, lines);
    case Format::Decimal: return decode_decimal(text_of(bytes), limit, lines);
    case Format::Hex: return decode_hex(text_of(bytes), limit, lines);
    case Format::C: return decode_c(text_of(bytes), limit, lines);
  }
  return decode_raw(bytes, std::endian::little, limit);
}

Decoded decode(std::span<const std::byte> bytes, Format format, std::size_t limit) {
  return decode(bytes, format, limit, nullptr);
}

std::string encode(std::span<const Instruction> instructions, Format format) {
  switch (format) {
    case Format::Raw: break;
    case Format::RawBe: return encode_raw(instructions, std::endian::big);
    case Format::Text: return disassemble(instructions);
    case Format::Decimal: return encode_decimal(instructions);
    case Format::Hex: return encode_hex(instructions);
    case Format::C: return encode_c(instructions);
  }
  return encode_raw(instructions, std::endian::little);
}

Format detect(std::span<const std::byte> bytes) {
  const std::string_view text = text_of(bytes);
  if (text.empty()) return Format::Raw;
  if (!is_text(text)) return looks_big_endian(bytes) ? Format::RawBe : Format::Raw;
  if (looks_like_c(text)) return Format::C;
  if (looks_decimal(text)) return Format::Decimal;
  if (looks_hex(text)) return Format::Hex;
  return Format::Text;
}

}  // namespace assay::bpf
