#include "pattern.hpp"

#include <regex>

namespace assay::test {
namespace {

Match groups(const std::smatch& found) { return {found.begin(), found.end()}; }

}  // namespace

struct Pattern::Compiled {
  std::regex expression;
};

Pattern::Pattern(const std::string& expression) : compiled_(new Compiled{std::regex(expression)}) {}

Pattern::~Pattern() = default;

std::optional<Match> Pattern::whole(const std::string& text) const {
  std::smatch found;
  if (!std::regex_match(text, found, compiled_->expression)) return std::nullopt;
  return groups(found);
}

std::optional<Match> Pattern::first(const std::string& text) const {
  std::smatch found;
  if (!std::regex_search(text, found, compiled_->expression)) return std::nullopt;
  return groups(found);
}

std::vector<Match> Pattern::all(const std::string& text) const {
  std::vector<Match> result;
  const std::sregex_iterator end;
  for (std::sregex_iterator at(text.begin(), text.end(), compiled_->expression); at != end; ++at)
    result.push_back(groups(*at));
  return result;
}

std::string Pattern::removed(const std::string& text) const {
  return std::regex_replace(text, compiled_->expression, "");
}

}  // namespace assay::test
