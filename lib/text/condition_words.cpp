#include "text/condition_words.hpp"

#include <array>
#include <charconv>
#include <vector>

#include "assay/names/constants.hpp"
#include "assay/names/errnos.hpp"
#include "assay/names/nearest.hpp"
#include "assay/names/syscalls.hpp"

namespace assay::text {
namespace {

constexpr std::array<std::string_view, 18> signs{"==", "!=", "<=", ">=", "&&", "||",
                                                 "..", "<",  ">",  "&",  "!",  "(",
                                                 ")",  "{",  "}",  ",",  "-",  "="};

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c >= '0' && c <= '9');
}
bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::vector<std::string_view> field_names() {
  return {"nr",      "arch",    "syscall", "ip",      "ip.lo",   "ip.hi",   "arg0",
          "arg1",    "arg2",    "arg3",    "arg4",    "arg5",    "arg0.lo", "arg1.lo",
          "arg2.lo", "arg3.lo", "arg4.lo", "arg5.lo", "arg0.hi", "arg1.hi", "arg2.hi",
          "arg3.hi", "arg4.hi", "arg5.hi", "true",    "false"};
}

std::string nearest(std::string_view word, std::span<const std::string_view> known) {
  return std::string(names::nearest(word, known).value_or(""));
}

}  // namespace

void Tokens::advance() {
  while (at_ < text_.size() && (text_[at_] == ' ' || (text_[at_] >= '\t' && text_[at_] <= '\r')))
    ++at_;
  token_ = {TokenKind::End, at_, {}};
  if (at_ == text_.size()) return;
  const std::size_t length = measure();
  token_.text = text_.substr(at_, length);
  at_ += length;
}

std::size_t Tokens::measure() {
  const std::string_view rest = text_.substr(at_);
  std::size_t length = 0;
  while (length < rest.size() && is_letter(rest[length])) ++length;
  if (length > 0) {
    token_.kind = is_digit(rest[0]) ? TokenKind::Number : TokenKind::Word;
    // "arg1.lo" is one word, "1..2" are three tokens.
    const bool half = token_.kind == TokenKind::Word && rest.size() > length + 1 &&
                      rest[length] == '.' && is_letter(rest[length + 1]);
    if (half)
      for (++length; length < rest.size() && is_letter(rest[length]);) ++length;
    return length;
  }
  for (const std::string_view sign : signs) {
    if (rest.substr(0, sign.size()) != sign) continue;
    token_.kind = TokenKind::Sign;
    return sign.size();
  }
  token_.kind = TokenKind::Other;
  return 1;
}

std::optional<Input> find_input(std::string_view word) {
  for (const Field field : {Field::Nr, Field::Arch, Field::Ip, Field::Arg0, Field::Arg1,
                            Field::Arg2, Field::Arg3, Field::Arg4, Field::Arg5})
    for (const Half half : {Half::Both, Half::Low, Half::High})
      if (name({field, half}) == word && (half == Half::Both || width({field, Half::Both}) == 64))
        return Input{field, half};
  return std::nullopt;
}

std::optional<std::uint64_t> constant_of(std::string_view word) {
  if (const auto arch = seccomp::find_arch_macro(word)) return seccomp::describe(*arch).audit;
  if (word == "X32_SYSCALL_BIT") return seccomp::x32_bit;
  if (const auto value = names::constant_value(word)) return static_cast<std::uint64_t>(*value);
  return names::errno_number(seccomp::Arch::x86_64, word);
}

std::optional<std::uint64_t> number_of(std::string_view word) {
  const bool hex = word.size() > 2 && (word.substr(0, 2) == "0x" || word.substr(0, 2) == "0X");
  if (hex) word.remove_prefix(2);
  const char* const end = word.data() + word.size();
  std::uint64_t value = 0;
  const auto [last, error] = std::from_chars(word.data(), end, value, hex ? 16 : 10);
  if (last != end || error != std::errc{}) return std::nullopt;
  return value;
}

std::string nearest_word(std::string_view word) {
  std::vector<std::string_view> known = field_names();
  for (const names::Constant& row : names::all_constants()) known.push_back(row.name);
  return nearest(word, known);
}

std::string nearest_arch(std::string_view word) {
  std::vector<std::string_view> known;
  for (const seccomp::ArchInfo& info : seccomp::arches) known.push_back(info.token);
  return nearest(word, known);
}

std::string nearest_syscall(std::string_view word) {
  return nearest(word, names::all_syscall_names(seccomp::Arch::x86_64));
}

std::string shown(std::string_view text) {
  constexpr std::size_t most = 40;
  std::string result;
  for (const char c : text.substr(0, most)) result += c >= ' ' && c <= '~' ? c : '?';
  return result + (text.size() > most ? "..." : "");
}

}  // namespace assay::text
