#include "name_list.hpp"

#include <algorithm>

namespace assay::tool {

void NameList::add(std::string_view name) {
  constexpr std::size_t block = 16384;
  if (name.size() > room_) {
    room_ = std::max(block, name.size());
    blocks_.push_back(std::make_unique<char[]>(room_));
    next_ = blocks_.back().get();
  }
  names_.emplace_back(next_, name.size());
  next_ = std::copy(name.begin(), name.end(), next_);
  room_ -= name.size();
}

void NameList::add(NameList more) {
  if (empty()) {
    *this = std::move(more);
    return;
  }
  for (const std::string_view name : more) add(name);
}

void NameList::sort() { std::sort(names_.begin(), names_.end()); }

}  // namespace assay::tool
