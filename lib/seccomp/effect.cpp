#include "assay/seccomp/effect.hpp"

#include <array>

namespace assay::seccomp {
namespace {

// errno numbers of the system call interface differ between machines; ENOSYS is 89 on
// MIPS, 251 on Alpha, ... (uapi/asm/errno.h).
struct EnosysRow {
  Arch arch;
  int number;
};

constexpr auto other_enosys = std::to_array<EnosysRow>({
    {Arch::mips, 89},
    {Arch::mipsel, 89},
    {Arch::mips64, 89},
    {Arch::mipsel64, 89},
    {Arch::mips64n32, 89},
    {Arch::mipsel64n32, 89},
    {Arch::parisc, 251},
    {Arch::parisc64, 251},
    {Arch::alpha, 78},
    {Arch::sparc, 90},
    {Arch::sparc64, 90},
});

int enosys(Arch machine) {
  for (const EnosysRow& row : other_enosys)
    if (row.arch == machine) return row.number;
  return 38;
}

// The last thread of a process that is killed takes the process with it.
EffectKind killed_thread(const Caller& caller) {
  return caller.other_threads ? EffectKind::ThreadDies : EffectKind::ProcessDies;
}

}  // namespace

Effect effect(Verdict verdict, const Caller& caller, const Semantics& semantics) {
  const std::int64_t data = verdict.data(semantics);
  const Effect nobody_to_ask{EffectKind::Returns, -enosys(semantics.machine)};
  switch (verdict.action(semantics)) {
    case Action::Allow: return {EffectKind::Runs, 0};
    case Action::Log: return {EffectKind::RunsLogged, 0};
    case Action::Errno: return {EffectKind::Returns, -data};
    case Action::Trap:
      if (!caller.sigsys_handler) return {EffectKind::ProcessDies, 0};
      return {EffectKind::Handled, data};
    case Action::Trace:
      if (!caller.tracer) return nobody_to_ask;
      return {EffectKind::TracerDecides, data};
    case Action::UserNotif:
      if (!caller.listener) return nobody_to_ask;
      return {EffectKind::ListenerDecides, 0};
    case Action::KillThread: return {killed_thread(caller), 0};
    case Action::KillProcess: return {EffectKind::ProcessDies, 0};
    case Action::Unknown: break;
  }
  return {semantics.unknown_kills_process ? EffectKind::ProcessDies : killed_thread(caller), 0};
}

std::string_view name(EffectKind kind) {
  constexpr auto names = std::to_array<std::string_view>(
      {"runs", "runs-logged", "returns", "handled", "tracer-decides", "listener-decides",
       "thread-dies", "process-dies"});
  return names[static_cast<std::size_t>(kind)];
}

}  // namespace assay::seccomp
