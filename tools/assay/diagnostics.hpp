// What goes to stderr, a line each, and colour for those who want it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "exit_status.hpp"

namespace assay::tool {

// "assay: ..."
void complain(std::string_view sentence);

// The complaint about how `command` was called, with the way to its help.
ExitStatus complain_of_usage(std::string_view command, std::string_view sentence);

// For what can only be a bug of ours: complains and aborts, since no answer may be believed.
[[noreturn]] void give_up(std::string_view sentence);

enum class Shade : std::uint8_t { Good, Bad, Notice, Quiet };

class Paint {
 public:
  explicit Paint(bool on = false) : on_(on) {}
  std::string operator()(Shade shade, std::string_view text) const;

 private:
  bool on_;
};

}  // namespace assay::tool
