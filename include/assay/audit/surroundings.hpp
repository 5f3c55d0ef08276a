// What is known of the machine and the process around a filter. Everything is optional: what
// is not known stays a requirement that the finding prints.
//
// Which ABIs the kernel can produce decides what counts: a verdict for an arch that cannot
// occur is no weakness.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "assay/seccomp/arch.hpp"
#include "assay/seccomp/semantics.hpp"

namespace assay::audit {

struct Machine {
  seccomp::Semantics semantics;
  std::optional<bool> ia32;    // x86_64: 32-bit calls are there (CONFIG_IA32_EMULATION, not off)
  std::optional<bool> x32;     // x86_64: x32 calls are there
  std::optional<bool> compat;  // other machines: 32-bit programs run
  // By name, as under /proc/sys with dots: "kernel.io_uring_disabled" = 2.
  std::map<std::string, std::int64_t, std::less<>> sysctls;

  std::optional<std::int64_t> sysctl(std::string_view name) const;
};

enum class Libc : std::uint8_t { Unknown, Glibc, Musl };
enum class Installed : std::uint8_t { Unknown, BeforeExec, AfterStart };

struct Process {
  int pid = 0;
  std::optional<bool> no_new_privs;
  std::optional<std::uint64_t> capabilities;  // effective, as in /proc/PID/status
  std::optional<bool> root_user_namespace;
  std::optional<bool> sigsys_handler;
  std::size_t threads = 1;
};

struct Surroundings {
  Machine machine;
  Libc libc = Libc::Unknown;
  Installed installed = Installed::Unknown;
  std::optional<Process> process;
};

}  // namespace assay::audit
