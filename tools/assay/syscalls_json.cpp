#include "syscalls_json.hpp"

namespace assay::tool {

Json syscalls_json(const text::Scope& scope, const text::Rule& rule) {
  Json list = Json::array();
  if (rule.numbers == text::numbers_of(scope)) {
    list.push_back("*");
    return list;
  }
  for (const text::Syscalls& item : text::syscalls_of(scope, rule)) {
    const text::NumberRange& range = item.numbers;
    if (!item.name.empty()) {
      list.push_back(item.name);
    } else if (range.first == range.last) {
      list.push_back(range.first);
    } else {
      list.push_back(std::to_string(range.first) + ".." + std::to_string(range.last));
    }
  }
  return list;
}

}  // namespace assay::tool
