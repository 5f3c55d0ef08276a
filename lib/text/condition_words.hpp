// The words of conditions: text cut into tokens, and what the names among them mean.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "assay/text/condition.hpp"

namespace assay::text {

enum class TokenKind : std::uint8_t { End, Word, Number, Sign, Other };

struct Token {
  TokenKind kind = TokenKind::End;
  std::size_t at = 0;
  std::string_view text;
};

class Tokens {
 public:
  explicit Tokens(std::string_view text) : text_(text) { advance(); }

  const Token& next() const { return token_; }
  bool is(std::string_view sign) const {
    return token_.kind == TokenKind::Sign && token_.text == sign;
  }
  bool take(std::string_view sign) {
    if (!is(sign)) return false;
    advance();
    return true;
  }
  void advance();

 private:
  std::size_t measure();

  std::string_view text_;
  std::size_t at_ = 0;
  Token token_;
};

std::optional<Input> find_input(std::string_view word);           // "arg1.lo"
std::optional<std::uint64_t> constant_of(std::string_view word);  // AUDIT_ARCH_*, flags, errnos
std::optional<std::uint64_t> number_of(std::string_view word);    // decimal or 0x

// For mistyped ones; empty when nothing is near.
std::string nearest_word(std::string_view word);  // fields and constants
std::string nearest_arch(std::string_view word);
std::string nearest_syscall(std::string_view word);

// Shortened, with everything but ASCII replaced.
std::string shown(std::string_view text);

}  // namespace assay::text
