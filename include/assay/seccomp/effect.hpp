// What a verdict does to the thread that made the call, given who watches it.
//
// The same filter value can run the call, fake its result, raise a signal or end the
// process; which of these depends on tracer, listener, signal handler and sibling threads.
// Rules: __seccomp_filter(), seccomp_do_user_notification(), ptrace_event().
#pragma once

#include <cstdint>
#include <string_view>

#include "assay/seccomp/seccomp_data.hpp"
#include "assay/seccomp/verdict.hpp"

namespace assay::seccomp {

// Who is around when the call is made.
struct Caller {
  bool tracer = false;          // a ptrace tracer with PTRACE_O_TRACESECCOMP
  bool listener = false;        // the filter that decided has a live notification listener
  bool sigsys_handler = false;  // SIGSYS is caught, and neither blocked nor ignored
  bool other_threads = false;   // another thread of the process is alive
};

enum class EffectKind : std::uint8_t {
  Runs,             // the call is carried out
  RunsLogged,       // and a record is emitted (LOG)
  Returns,          // it is skipped and returns `value` (ERRNO, or nobody to ask: -ENOSYS)
  Handled,          // it is skipped, and the SIGSYS handler runs (TRAP)
  TracerDecides,    // the tracer gets PTRACE_EVENT_SECCOMP with `value` as message
  ListenerDecides,  // the call waits for an answer through the listener
  ThreadDies,       // this thread alone
  ProcessDies,      // the whole process, wait status SIGSYS
};

struct Effect {
  EffectKind kind{};
  // Returns: what the call returns. TracerDecides: PTRACE_GETEVENTMSG. Handled: si_errno.
  std::int64_t value = 0;

  friend constexpr bool operator==(const Effect&, const Effect&) = default;
};

Effect effect(Verdict verdict, const Caller& caller = {}, const Semantics& semantics = {});

// The identifier used in reports: "runs", "process-dies", ...
std::string_view name(EffectKind kind);

}  // namespace assay::seccomp
