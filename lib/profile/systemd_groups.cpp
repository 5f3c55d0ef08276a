#include "assay/profile/systemd_groups.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "assay/text/printable.hpp"

namespace assay::profile {
namespace {

struct Member {
  std::string_view group;
  std::string_view name;
};

constexpr auto shipped_members = std::to_array<Member>({
#include "systemd-groups.inc"
});

constexpr std::string_view shipped_origin = "systemd 252 (252.39-1~deb12u2), the shipped table";

bool is_name(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char byte) {
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || byte == '_' || byte == '-';
  });
}

std::string_view trimmed(std::string_view line) {
  const auto first = line.find_first_not_of(" \t\r");
  if (first == line.npos) return {};
  return line.substr(first, line.find_last_not_of(" \t\r") - first + 1);
}

// Adds each call of a group once, and enters each group once: text may make them a circle.
class Collector {
 public:
  explicit Collector(const CallGroups& groups) : groups_(groups) {}

  void add(std::string_view group) {
    const auto* members = groups_.members(group);
    if (members == nullptr || !entered_.insert(group).second) return;
    for (const std::string& member : *members) {
      if (member.starts_with('@'))
        add(std::string_view(member).substr(1));
      else if (seen_.insert(member).second)
        calls_.push_back(member);
    }
  }
  std::vector<std::string> take() { return std::move(calls_); }

 private:
  const CallGroups& groups_;
  std::set<std::string_view> entered_;
  std::set<std::string_view> seen_;
  std::vector<std::string> calls_;
};

}  // namespace

const CallGroups& CallGroups::shipped() {
  static const CallGroups groups = [] {
    CallGroups result;
    result.origin_ = shipped_origin;
    for (const Member& member : shipped_members)
      result.groups_[std::string(member.group)].emplace_back(member.name);
    return result;
  }();
  return groups;
}

tl::expected<CallGroups, ReadError> CallGroups::parse(std::string_view text, std::string origin) {
  CallGroups result;
  result.origin_ = std::move(origin);
  const auto refuse = [](std::uint32_t line, std::string found, std::string expected) {
    return tl::unexpected(ReadError{{0, line, 0}, std::move(found), std::move(expected), {}});
  };
  if (text.size() > profile_limit)
    return refuse(0, std::to_string(text.size()) + " bytes",
                  "at most " + std::to_string(profile_limit));
  std::vector<std::string>* group = nullptr;
  std::uint32_t number = 0;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    const std::string_view line = trimmed(text.substr(0, end));
    const bool indented = end > 0 && (text.front() == ' ' || text.front() == '\t');
    text.remove_prefix(std::min(end + 1, text.size()));
    ++number;
    if (line.empty() || line.starts_with('#')) continue;
    const bool nested = line.starts_with('@');
    if (!is_name(line.substr(nested ? 1 : 0)))
      return refuse(number, "'" + text::printable(line, 80) + "'", "the name of a call or group");
    if (nested && !indented)
      group = &result.groups_[std::string(line.substr(1))];
    else if (group != nullptr && indented)
      group->emplace_back(line);
    else
      return refuse(number, "'" + text::printable(line, 80) + "'",
                    "@group, or a call below one, indented");
  }
  if (result.groups_.empty()) return refuse(0, "no group", "groups of system calls");
  return result;
}

const std::vector<std::string>* CallGroups::members(std::string_view group) const {
  const auto row = groups_.find(group);
  return row == groups_.end() ? nullptr : &row->second;
}

std::vector<std::string> CallGroups::calls(std::string_view group) const {
  Collector collector(*this);
  collector.add(group);
  return collector.take();
}

std::vector<std::string_view> CallGroups::names() const {
  std::vector<std::string_view> names;
  for (const auto& [name, members] : groups_) names.push_back(name);
  return names;
}

}  // namespace assay::profile
