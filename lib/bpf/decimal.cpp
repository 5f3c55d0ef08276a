// The decimal format: a count, then code jt jf k for each instruction, separated by line
// ends (tcpdump -ddd) or by commas (bpf_asm).
#include <algorithm>

#include "bpf/formats.hpp"
#include "bpf/scanner.hpp"

namespace assay::bpf {
namespace {

class DecimalReader {
 public:
  DecimalReader(std::string_view text, std::size_t limit) : scan_(text), limit_(limit) {}

  Decoded read(Lines* lines) {
    if (!scan_.check_encoding() || !read_all()) return tl::unexpected(scan_.error());
    if (lines != nullptr) *lines = scan_.lines_of(starts_);
    return std::move(instructions_);
  }

 private:
  bool read_all() {
    scan_.skip();
    if (scan_.at_end())
      return scan_.fail(DecodeErrorKind::Empty, scan_.position(), "nothing", an_instruction);
    const std::size_t count_at = scan_.position();
    if (!field(0xffffffff, "the number of instructions", count_) || !separator()) return false;
    if (count_ == 0) return scan_.fail(DecodeErrorKind::Empty, count_at, "'0'", an_instruction);
    if (count_ > limit_)
      return scan_.fail(DecodeErrorKind::TooMany, count_at,
                        std::to_string(count_) + " instructions", at_most(limit_));
    while (!scan_.at_end())
      if (!instruction() || !separator()) return false;
    if (instructions_.size() == count_) return true;
    return scan_.fail(DecodeErrorKind::Count, scan_.position(),
                      "the end after " + std::to_string(instructions_.size()) + " instructions",
                      promised());
  }

  bool instruction() {
    if (instructions_.size() == count_)
      return scan_.fail(DecodeErrorKind::Count, scan_.position(), "one more instruction",
                        promised());
    starts_.push_back(scan_.position());
    std::uint64_t code = 0;
    std::uint64_t jt = 0;
    std::uint64_t jf = 0;
    std::uint64_t k = 0;
    if (!field(0xffff, "a code", code) || !field(0xff, "jt", jt) || !field(0xff, "jf", jf) ||
        !field(0xffffffff, "k", k))
      return false;
    instructions_.push_back({static_cast<std::uint16_t>(code), static_cast<std::uint8_t>(jt),
                             static_cast<std::uint8_t>(jf), static_cast<std::uint32_t>(k)});
    return true;
  }

  bool field(std::uint64_t limit, std::string_view expected, std::uint64_t& value) {
    scan_.skip_blanks();
    const std::size_t from = scan_.position();
    // Decimal only: 010 is ten here and eight to Scanner::number().
    while (scan_.peek() == '0' && is_digit(scan_.peek(1))) scan_.seek(scan_.position() + 1);
    if (scan_.peek() == '0' && is_word(scan_.peek(1)))
      return scan_.fail(DecodeErrorKind::Syntax, from, quote(scan_.word()), expected);
    return scan_.number(limit, expected, value);
  }

  bool separator() {
    scan_.skip_blanks();
    if (!scan_.at_end() && scan_.peek() != '\n' && scan_.peek() != ',')
      return scan_.unexpected("a comma or the end of the line");
    scan_.take(',');
    return scan_.skip();
  }

  std::string promised() const {
    return std::to_string(count_) + " instructions, as the count says";
  }

  Scanner scan_;
  std::size_t limit_;
  std::uint64_t count_ = 0;
  std::vector<Instruction> instructions_;
  std::vector<std::size_t> starts_;  // of each of them in the text
};

}  // namespace

Decoded decode_decimal(std::string_view text, std::size_t limit, Lines* lines) {
  return DecimalReader(text, limit).read(lines);
}

std::string encode_decimal(std::span<const Instruction> instructions) {
  std::string text = std::to_string(instructions.size()) + '\n';
  for (const Instruction& insn : instructions)
    text += std::to_string(insn.code) + ' ' + std::to_string(insn.jt) + ' ' +
            std::to_string(insn.jf) + ' ' + std::to_string(insn.k) + '\n';
  return text;
}

bool looks_decimal(std::string_view text) {
  const auto fits = [](char c) { return is_digit(c) || is_space(c) || c == ','; };
  if (!std::all_of(text.begin(), text.end(), fits)) return false;
  Scanner scan(text);
  scan.skip();
  if (scan.word().empty()) return false;
  scan.skip_blanks();
  if (!scan.take(',') && scan.peek() != '\n') return false;
  scan.skip();
  for (int i = 0; i < 4; ++i) {
    if (scan.word().empty()) return false;
    scan.skip_blanks();
  }
  return scan.at_end() || scan.peek() == ',' || scan.peek() == '\n';
}

}  // namespace assay::bpf
