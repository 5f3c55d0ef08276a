// What an architecture provides to this room: raw system calls at known addresses, and the
// shape of the calls that install a filter. One file calls_<arch>.cpp each; calls_none.cpp
// answers for the rest.
//
// gate() and probe() touch no memory but their arguments and the stack, so that they work in
// a child that shares the memory of its parent, and under any filter.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "assay/kernel/capture.hpp"
#include "assay/seccomp/seccomp_data.hpp"

namespace assay::kernel::calls {

inline constexpr std::size_t call_arguments = 6;

bool supported();
std::uint32_t native_arch();  // AUDIT_ARCH_* of calls made by gate() and probe()

// Every call through the gate has the same instruction_pointer: gate_pointer().
long gate(long nr, long a = 0, long b = 0, long c = 0, long d = 0, long e = 0, long f = 0);
std::uint64_t gate_pointer();

template <class T>
long word(const T* pointer) {
  return static_cast<long>(reinterpret_cast<std::uintptr_t>(pointer));
}

// A probe is a system call instruction and a return, written at `pointer - before`; the call
// then has instruction_pointer == pointer. The bytes [pointer - before, pointer + after)
// must be mapped, writable and executable.
inline constexpr std::uint64_t user_space_end = 0x7ffffffff000;
std::uint64_t probe_bytes_before();
std::uint64_t probe_bytes_after();
long probe(std::uint64_t pointer, std::uint32_t nr, const std::uint64_t* args);

// Numbers that no filter sees, for which a probe would be carried out.
bool exempt(std::uint32_t nr);

// vfork with a stack of its own: `run(argument)` in a child that shares this memory, while
// the caller waits. The child's pid, or -errno. run must end with leave() and need none of
// the system calls that a filter could refuse.
long spawn(std::byte* stack_end, void (*run)(void*), void* argument);
// Ends the process without any system call and without a line in the kernel log; the signal
// that its parent sees.
[[noreturn]] void leave();
int leave_signal();

// A system call that can put its caller under seccomp, and where its fprog lies.
struct InstallCall {
  Install::Call call{};
  bool x32 = false;
  Mode mode{};
  std::uint32_t flags = 0;
  std::uint64_t fprog = 0;
  bool narrow = false;  // 8 bytes with a 32-bit pointer instead of 16
};
std::optional<InstallCall> install_call(std::uint32_t arch, std::uint64_t nr,
                                        const std::uint64_t* args);

// What a stopped thread is about to do by itself: resume an interrupted sleep through
// restart_syscall. Its filters judge that call, and may kill for it.
std::optional<seccomp::SeccompData> pending_restart(int tid);
// Makes it repeat the original call instead, whose time-out starts anew.
void repeat_call(int tid);

}  // namespace assay::kernel::calls
