// What a share wrote, but for the name of the machine: equal wherever it ran.
#pragma once

#include <string>

#include "pattern.hpp"

namespace assay::fleet {

inline std::string without_host(const std::string& text) {
  static const test::Pattern host(",\"host\":\"[^\"]*\"");
  return host.removed(text);
}

}  // namespace assay::fleet
