#include "bpf/scanner.hpp"

#include <algorithm>
#include <utility>

namespace assay::bpf {
namespace {

constexpr std::size_t longest_quote = 32;

// The length of the UTF-8 sequence at the beginning of text, 0 when there is none.
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned lead = byte(0);
  if (lead < 0x80) return 1;
  const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((byte(i) & 0xc0U) != 0x80) return 0;
  // Overlong forms, surrogates, and past U+10FFFF.
  const unsigned second = byte(1);
  if ((lead == 0xe0 && second < 0xa0) || (lead == 0xed && second > 0x9f) ||
      (lead == 0xf0 && second < 0x90) || (lead == 0xf4 && second > 0x8f))
    return 0;
  return length;
}

struct Digits {
  std::string_view text;
  unsigned base;
};

Digits digits_of(std::string_view word) {
  if (word.size() > 1 && word[0] == '0') {
    if (lower(word[1]) == 'x') return {word.substr(2), 16};
    if (lower(word[1]) == 'b') return {word.substr(2), 2};
    return {word.substr(1), 8};
  }
  return {word, 10};
}

// Nothing when a character is no digit; a value that grows past 2^32 stays there.
std::optional<std::uint64_t> value_of(Digits digits) {
  constexpr std::uint64_t ceiling = std::uint64_t{1} << 32;
  if (digits.text.empty()) return {};
  std::uint64_t value = 0;
  for (const char c : digits.text) {
    const int digit = hex_value(c);
    if (digit < 0 || static_cast<unsigned>(digit) >= digits.base) return {};
    value = std::min(value * digits.base + static_cast<unsigned>(digit), ceiling);
  }
  return value;
}

std::string_view without_c_suffix(std::string_view word) {
  while (!word.empty() && (lower(word.back()) == 'u' || lower(word.back()) == 'l'))
    word.remove_suffix(1);
  return word;
}

}  // namespace

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = lower(c);
  return result;
}

std::string quote(std::string_view text) {
  constexpr std::string_view hex = "0123456789abcdef";
  std::string result = "'";
  for (const char c : text.substr(0, longest_quote)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7f) {
      result += c;
    } else {
      result += "\\x";
      result += hex[byte >> 4];
      result += hex[byte & 15];
    }
  }
  if (text.size() > longest_quote) result += "...";
  return result + "'";
}

bool Scanner::check_encoding() {
  for (std::size_t i = 0; i < text_.size();) {
    if (text_[i] == '\0') return fail(DecodeErrorKind::Encoding, i, "a NUL byte", "text");
    const std::size_t length = utf8_length(text_.substr(i));
    if (length == 0)
      return fail(DecodeErrorKind::Encoding, i, "byte " + quote(text_.substr(i, 1)), "UTF-8");
    i += length;
  }
  if (text_.substr(0, 3) == "\xef\xbb\xbf") seek(3);
  return true;
}

bool Scanner::starts_line_comment() const {
  if (comments_ == Comments::None) return false;
  if (peek() == '/' && peek(1) == '/') return true;
  if (comments_ == Comments::C) return false;
  return peek() == ';' || (peek() == '#' && (position_ == 0 || text_[position_ - 1] == '\n'));
}

bool Scanner::skip_block_comment() {
  const std::size_t end = text_.find("*/", position_ + 2);
  if (end == std::string_view::npos)
    return fail(DecodeErrorKind::Syntax, position_, "a comment without end", "'*/'");
  position_ = end + 2;
  return true;
}

bool Scanner::skip() {
  while (!at_end()) {
    if (is_space(peek())) {
      ++position_;
    } else if (starts_line_comment()) {
      position_ = std::min(text_.find('\n', position_), text_.size());
    } else if (comments_ != Comments::None && peek() == '/' && peek(1) == '*') {
      if (!skip_block_comment()) return false;
    } else {
      break;
    }
  }
  return true;
}

void Scanner::skip_blanks() {
  while (is_blank(peek())) ++position_;
}

bool Scanner::take(char c) {
  if (at_end() || peek() != c) return false;
  token_end_ = ++position_;
  return true;
}

bool Scanner::expect(char c, std::string_view expected) {
  return skip() && (take(c) || unexpected(expected));
}

std::string_view Scanner::word() {
  const std::size_t from = position_;
  while (is_word(peek())) ++position_;
  if (position_ != from) token_end_ = position_;
  return slice(from, position_);
}

bool Scanner::number(std::uint64_t limit, std::string_view expected, std::uint64_t& value) {
  const std::size_t from = position_;
  if (!is_digit(peek())) return unexpected(expected);
  const std::string_view found = word();
  const auto read = value_of(digits_of(comments_ == Comments::C ? without_c_suffix(found) : found));
  if (!read) return fail(DecodeErrorKind::Syntax, from, quote(found), expected);
  if (*read > limit)
    return fail(DecodeErrorKind::Range, from, quote(found),
                std::string(expected) + " up to " + std::to_string(limit));
  value = *read;
  return true;
}

bool Scanner::fail(DecodeErrorKind kind, std::size_t offset, std::string found,
                   std::string_view expected, std::string suggestion) {
  if (error_) return false;
  const std::string_view before = text_.substr(0, offset);
  const auto line = static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n')) + 1;
  const std::size_t line_start = line == 1 ? 0 : before.rfind('\n') + 1;
  error_ = DecodeError{offset,
                       line,
                       offset - line_start + 1,
                       kind,
                       std::move(found),
                       std::string(expected),
                       std::move(suggestion)};
  return false;
}

Lines Scanner::lines_of(std::span<const std::size_t> positions) const {
  Lines lines;
  lines.reserve(positions.size());
  std::uint32_t line = 1;
  std::size_t from = 0;
  for (const std::size_t position : positions) {
    const std::string_view passed = slice(from, position);
    line += static_cast<std::uint32_t>(std::count(passed.begin(), passed.end(), '\n'));
    lines.push_back(line);
    from = position;
  }
  return lines;
}

std::string Scanner::found_at(std::size_t offset) const {
  if (offset >= text_.size()) return "the end of the input";
  if (text_[offset] == '\n') return "the end of the line";
  std::size_t end = offset;
  while (end < text_.size() && end - offset <= longest_quote && is_word(text_[end])) ++end;
  if (end == offset) end += std::max<std::size_t>(utf8_length(text_.substr(offset)), 1);
  return quote(slice(offset, end));
}

bool Scanner::unexpected(std::string_view expected) {
  if (after_line_end())
    return fail(DecodeErrorKind::Syntax, token_end_, "the end of the line", expected);
  return fail(DecodeErrorKind::Syntax, position_, found_at(position_), expected);
}

}  // namespace assay::bpf
