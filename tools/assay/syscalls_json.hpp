// The system calls of a rule in JSON.
#pragma once

#include "assay/report/json.hpp"

namespace assay::tool {

using report::syscalls_json;

}  // namespace assay::tool
