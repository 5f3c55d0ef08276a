// The plain numeric #defines of an installed header, as text reads them: no preprocessor, no
// conditionals. For checking data files against the machine's kernel headers.
#pragma once

#include <cstdint>
#include <fstream>
#include <map>
#include <string>

#include "pattern.hpp"

namespace assay::names {

// A value written (x32_syscall_bit + N) or (__X32_SYSCALL_BIT + N) comes out with the bit.
// Empty when the file is not there.
inline std::map<std::string, std::uint32_t> header_defines(const std::string& file,
                                                           const std::string& prefix = "") {
  static const test::Pattern form(
      R"(\s*#\s*define\s+(\w+)\s+(?:\(__X32_SYSCALL_BIT \+ (\d+)\)|(\d+))(?:\s.*)?)");
  std::map<std::string, std::uint32_t> defines;
  std::ifstream text(file);
  for (std::string line; std::getline(text, line);) {
    const auto part = form.whole(line);
    if (!part) continue;
    const std::string& name = (*part)[1];
    if (name.compare(0, prefix.size(), prefix) != 0) continue;
    const bool x32 = !(*part)[2].empty();
    const auto number = static_cast<std::uint32_t>(std::stoul((*part)[x32 ? 2 : 3]));
    defines[name.substr(prefix.size())] = number | (x32 ? 0x40000000U : 0U);
  }
  return defines;
}

}  // namespace assay::names
