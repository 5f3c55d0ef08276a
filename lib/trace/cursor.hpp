// Takes a line of text apart from its front. What does not match is left as it was.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

namespace assay::trace {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
constexpr bool is_word(char c) { return is_digit(c) || is_letter(c) || c == '_'; }

class Cursor {
 public:
  explicit Cursor(std::string_view text) : text_(text) {}

  std::string_view rest() const { return text_; }
  bool empty() const { return text_.empty(); }
  char peek() const { return text_.empty() ? '\0' : text_.front(); }

  bool take(std::string_view prefix) {
    if (!text_.starts_with(prefix)) return false;
    text_.remove_prefix(prefix.size());
    return true;
  }
  void skip_blanks() {
    while (peek() == ' ' || peek() == '\t') text_.remove_prefix(1);
  }
  // Digits, letters and _, as many as there are.
  std::string_view word() {
    std::size_t length = 0;
    while (length < text_.size() && is_word(text_[length])) ++length;
    return cut(length);
  }
  template <class T>
  std::optional<T> number(int base = 10) {
    T value{};
    const auto [end, error] =
        std::from_chars(text_.data(), text_.data() + text_.size(), value, base);
    if (error != std::errc{}) return std::nullopt;
    text_.remove_prefix(static_cast<std::size_t>(end - text_.data()));
    return value;
  }
  std::string_view cut(std::size_t length) {
    const std::string_view taken = text_.substr(0, length);
    text_.remove_prefix(taken.size());
    return taken;
  }

 private:
  std::string_view text_;
};

// All of the text as a number.
template <class T>
std::optional<T> whole_number(std::string_view text, int base = 10) {
  Cursor cursor(text);
  const auto value = cursor.number<T>(base);
  return cursor.empty() ? value : std::nullopt;
}

}  // namespace assay::trace
