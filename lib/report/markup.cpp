#include "report/markup.hpp"

#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>

namespace assay::report {
namespace {

constexpr std::string_view replacement = "\xef\xbf\xbd";
constexpr std::string_view ellipsis = "\xe2\x80\xa6";

bool continues(std::string_view text, std::size_t at) {
  return at < text.size() && (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80;
}

// How many bytes the character at `at` has; 0 where there is none.
std::size_t character_length(std::string_view text, std::size_t at) {
  const auto first = static_cast<unsigned char>(text[at]);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if (!continues(text, at + i)) return 0;
  const auto second = static_cast<unsigned char>(text[at + 1]);
  const bool overlong = (first == 0xe0 && second < 0xa0) || (first == 0xf0 && second < 0x90);
  const bool surrogate = first == 0xed && second > 0x9f;
  const bool too_large = first == 0xf4 && second > 0x8f;
  // C1 controls, and the marks that turn the direction of what follows.
  const bool control = first == 0xc2 && second < 0xa0;
  const bool turning =
      first == 0xe2 && ((second == 0x80 && static_cast<unsigned char>(text[at + 2]) >= 0xaa &&
                         static_cast<unsigned char>(text[at + 2]) <= 0xae) ||
                        (second == 0x81 && static_cast<unsigned char>(text[at + 2]) >= 0xa6 &&
                         static_cast<unsigned char>(text[at + 2]) <= 0xa9));
  return overlong || surrogate || too_large || control || turning ? 0 : length;
}

std::string_view reference(char c) {
  switch (c) {
    case '&': return "&amp;";
    case '<': return "&lt;";
    case '>': return "&gt;";
    case '"': return "&quot;";
    case '\'': return "&#39;";
    default: return {};
  }
}

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && c != '\n' && c != '\t') || byte == 0x7f;
}

}  // namespace

std::string escaped(std::string_view text, std::size_t limit) {
  std::string result;
  result.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    if (at >= limit) return result + std::string(ellipsis);
    const std::size_t length = character_length(text, at);
    if (length == 0 || is_control(text[at])) {
      result += replacement;
    } else if (const std::string_view written = reference(text[at]); !written.empty()) {
      result += written;
    } else {
      result += text.substr(at, length);
    }
    at += length == 0 ? 1 : length;
  }
  return result;
}

std::string shortened(std::string_view text, std::size_t characters) {
  std::size_t seen = 0;
  std::size_t cut = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (continues(text, at)) continue;
    if (seen + 1 == characters) cut = at;
    if (++seen > characters) return std::string(text.substr(0, cut)) + std::string(ellipsis);
  }
  return std::string(text);
}

std::string pixels(double value) {
  std::array<char, 48> text;  // NOLINT: snprintf fills it
  const double rounded = std::round(value * 10) / 10;
  const bool whole = rounded == std::floor(rounded);
  std::snprintf(text.data(), text.size(), whole ? "%.0f" : "%.1f", rounded + 0.0);
  return text.data();
}

}  // namespace assay::report
