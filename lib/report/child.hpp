// Another program as a filter of text: its input given, its output read, no shell, an end to
// time, memory and output.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

namespace assay::report {

enum class ChildFailure : std::uint8_t {
  Missing,  // there is no such program in the PATH
  NotStarted,
  TooSlow,  // killed at the time limit
  TooMuch,  // killed at the output limit
  Failed,   // ended with a status other than 0, or by a signal
};

struct ChildLimits {
  std::chrono::milliseconds time{5000};
  std::size_t output = std::size_t{64} << 20;
  std::size_t memory = std::size_t{2} << 30;
};

// `command` is a name that is looked for in the PATH, or a path.
tl::expected<std::string, ChildFailure> run_child(const std::vector<std::string>& command,
                                                  std::string_view input,
                                                  const ChildLimits& limits = {});

}  // namespace assay::report
