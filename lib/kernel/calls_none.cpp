// An architecture without a file of its own: everything says "cannot".
#include <cerrno>
#include <cstdlib>

#include "kernel/calls.hpp"

namespace assay::kernel::calls {

bool supported() { return false; }
std::uint32_t native_arch() { return 0; }
long gate(long, long, long, long, long, long, long) { return -ENOSYS; }
std::uint64_t gate_pointer() { return 0; }
std::uint64_t probe_bytes_before() { return 0; }
std::uint64_t probe_bytes_after() { return 0; }
std::uint32_t narrow_arch() { return 0; }
bool fixed_call(std::uint64_t, std::uint32_t, const std::uint64_t*) { return false; }
std::uint64_t open_compat(std::span<const Mapping>) { return 0; }
long move_compat(unsigned) { return -ENOSYS; }
bool fit_compat(std::array<std::uint64_t, call_arguments>&, std::uint32_t) { return false; }
long probe(const ProbeTarget&, std::uint32_t, const std::uint64_t*, Trap&) { return -ENOSYS; }
long catch_traps() { return -ENOSYS; }
bool has_tick_counter() { return false; }
std::uint64_t ticks() { return 0; }
bool harmless(std::uint32_t) { return false; }
long skip_call(long, long) { return -ENOSYS; }
bool exempt(std::uint32_t) { return true; }
long spawn(std::byte*, void (*)(void*), void*) { return -ENOSYS; }
long spawn_beside(std::byte*, void (*)(void*), void*) { return -ENOSYS; }
long spawn_marked(std::byte*, void (*)(void*), void*, std::uint32_t*) { return -ENOSYS; }
long spawn_thread(std::byte*, void (*)(void*), void*) { return -ENOSYS; }
void leave() { std::abort(); }
int leave_signal() { return 0; }
std::optional<InstallCall> install_call(std::uint32_t, std::uint64_t, const std::uint64_t*) {
  return {};
}

std::optional<seccomp::SeccompData> pending_restart(int) { return {}; }
void repeat_call(int) {}

}  // namespace assay::kernel::calls
