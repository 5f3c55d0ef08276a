// Profiles of containers in JSON: linux.seccomp of the OCI runtime-spec (alone or inside a
// config.json), Moby's template, and the template of containers-common.
//
// A template is resolved for the environment: entries that it excludes are not in the result.
// What a runtime would pass over in silence, or refuse though the meaning is plain (comments,
// "amd64" for an architecture), is read and told as a finding; what has no plain meaning is an
// error. Who does what: docs/profiles.md.
#pragma once

#include <optional>
#include <string_view>

#include "assay/profile/environment.hpp"
#include "assay/profile/profile.hpp"

namespace assay::profile {

struct OciOptions {
  std::optional<Format> format;  // Oci, Docker or Podman; none: by what is in it
  Environment environment;
};

Read read_oci(std::string_view text, std::string_view file, const OciOptions& options);

}  // namespace assay::profile
