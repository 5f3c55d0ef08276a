#include "assay/kernel/observed.hpp"

#include <array>

namespace assay::kernel {
namespace {

using seccomp::Action;
using seccomp::Verdict;

constexpr auto names =
    std::to_array<std::string_view>({"ERRNO", "TRAP", "KILL_THREAD", "KILL_PROCESS", "passed",
                                     "USER_NOTIF", "TRACE", "LOG", "ALLOW", "unknown, passed"});

// As the kernel compares actions: signed.
bool weaker_than_errno(Verdict verdict) {
  return static_cast<std::int32_t>(verdict.value & seccomp::action_mask) >
         static_cast<std::int32_t>(seccomp::value_of(Action::Errno));
}

bool has_data(Sighting sighting) {
  return sighting == Sighting::Errno || sighting == Sighting::Trap || sighting == Sighting::Trace;
}

}  // namespace

std::string_view name(Sighting sighting) { return names[static_cast<std::size_t>(sighting)]; }

std::string to_string(const Observed& observed) {
  std::string text(name(observed.sighting));
  if (has_data(observed.sighting)) text += "(" + std::to_string(observed.data) + ")";
  return text;
}

Observed expected(Verdict verdict, const seccomp::Semantics& semantics) {
  const std::uint16_t data = verdict.data(semantics);
  switch (verdict.action(semantics)) {
    case Action::KillProcess: return {Sighting::KillProcess};
    case Action::KillThread: return {Sighting::KillThread};
    case Action::Trap: return {Sighting::Trap, data};
    case Action::Errno: return {Sighting::Errno, data};
    case Action::UserNotif: return {Sighting::UserNotif};
    case Action::Trace: return {Sighting::Trace, data};
    case Action::Log: return {Sighting::Log};
    case Action::Allow: return {Sighting::Allow};
    case Action::Unknown: break;
  }
  return {weaker_than_errno(verdict) ? Sighting::UnknownPassed : Sighting::KillProcess};
}

bool explains(Verdict verdict, const Observed& observed, const seccomp::Semantics& semantics) {
  if (observed.sighting == Sighting::Passed) return weaker_than_errno(verdict);
  const Observed all = expected(verdict, semantics);
  return all.sighting == observed.sighting && all.data == observed.data;
}

}  // namespace assay::kernel
