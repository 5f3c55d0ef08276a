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
long probe(std::uint64_t, std::uint32_t, const std::uint64_t*) { return -ENOSYS; }
bool exempt(std::uint32_t) { return true; }
long spawn(std::byte*, void (*)(void*), void*) { return -ENOSYS; }
void leave() { std::abort(); }
int leave_signal() { return 0; }
std::optional<InstallCall> install_call(std::uint32_t, std::uint64_t, const std::uint64_t*) {
  return {};
}

std::optional<seccomp::SeccompData> pending_restart(int) { return {}; }
void repeat_call(int) {}

}  // namespace assay::kernel::calls
