// The profile that Debian installs for containers, as libseccomp writes it call by call: what
// podman loads, for more architectures than one machine has.
#pragma once

#include <optional>
#include <span>

#include "assay/seccomp/arch.hpp"
#include "assay/verify/program.hpp"

namespace assay::bench {

// Nothing when golang-github-containers-common is neither installed nor unpacked.
std::optional<verify::Program> containers_common(std::span<const seccomp::Arch> arches);

}  // namespace assay::bench
