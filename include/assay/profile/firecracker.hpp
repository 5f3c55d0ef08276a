// Filters of Firecracker and of rust-vmm's seccompiler, in JSON: an object that maps each
// category of threads to its filter.
//
//   {"vcpu": {"default_action": "trap", "filter_action": "allow",
//             "filter": [{"syscall": "ioctl", "args": [{"index": 1, "type": "dword",
//                                                       "op": "eq", "val": 44672}]}]}}
//
// The result has a rule set for each category, side by side. The two programs share the format
// but not its edges: whether unknown fields are errors, which names the actions have, what a
// list of arguments may hold. `environment.runtime` says which is meant.
#pragma once

#include <string_view>

#include "assay/profile/environment.hpp"
#include "assay/profile/profile.hpp"

namespace assay::profile {

Read read_firecracker(std::string_view text, std::string_view file, const Environment& environment);

}  // namespace assay::profile
