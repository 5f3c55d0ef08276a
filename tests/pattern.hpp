// Regular expressions for tests. <regex> takes seconds to compile: this is where it is done.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace assay::test {

// The whole, then the groups; a group that took no part is empty.
using Match = std::vector<std::string>;

class Pattern {
 public:
  explicit Pattern(const std::string& expression);  // as std::regex reads it
  ~Pattern();

  std::optional<Match> whole(const std::string& text) const;
  std::optional<Match> first(const std::string& text) const;
  std::vector<Match> all(const std::string& text) const;
  std::string removed(const std::string& text) const;

 private:
  struct Compiled;
  std::unique_ptr<const Compiled> compiled_;
};

}  // namespace assay::test
