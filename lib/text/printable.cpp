#include "assay/text/printable.hpp"

#include <algorithm>

namespace assay::text {
namespace {

// The length of the UTF-8 sequence that text starts with; 0 for none.
std::size_t sequence(std::string_view text) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned first = at(0);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((at(i) & 0xc0) != 0x80) return 0;
  const unsigned second = at(1);
  const bool overlong = (first == 0xe0 && second < 0xa0) || (first == 0xf0 && second < 0x90);
  const bool outside = (first == 0xed && second > 0x9f) || (first == 0xf4 && second > 0x8f);
  return overlong || outside ? 0 : length;
}

bool is_control(std::string_view sequence) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(sequence[i]); };
  if (sequence.size() == 1) return at(0) < 0x20 || at(0) == 0x7f;
  return at(0) == 0xc2 && at(1) < 0xa0;
}

void append_escaped(std::string& to, char byte) {
  constexpr std::string_view digits = "0123456789abcdef";
  const auto bits = static_cast<unsigned char>(byte);
  to += "\\x";
  to += digits[bits >> 4];
  to += digits[bits & 15];
}

}  // namespace

std::string printable(std::string_view text, std::size_t limit) {
  std::string result;
  std::size_t at = 0;
  while (at < text.size() && at < limit) {
    const std::string_view next = text.substr(at, sequence(text.substr(at)));
    if (next.empty() || is_control(next))
      append_escaped(result, text[at]);
    else
      result += next;
    at += next.empty() || is_control(next) ? 1 : next.size();
  }
  if (at < text.size()) result += "...";
  return result;
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = sequence(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

}  // namespace assay::text
