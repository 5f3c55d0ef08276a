// Many names, each kept once and close to the others: a fleet's list may have a million, of
// forty bytes each, and all of them stay in memory while the first is worked on.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <string_view>
#include <vector>

namespace assay::tool {

class NameList {
 public:
  NameList() = default;
  NameList(NameList&&) noexcept = default;
  NameList& operator=(NameList&&) noexcept = default;

  void add(std::string_view name);
  void add(NameList more);
  void sort();

  std::size_t size() const { return names_.size(); }
  bool empty() const { return names_.empty(); }
  std::string_view operator[](std::size_t i) const { return names_[i]; }
  auto begin() const { return names_.begin(); }
  auto end() const { return names_.end(); }

 private:
  std::deque<std::string_view> names_;  // no vector, which is there twice while it grows
  std::vector<std::unique_ptr<char[]>> blocks_;
  std::size_t room_ = 0;  // at the end of the last block
  char* next_ = nullptr;
};

}  // namespace assay::tool
