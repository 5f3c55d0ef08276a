// A profile as it was read: the rules of each of its filters, and what is odd about them.
//
// Readers are given text by whoever opened the file, and never open one; text is hostile by
// assumption: length, nesting, numbers of items and aliases are bounded.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "assay/profile/finding.hpp"
#include "assay/profile/rule_set.hpp"

namespace assay::profile {

enum class Format : std::uint8_t {
  Oci,         // linux.seccomp of the runtime-spec, alone or in a config.json
  Docker,      // Moby's template
  Podman,      // the template of containers-common
  Kubernetes,  // SeccompProfile objects
  Systemd,
  Firecracker,
  Minijail,
};
inline constexpr std::array<std::string_view, 7> format_names{
    "oci", "docker", "podman", "kubernetes", "systemd", "firecracker", "minijail"};
constexpr std::string_view name(Format format) {
  return format_names[static_cast<std::size_t>(format)];
}
std::optional<Format> find_format(std::string_view name);

struct Profile {
  Format format{};
  std::vector<std::string> files;  // names for Place::file
  // Oldest first where they are one stack; the threads of Firecracker, side by side.
  std::vector<RuleSet> filters;
  bool stacked = false;
  Findings findings;
};

struct ReadError {
  Place place;
  std::string found;  // safe to print whatever the text was
  std::string expected;
  std::string suggestion;
  friend bool operator==(const ReadError&, const ReadError&) = default;
};

using Read = tl::expected<Profile, ReadError>;

inline constexpr std::size_t profile_limit = std::size_t{4} << 20;  // bytes of text

}  // namespace assay::profile
