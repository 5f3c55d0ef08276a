// The wording of rejections: one sentence that says where and why Linux refuses a filter,
// "instruction 3: jump to 300, the last instruction is 12".
#pragma once

#include <string>

#include "assay/verify/accept.hpp"

namespace assay::text {

std::string to_text(const verify::Rejection& rejection);

}  // namespace assay::text
