#include "profile/minijail_tokens.hpp"

#include <algorithm>
#include <array>

namespace assay::profile {
namespace {

using Kind = MinijailToken::Kind;

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_word(char c) { return is_letter(c) || is_digit(c) || c == '-' || c == '@'; }
bool is_number(char c) { return is_digit(c) || is_letter(c); }

// Longest first.
constexpr auto signs =
    std::to_array<std::string_view>({"||", "&&", "==", "!=", "<=", ">=", "<", ">", "&", "|", "~",
                                     "(",  ")",  "{",  "}",  "[",  "]",  ":", ";", ",", "="});

std::size_t length_while(std::string_view text, bool (*belongs)(char)) {
  return static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), belongs) -
                                  text.begin());
}

struct Piece {
  Kind kind;
  std::size_t length;
};

Piece piece_of(std::string_view text) {
  const char first = text.front();
  const char second = text.size() > 1 ? text[1] : '\0';
  if (first == '#') return {Kind::Comment, text.size()};
  if (first == '@') return {Kind::Directive, 1 + length_while(text.substr(1), is_letter)};
  if (first == '/' || (first == '.' && second == '/'))
    return {Kind::Path, length_while(text, [](char c) { return !is_blank(c); })};
  if (is_digit(first) || (first == '-' && is_digit(second)))
    return {Kind::Number, 1 + length_while(text.substr(1), is_number)};
  if (is_letter(first)) return {Kind::Word, length_while(text, is_word)};
  for (const std::string_view sign : signs)
    if (text.starts_with(sign)) return {Kind::Sign, sign.size()};
  return {Kind::Bad, 1};
}

}  // namespace

void MinijailStatements::read_line(std::string_view line, MinijailStatement& into) const {
  bool after_blank = true;
  for (std::size_t at = 0; at < line.size();) {
    if (is_blank(line[at])) {
      after_blank = true;
      ++at;
      continue;
    }
    const Piece piece = piece_of(line.substr(at));
    into.push_back({piece.kind,
                    line.substr(at, piece.length),
                    {file_, line_, static_cast<std::uint32_t>(at + 1)},
                    after_blank});
    after_blank = false;
    at += piece.length;
  }
}

std::optional<MinijailStatement> MinijailStatements::next() {
  MinijailStatement statement;
  while (!rest_.empty()) {
    const std::size_t end = std::min(rest_.find('\n'), rest_.size());
    std::string_view line = rest_.substr(0, end);
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    ++line_;
    if (line.ends_with('\r')) line.remove_suffix(1);
    const bool goes_on = line.ends_with('\\');
    if (goes_on) line.remove_suffix(1);
    read_line(line, statement);
    if (!goes_on && !statement.empty()) return statement;
  }
  if (statement.empty()) return std::nullopt;
  return statement;
}

}  // namespace assay::profile
