#include "profile/oci_format.hpp"

#include <algorithm>
#include <initializer_list>

#include "profile/json_object.hpp"

namespace assay::profile {

const JsonValue* seccomp_in_bundle(const JsonValue& root) {
  const auto member = [](const JsonValue* value, std::string_view key) -> const JsonValue* {
    if (value == nullptr) return nullptr;
    for (const JsonMember& each : value->members)
      if (same_key(each.key, key)) return &each.value;
    return nullptr;
  };
  return member(member(&root, "linux"), "seccomp");
}

namespace {

bool has_key(const JsonValue& object, std::string_view key) {
  return std::any_of(object.members.begin(), object.members.end(),
                     [&](const JsonMember& member) { return same_key(member.key, key); });
}

bool entry_has(const JsonValue& root, std::initializer_list<std::string_view> keys) {
  for (const JsonMember& member : root.members) {
    if (!same_key(member.key, "syscalls")) continue;
    for (const JsonValue& entry : member.value.items)
      for (const std::string_view key : keys)
        if (has_key(entry, key)) return true;
  }
  return false;
}

}  // namespace

Format container_format(const JsonValue& root) {
  if (has_key(root, "defaultErrno") || entry_has(root, {"errno"})) return Format::Podman;
  const bool is_template =
      has_key(root, "archMap") || entry_has(root, {"includes", "excludes", "name"});
  return is_template ? Format::Docker : Format::Oci;
}

}  // namespace assay::profile
