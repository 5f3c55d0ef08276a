// The options of `check` that describe the rest of the system call: who makes it, with which
// flags, on top of what.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "assay/verify/install.hpp"
#include "command_line.hpp"

namespace assay::tool {

struct Circumstances {
  std::uint32_t flags = 0;
  verify::Installer installer;
};

void add_install_options(CommandLine& line);
// The status after a complaint about one of them.
tl::expected<Circumstances, ExitStatus> read_install_options(const CommandLine& line);

// Why the call fails, for the kinds that are not about the instructions.
std::string_view sentence(verify::InstallKind kind);

}  // namespace assay::tool
