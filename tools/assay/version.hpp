// What `assay --version` prints: the parts whose change may change an answer.
#pragma once

#include <string>

namespace assay::tool {

std::string version_text();
std::string version_json();

}  // namespace assay::tool
