// linux.seccomp from a tree, for documents that carry it inside.
#pragma once

#include <optional>

#include "assay/profile/environment.hpp"
#include "assay/profile/profile.hpp"
#include "profile/json_object.hpp"

namespace assay::profile {

// Nothing for a profile that says that there is none.
std::optional<RuleSet> read_oci_rules(const JsonValue& value, Format format,
                                      const Environment& environment, Reports& reports);

}  // namespace assay::profile
