// The hex format: two digits for each byte of the little-endian raw format. Between bytes
// may stand white space, commas, 0x and \x.
#include "bpf/formats.hpp"
#include "bpf/scanner.hpp"

namespace assay::bpf {
namespace {

class HexReader {
 public:
  HexReader(std::string_view text, std::size_t limit) : scan_(text), limit_(limit) {}

  Decoded read(Lines* lines) {
    if (!scan_.check_encoding() || !read_bytes()) return tl::unexpected(scan_.error());
    if (lines != nullptr) *lines = scan_.lines_of(starts_);
    return decode(bytes_, Format::Raw, limit_);
  }

 private:
  bool read_bytes() {
    while (skip_between(), !scan_.at_end()) {
      if (bytes_.size() % 8 == 0) {
        starts_.push_back(scan_.position());
        if (bytes_.size() / 8 == limit_)
          return scan_.fail(DecodeErrorKind::TooMany, scan_.position(), "one more instruction",
                            at_most(limit_));
      }
      if (!byte()) return false;
    }
    if (bytes_.empty())
      return scan_.fail(DecodeErrorKind::Empty, scan_.position(), "nothing", an_instruction);
    if (const std::size_t rest = bytes_.size() % 8; rest != 0)
      return scan_.fail(DecodeErrorKind::Incomplete, starts_.back(),
                        std::to_string(rest) + (rest == 1 ? " byte" : " bytes") + " at the end",
                        "instructions of 8 bytes");
    return true;
  }

  void skip_between() {
    while (true) {
      const char next = lower(scan_.peek(1));
      if (is_space(scan_.peek()) || scan_.peek() == ',') {
        scan_.seek(scan_.position() + 1);
      } else if ((scan_.peek() == '0' || scan_.peek() == '\\') && next == 'x') {
        scan_.seek(scan_.position() + 2);
      } else {
        return;
      }
    }
  }

  bool byte() {
    const int high = hex_value(scan_.peek());
    if (high < 0) return scan_.unexpected("a hex digit");
    const int low = hex_value(scan_.peek(1));
    if (low < 0) {
      scan_.seek(scan_.position() + 1);
      return scan_.unexpected("the second hex digit of a byte");
    }
    scan_.seek(scan_.position() + 2);
    bytes_.push_back(static_cast<std::byte>(high << 4 | low));
    return true;
  }

  Scanner scan_;
  std::size_t limit_;
  std::vector<std::byte> bytes_;
  std::vector<std::size_t> starts_;  // of each instruction in the text
};

}  // namespace

Decoded decode_hex(std::string_view text, std::size_t limit, Lines* lines) {
  return HexReader(text, limit).read(lines);
}

std::string encode_hex(std::span<const Instruction> instructions) {
  constexpr std::string_view digits = "0123456789abcdef";
  const std::string bytes = encode(instructions, Format::Raw);
  std::string text;
  text.reserve(bytes.size() * 2 + instructions.size());
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const auto byte = static_cast<unsigned char>(bytes[i]);
    text += digits[byte >> 4];
    text += digits[byte & 15];
    if (i % 8 == 7) text += '\n';
  }
  return text;
}

bool looks_hex(std::string_view text) {
  char before = '\0';
  for (const char c : text) {
    const bool prefix = lower(c) == 'x' && (before == '0' || before == '\\');
    if (hex_value(c) < 0 && !is_space(c) && c != ',' && c != '\\' && !prefix) return false;
    before = c;
  }
  return true;
}

}  // namespace assay::bpf
