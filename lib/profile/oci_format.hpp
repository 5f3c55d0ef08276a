// Which of the container profiles a JSON document is, by the keys that it has.
#pragma once

#include "assay/profile/profile.hpp"
#include "profile/json.hpp"

namespace assay::profile {

// config.json of a bundle has the profile in linux.seccomp; null for anything else.
const JsonValue* seccomp_in_bundle(const JsonValue& root);

// Only containers-common has errno names; archMap, includes and name both templates have.
Format container_format(const JsonValue& root);

}  // namespace assay::profile
