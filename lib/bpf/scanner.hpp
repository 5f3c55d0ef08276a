// Reading text formats: a position in the text, and the first error met there.
//
// Functions that read return false after an error; the error stays, with its line and
// column. Counting lines waits until there is an error to report.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "assay/bpf/lines.hpp"

namespace assay::bpf {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
constexpr bool is_word_start(char c) { return is_letter(c) || c == '_'; }
constexpr bool is_word(char c) { return is_word_start(c) || is_digit(c); }
constexpr bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }
constexpr bool is_space(char c) { return is_blank(c) || c == '\n' || c == '\f' || c == '\v'; }
constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
std::string lower(std::string_view text);
// The value of a hex digit, or -1.
constexpr int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  const char l = lower(c);
  return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

// 'text', shortened and with everything but printable ASCII escaped.
std::string quote(std::string_view text);

enum class Comments : std::uint8_t {
  None,
  C,         // "/* */" and "//"
  Assembly,  // these, ";", and "#" in the first column
};

class Scanner {
 public:
  explicit Scanner(std::string_view text, Comments comments = Comments::None)
      : text_(text), comments_(comments) {}

  // The first NUL or byte that is not UTF-8 is an error in every text format.
  bool check_encoding();
  // Past white space and comments.
  bool skip();
  void skip_blanks();  // stays on the line

  bool at_end() const { return position_ >= text_.size(); }
  char peek(std::size_t ahead = 0) const {
    return position_ + ahead < text_.size() ? text_[position_ + ahead] : '\0';
  }
  std::size_t position() const { return position_; }
  std::size_t position_of(std::string_view part_of_text) const {
    return static_cast<std::size_t>(part_of_text.data() - text_.data());
  }
  void seek(std::size_t position) { position_ = token_end_ = position; }
  std::string_view slice(std::size_t from, std::size_t to) const {
    return text_.substr(from, to - from);
  }

  // One character, if it is next; white space after it stays.
  bool take(char c);
  // The same after skip(), or an error.
  bool expect(char c, std::string_view expected);
  // A run of letters, digits and underscores, perhaps empty.
  std::string_view word();
  // 0x10, 0b10, 010 or 10 up to a limit, with C's U and L after it under Comments::C.
  bool number(std::uint64_t limit, std::string_view expected, std::uint64_t& value);

  bool fail(DecodeErrorKind kind, std::size_t offset, std::string found, std::string_view expected,
            std::string suggestion = {});
  // Whether a line ended between the last thing read and here.
  bool after_line_end() const {
    return token_end_ > 0 && slice(token_end_, position_).find('\n') != std::string_view::npos;
  }
  // What stands here is not what was expected; a line that ends too early is the culprit
  // rather than the next line's beginning.
  bool unexpected(std::string_view expected);
  // The line of each of these positions, which ascend.
  Lines lines_of(std::span<const std::size_t> positions) const;
  bool failed() const { return error_.has_value(); }
  DecodeError error() const { return *error_; }

 private:
  std::string found_at(std::size_t offset) const;
  bool skip_block_comment();
  bool starts_line_comment() const;

  std::string_view text_;
  Comments comments_;
  std::size_t position_ = 0;
  std::size_t token_end_ = 0;  // of the last thing read
  std::optional<DecodeError> error_;
};

}  // namespace assay::bpf
