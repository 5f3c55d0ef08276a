// socketcall and ipc: one number for many calls, told apart by the first argument. On arches
// that have them, libseccomp lets a rule for `socket` also speak for socketcall(1, ...).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "assay/seccomp/arch.hpp"

namespace assay::profile {

struct Multiplexed {
  std::string_view through;  // "socketcall" or "ipc"
  std::uint32_t subcode;     // its first argument
};

// Nothing where the call does not go through another one.
std::optional<Multiplexed> multiplexed(seccomp::Arch arch, std::string_view call);

}  // namespace assay::profile
