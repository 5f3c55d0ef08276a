// The groups of system calls that a systemd knows: @system-service, @privileged, ...
//
// They differ from version to version, so every answer says whose they were. The shipped table
// is that of systemd 252; another is read from what `systemd-analyze syscall-filter` prints.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "assay/profile/profile.hpp"

namespace assay::profile {

class CallGroups {
 public:
  static const CallGroups& shipped();
  // `origin` is how answers call them, such as the name of the file.
  static tl::expected<CallGroups, ReadError> parse(std::string_view text, std::string origin);

  const std::string& origin() const { return origin_; }
  // The members as listed, some of which are groups "@..." themselves; null for no such group.
  const std::vector<std::string>* members(std::string_view group) const;
  // Every call of the group, each once, in the order in which they are met; none when unknown.
  std::vector<std::string> calls(std::string_view group) const;
  std::vector<std::string_view> names() const;

 private:
  std::string origin_;
  std::map<std::string, std::vector<std::string>, std::less<>> groups_;  // without their @
};

}  // namespace assay::profile
