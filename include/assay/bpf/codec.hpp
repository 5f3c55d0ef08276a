// Filters as files hold them: bytes or text to instructions and back.
//
// Byte order and notation end here. Decoding never judges a filter (verify::accept does):
// any bit pattern of an instruction decodes, and encode gives the same bytes again. Input is
// hostile by assumption: time is linear in it, memory is bounded by the limit, and every
// error says where it is, what was found and what was expected. Formats: docs/formats/.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "assay/bpf/instruction.hpp"

namespace assay::bpf {

enum class Format : std::uint8_t {
  Raw,      // struct sock_filter, little-endian
  RawBe,    // the same, big-endian
  Text,     // assembly; here the plain one, text/assembly.hpp reads names too
  Decimal,  // tcpdump -ddd, bpf_asm: a count, then code jt jf k
  Hex,      // hex digits of Raw
  C,        // initialisers, BPF_STMT(), BPF_JUMP(): tcpdump -dd, bpf_asm -c
};

enum class DecodeErrorKind : std::uint8_t {
  Empty,       // no instruction at all
  Incomplete,  // the input ends inside an instruction
  TooMany,     // more instructions (or labels) than the limit
  Encoding,    // a NUL, or bytes that are not UTF-8, in text
  Syntax,      // something else was expected here
  Range,       // a number that its field cannot hold
  Count,       // the decimal format's count is wrong
  UnknownMnemonic,
  UnknownDirective,
  UnknownSymbol,
  Operand,  // this mnemonic does not take that operand
  UndefinedLabel,
  DuplicateLabel,
  LabelAtEnd,  // a label with no instruction after it
  BackwardJump,
};

struct DecodeError {
  std::size_t offset = 0;  // in bytes
  std::size_t line = 0;    // from 1 in text; 0 in raw bytes
  std::size_t column = 0;  // from 1, in bytes
  DecodeErrorKind kind{};
  std::string found;  // shortened, and safe to print whatever the input was
  std::string expected;
  std::string suggestion;  // a near name that exists, if any

  friend bool operator==(const DecodeError&, const DecodeError&) = default;
};

// The identifier used in reports, "unknown-mnemonic".
std::string_view name(DecodeErrorKind kind);
// One line: "line 3, column 1: found 'jqe', expected a mnemonic; did you mean 'jeq'?"
std::string to_string(const DecodeError& error);

// Past this many instructions decoding stops with TooMany. Linux takes 4096; longer filters
// decode so that verify::accept can say "too long" as Linux does.
inline constexpr std::size_t default_limit = 65535;

using Decoded = tl::expected<std::vector<Instruction>, DecodeError>;

Decoded decode(std::span<const std::byte> bytes, Format format, std::size_t limit = default_limit);

// The inverse: decode(encode(x, f), f) == x. Raw formats give bytes, the others text.
std::string encode(std::span<const Instruction> instructions, Format format);

// A guess, in this order:
//   1. Bytes that no text has (NUL, control characters, wrong UTF-8) mean Raw; every known
//      opcode has a zero byte, so every raw filter that Linux accepts ends here. RawBe when
//      read so all codes are known and the last returns, and read as Raw some are unknown.
//   2. "{ 0x20, ...", "{ {", "BPF_STMT(", "struct sock_filter" mean C.
//   3. A count on its own, then four decimal numbers: Decimal.
//   4. Nothing but hex digits, 0x, \x, commas and blanks: Hex.
//   5. Anything else is Text; of nothing at all, Raw.
Format detect(std::span<const std::byte> bytes);

inline std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

}  // namespace assay::bpf
