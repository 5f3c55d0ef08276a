// Where a profile is meant to be loaded: by which runtime, on which machine. Templates choose
// their entries by it, and each runtime adds rules that no profile states.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "assay/seccomp/arch.hpp"
#include "assay/seccomp/semantics.hpp"

namespace assay::profile {

enum class Runtime : std::uint8_t {
  Libseccomp,  // the rules put into libseccomp as they are
  Runc,
  Crun,
  Systemd,
  Firecracker,
  Seccompiler,  // the rust-vmm library, which has a compiler of its own
  Minijail,
};
inline constexpr std::array<std::string_view, 7> runtime_names{
    "libseccomp", "runc", "crun", "systemd", "firecracker", "seccompiler", "minijail"};
constexpr std::string_view name(Runtime runtime) {
  return runtime_names[static_cast<std::size_t>(runtime)];
}
std::optional<Runtime> find_runtime(std::string_view name);

struct Environment {
  Runtime runtime = Runtime::Runc;
  seccomp::Arch host = seccomp::Arch::x86_64;
  seccomp::KernelVersion kernel{6, 18};
  // Of the bounding set, "CAP_SYS_ADMIN"; see below for the usual sets.
  std::vector<std::string> capabilities;
  bool seccomp_default = false;  // kubelet's seccompDefault: RuntimeDefault where nobody asks
};

// What container engines leave a container by default.
std::vector<std::string> default_capabilities();
// Every CAP_* of Linux 6.18.
std::vector<std::string> all_capabilities();

}  // namespace assay::profile
