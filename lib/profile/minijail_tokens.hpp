// The words and signs of a minijail policy, a statement at a time: a line, with those that a
// backslash joins to it.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "assay/profile/place.hpp"

namespace assay::profile {

struct MinijailToken {
  enum class Kind : std::uint8_t { Word, Number, Sign, Directive, Path, Comment, Bad };
  Kind kind = Kind::Bad;
  std::string_view text;
  Place place;
  bool after_blank = false;  // or at the beginning

  bool is(std::string_view other) const { return text == other; }
};

using MinijailStatement = std::vector<MinijailToken>;

class MinijailStatements {
 public:
  MinijailStatements(std::string_view text, std::uint32_t file) : rest_(text), file_(file) {}
  // Empty statements are left out; nothing at the end.
  std::optional<MinijailStatement> next();

 private:
  void read_line(std::string_view line, MinijailStatement& into) const;

  std::string_view rest_;
  std::uint32_t file_;
  std::uint32_t line_ = 0;
};

}  // namespace assay::profile
