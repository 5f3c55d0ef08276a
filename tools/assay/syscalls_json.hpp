// The system calls of a rule in JSON: an array of names, of numbers that have none, and of
// ranges "FIRST..LAST"; ["*"] for all of the arch.
#pragma once

#include "assay/text/policy.hpp"
#include "json.hpp"

namespace assay::tool {

Json syscalls_json(const text::Scope& scope, const text::Rule& rule);

}  // namespace assay::tool
