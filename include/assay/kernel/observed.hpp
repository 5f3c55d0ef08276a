// What a thread sees of a filter's verdict on its call, and whether a verdict explains it.
//
// A thread cannot tell everything apart. Detail::Class asks once per call and leaves open what
// would let the call go on (ALLOW, LOG), ask somebody (TRACE, USER_NOTIF) or is unknown but
// weaker than ERRNO: they are all Sighting::Passed. Detail::Action tells those apart, too.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "assay/seccomp/semantics.hpp"
#include "assay/seccomp/verdict.hpp"

namespace assay::kernel {

enum class Detail : std::uint8_t { Class, Action };

enum class Sighting : std::uint8_t {
  Errno,        // the call returned -data
  Trap,         // SIGSYS with si_errno data, and all else in order
  KillThread,   // the thread died, another of its process lived on
  KillProcess,  // the process died, though ERRNO was there to win: KILL_PROCESS or unknown
  Passed,       // weaker than ERRNO; Detail::Class asks no more
  UserNotif,    // nobody listened: -ENOSYS
  Trace,        // the tracer was told data
  Log,
  Allow,
  UnknownPassed,  // weaker than ERRNO, and the process dies where nothing stronger is
};
std::string_view name(Sighting sighting);

struct Observed {
  Sighting sighting{};
  std::uint16_t data = 0;
  // LOG and ALLOW of a call that may not run are told apart by the values of each program of
  // the stack, which the kernel gave, and by precedence, which it did not.
  bool derived = false;
  friend bool operator==(const Observed&, const Observed&) = default;
};

// "ERRNO(13)", "passed"
std::string to_string(const Observed& observed);

// Whether a thread under this verdict sees just this.
bool explains(seccomp::Verdict verdict, const Observed& observed,
              const seccomp::Semantics& semantics = {});

// What a thread sees under this verdict, in full detail.
Observed expected(seccomp::Verdict verdict, const seccomp::Semantics& semantics = {});

}  // namespace assay::kernel
