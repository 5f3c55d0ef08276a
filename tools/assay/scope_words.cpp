#include "scope_words.hpp"

#include <algorithm>

#include "assay/text/difference.hpp"
#include "json.hpp"
#include "syscalls_json.hpp"

namespace assay::tool {
namespace {

std::string listed(const Json& syscalls) {
  std::string text;
  for (const Json& item : syscalls) {
    const std::string name = item.is_number() ? item.dump() : item.get<std::string>();
    const bool number = name[0] >= '0' && name[0] <= '9';
    text += (text.empty() ? "" : ", ") + std::string(number ? "nr " : "") + name;
  }
  return text;
}

}  // namespace

std::string in_words(const text::Scope& scope) {
  using Kind = text::Scope::Kind;
  if (scope.kind == Kind::Values) return "arch " + text::name(scope);
  if (scope.kind == Kind::OtherBigEndian) return "any other big-endian arch";
  return scope.kind == Kind::Other ? "any other arch" : text::name(scope);
}

std::string in_words(const text::Scope& scope, const text::Rule& rule) {
  const text::Rule others{text::other_numbers(scope, rule), false, {}, {}};
  if (others.numbers.empty()) return "every call";
  constexpr std::size_t most = 8;
  const Json own = syscalls_json(scope, {rule.numbers, false, {}, {}});
  Json list = syscalls_json(scope, others);
  if (!rule.rest || own.size() <= list.size()) return listed(own);
  const std::size_t left = list.size() - std::min(most, list.size());
  list.erase(list.end() - static_cast<std::ptrdiff_t>(left), list.end());
  return "every call but " + listed(list) +
         (left == 0 ? "" : " and " + std::to_string(left) + " more");
}

std::string wrapped(std::string_view text) {
  constexpr std::size_t width = 80;
  std::string result;
  while (text.size() > width) {
    const std::size_t blank = text.rfind(' ', width);
    if (blank == std::string_view::npos || blank == 0) break;
    result += std::string(text.substr(0, blank)) + "\n    ";
    text.remove_prefix(blank + 1);
  }
  return result + std::string(text);
}

}  // namespace assay::tool
