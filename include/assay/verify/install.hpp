// What seccomp(SECCOMP_SET_MODE_FILTER) would answer, for a filter, flags and a caller.
//
// The causes are tested in the kernel's order (do_seccomp(), seccomp_set_mode_filter(),
// seccomp_attach_filter() in kernel/seccomp.c), so that of several the right one is named.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "assay/verify/accept.hpp"
#include "assay/verify/chain.hpp"

namespace assay::verify {

// SECCOMP_FILTER_FLAG_*
enum InstallFlag : std::uint32_t {
  tsync = 0x01,
  log = 0x02,
  spec_allow = 0x04,
  new_listener = 0x08,
  tsync_esrch = 0x10,
  wait_killable_recv = 0x20,
};

enum class Pointer : std::uint8_t { Readable, Null, Unreadable };

// The thread that makes the call.
struct Installer {
  bool no_new_privs = true;
  bool sys_admin = false;  // CAP_SYS_ADMIN in its user namespace
  Blinding blinding = Blinding::Off;
  std::vector<std::uint32_t> attached;  // chain_cost() of each filter it has
  bool strict_mode = false;
  bool live_listener = false;  // some attached filter's listener is still open
  bool free_descriptor = true;
  std::optional<int> diverged_thread;  // tid of a thread whose filters TSYNC cannot replace
};

enum class InstallKind : std::uint8_t {
  Installed,
  UnknownFlags,             // EINVAL
  TsyncWithListener,        // EINVAL: both return a number; TSYNC_ESRCH resolves it
  KillableWithoutListener,  // EINVAL
  ProgramUnreadable,        // EFAULT: struct sock_fprog
  BadLength,                // EINVAL
  NotPrivileged,            // EACCES
  NoInstructions,           // EINVAL: null pointer
  InstructionsUnreadable,   // EFAULT
  Rejected,                 // EINVAL: verify::accept()
  NoDescriptor,             // EMFILE
  InStrictMode,             // EINVAL
  ListenerExists,           // EBUSY
  ChainFull,                // ENOMEM
  ThreadDiverged,           // the tid, or ESRCH with TSYNC_ESRCH
};

struct InstallRequest {
  std::span<const bpf::Instruction> instructions;
  std::uint32_t flags = 0;
  Pointer program = Pointer::Readable;  // the struct sock_fprog
  Pointer pointer = Pointer::Readable;  // its array of instructions
};

struct InstallResult {
  InstallKind kind = InstallKind::Installed;
  int error = 0;   // errno, 0 when the call does not fail with one
  int thread = 0;  // ThreadDiverged without TSYNC_ESRCH: the positive tid returned
  std::optional<Rejection> rejection{};  // of the instructions: BadLength, Rejected

  bool installed() const { return kind == InstallKind::Installed; }
  friend bool operator==(const InstallResult&, const InstallResult&) = default;
};

InstallResult install_result(const InstallRequest& request, const Installer& installer = {},
                             const seccomp::Semantics& semantics = {});

// The identifier used in reports: "not-privileged".
std::string_view name(InstallKind kind);

}  // namespace assay::verify
