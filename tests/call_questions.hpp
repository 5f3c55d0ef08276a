// Rows that ask for the verdict of a call: "x86_64 openat arg1=3 ERRNO(1)".
#pragma once

#include <optional>
#include <string>

#include "assay/seccomp/seccomp_data.hpp"
#include "data_cases.hpp"

namespace assay::test {

struct CallQuestion {
  seccomp::Words words{};
  std::string verdict;  // in words
};

// Nothing for a line that does not begin with an arch; fails the program when it goes on wrongly.
std::optional<CallQuestion> call_question(const std::string& line);

}  // namespace assay::test
