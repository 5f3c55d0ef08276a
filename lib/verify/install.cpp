#include "assay/verify/install.hpp"

#include <array>
#include <cerrno>

namespace assay::verify {
namespace {

struct KindRow {
  std::string_view name;
  int error;
};

// In the order of InstallKind.
constexpr auto kinds = std::to_array<KindRow>({
    {"installed", 0},
    {"unknown-flags", EINVAL},
    {"tsync-with-listener", EINVAL},
    {"killable-without-listener", EINVAL},
    {"program-unreadable", EFAULT},
    {"bad-length", EINVAL},
    {"not-privileged", EACCES},
    {"no-instructions", EINVAL},
    {"instructions-unreadable", EFAULT},
    {"rejected", EINVAL},
    {"no-descriptor", EMFILE},
    {"in-strict-mode", EINVAL},
    {"listener-exists", EBUSY},
    {"chain-full", ENOMEM},
    {"thread-diverged", ESRCH},
});

const KindRow& row(InstallKind kind) { return kinds[static_cast<std::size_t>(kind)]; }

InstallResult fail(InstallKind kind) { return {kind, row(kind).error}; }

InstallResult fail(InstallKind kind, const Rejection& rejection) {
  return {kind, rejection.error, 0, rejection};
}

std::optional<InstallKind> flag_fault(std::uint32_t flags, const seccomp::Semantics& semantics) {
  if ((flags & ~semantics.install_flags) != 0) return InstallKind::UnknownFlags;
  const bool listener = (flags & new_listener) != 0;
  if (listener && (flags & tsync) != 0 && (flags & tsync_esrch) == 0)
    return InstallKind::TsyncWithListener;
  if (!listener && (flags & wait_killable_recv) != 0) return InstallKind::KillableWithoutListener;
  return {};
}

// The part that looks at the thread once the filter is known to be good.
InstallResult attach(std::uint32_t cost, std::uint32_t flags, const Installer& installer) {
  const bool listener = (flags & new_listener) != 0;
  if (listener && !installer.free_descriptor) return fail(InstallKind::NoDescriptor);
  if (installer.strict_mode) return fail(InstallKind::InStrictMode);
  if (listener && installer.live_listener) return fail(InstallKind::ListenerExists);
  if (!fits(cost, installer.attached)) return fail(InstallKind::ChainFull);
  if ((flags & tsync) != 0 && installer.diverged_thread) {
    if ((flags & tsync_esrch) != 0) return fail(InstallKind::ThreadDiverged);
    return {InstallKind::ThreadDiverged, 0, *installer.diverged_thread};
  }
  return {};
}

}  // namespace

InstallResult install_result(const InstallRequest& request, const Installer& installer,
                             const seccomp::Semantics& semantics) {
  if (const auto fault = flag_fault(request.flags, semantics)) return fail(*fault);
  if (request.program != Pointer::Readable) return fail(InstallKind::ProgramUnreadable);

  const auto accepted = accept(request.instructions, semantics);
  const bool bad_length = !accepted && !accepted.error().insn;
  if (bad_length) return fail(InstallKind::BadLength, accepted.error());
  if (!installer.no_new_privs && !installer.sys_admin) return fail(InstallKind::NotPrivileged);
  if (request.pointer == Pointer::Null) return fail(InstallKind::NoInstructions);
  if (request.pointer == Pointer::Unreadable) return fail(InstallKind::InstructionsUnreadable);
  if (!accepted) return fail(InstallKind::Rejected, accepted.error());

  return attach(chain_cost(*accepted, installer.blinding, semantics), request.flags, installer);
}

std::string_view name(InstallKind kind) { return row(kind).name; }

}  // namespace assay::verify
