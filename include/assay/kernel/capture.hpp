// The filters of live processes: read from one that runs (filters_of), or caught while a
// command and all its descendants install them (run_and_capture).
//
// Both use ptrace and leave a process as they found it. Reading from another process needs
// CAP_SYS_ADMIN and a kernel with CONFIG_CHECKPOINT_RESTORE; following a command needs no
// privilege. Stacks are oldest first. No state outlives a call; not to be used by two
// threads on one process.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "assay/bpf/instruction.hpp"

namespace assay::kernel {

enum class Mode : std::uint8_t { Disabled, Strict, Filter };  // as /proc counts them
std::string_view name(Mode mode);                             // "disabled", ...

enum class CaptureProblem : std::uint8_t {
  NoSuchProcess,   // never was, or ended meanwhile
  NotPermitted,    // ptrace of this process is not allowed to us (user, capability, Yama)
  AlreadyTraced,   // by a debugger
  OwnProcess,      // ptrace cannot look at the process that asks
  NeedsPrivilege,  // reading filters takes CAP_SYS_ADMIN in the first user namespace
  Confined,        // or we are under seccomp ourselves, which forbids it
  KernelLacks,     // CONFIG_CHECKPOINT_RESTORE (filters_of), PTRACE_GET_SYSCALL_INFO
  NotStopping,     // the process did not stop in time (uninterruptible sleep)
  CannotRun,       // the command: see error
  Architecture,    // no lib/kernel/calls_<arch>.cpp for this machine
  Unexpected,      // any other errno
};
std::string_view describe(CaptureProblem problem);

struct CaptureFailure {
  CaptureProblem problem{};
  int error = 0;  // errno, where there is one
  friend bool operator==(const CaptureFailure&, const CaptureFailure&) = default;
};

struct CapturedFilter {
  std::vector<bpf::Instruction> instructions;  // byte for byte what was installed
  std::optional<std::uint32_t> flags;          // the kernel tells FLAG_LOG alone; none before 4.16
  friend bool operator==(const CapturedFilter&, const CapturedFilter&) = default;
};

struct CapturedStack {
  int pid = 0;
  int tid = 0;
  Mode mode = Mode::Disabled;
  std::vector<CapturedFilter> filters;  // oldest first
  friend bool operator==(const CapturedStack&, const CapturedStack&) = default;
};

// One thread (a pid names the first one of its process). It stands still for a moment, and a
// call in which it waits may end with EINTR, as by a signal; a sleep is resumed such that its
// filters cannot kill for it.
tl::expected<CapturedStack, CaptureFailure> filters_of(int tid);
// Every thread, in the order of their ids; those that end meanwhile are left out.
tl::expected<std::vector<CapturedStack>, CaptureFailure> filters_of_threads(int pid);

// One attempt to put a thread under seccomp, seen at the end of the system call.
struct Install {
  std::size_t id = 0;  // counts the events of one run
  int pid = 0;
  int tid = 0;
  std::string comm;  // raw bytes, as in /proc/PID/comm
  std::string exe;   // where /proc/PID/exe leads, empty when unreadable

  std::uint32_t arch = 0;  // AUDIT_ARCH_* of the call
  bool x32 = false;
  enum class Call : std::uint8_t { Seccomp, Prctl } call{};

  Mode mode = Mode::Filter;  // asked for: Strict or Filter
  std::uint32_t flags = 0;   // SECCOMP_FILTER_FLAG_*; 0 through prctl
  std::vector<bpf::Instruction> instructions;
  bool readable = true;  // false: the caller gave no readable instructions

  int error = 0;                     // 0: installed
  int tsync_thread = 0;              // TSYNC refused because of this thread
  std::size_t order = 0;             // its place in the stack, 0 = oldest
  std::optional<std::size_t> below;  // the event whose filter lies under it

  friend bool operator==(const Install&, const Install&) = default;
};

struct RunResult {
  int exit_code = 0;          // of the command, when it ended by itself
  int term_signal = 0;        // or the signal that ended it
  int interrupted = 0;        // the signal to us (SIGINT, ...) that ended the run
  std::size_t inherited = 0;  // filters that the command had from the start
  friend bool operator==(const RunResult&, const RunResult&) = default;
};

struct RunOptions {
  bool refused = false;  // report installs that the kernel refused, too
};

// Runs argv (found through PATH), follows every thread and descendant, and hands each
// install to `sink` while the installing thread stands still; ends when all have ended.
// SIGINT, SIGTERM, SIGHUP and SIGQUIT to us go to the command, and what is left of it two
// seconds later is killed.
using InstallSink = std::function<void(const Install&)>;
tl::expected<RunResult, CaptureFailure> run_and_capture(std::span<const std::string> argv,
                                                        const InstallSink& sink,
                                                        RunOptions options = {});

}  // namespace assay::kernel
