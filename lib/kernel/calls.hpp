// What an architecture provides to this room: raw system calls at known addresses, and the
// shape of the calls that install a filter. One file calls_<arch>.cpp each; calls_none.cpp
// answers for the rest.
//
// gate() and probe() touch no memory but their arguments, the stack and a few words of this
// library's own, so that they work in a child that shares the memory of its parent, and under
// any filter; one thread of a process probes at a time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

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

// By which door a call enters the kernel, which fixes its arch.
enum class Entry : std::uint32_t {
  Native,
  Narrow,  // the 32-bit ABI from 64-bit code: every register passes whole
  Compat,  // the 32-bit ABI from 32-bit code through the vDSO: fast, see open_compat()
  Fixed,   // a page of the kernel's, at whose addresses it emulates a call
};
std::uint32_t narrow_arch();  // AUDIT_ARCH_* of Entry::Narrow; 0: there is none
// Whether the kernel emulates call `nr` at this address and looks at it before all else.
bool fixed_call(std::uint64_t pointer, std::uint32_t nr, const std::uint64_t* args);

// Entry::Compat: a process may exchange its vDSO for the 32-bit one and run 32-bit code. Such
// calls take the kernel's fast entry, and then their instruction_pointer is the vDSO's landing
// pad. For choosing it all the same, the vDSO can move to a few places.
inline constexpr unsigned compat_places = 3;
inline constexpr std::uint64_t compat_distance = 0x10000;
struct Mapping {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};
// In a child that needs no vDSO: takes these mappings of the old one away. The pointer of calls
// while the vDSO is at place 0; 0: there is no such door.
std::uint64_t open_compat(std::span<const Mapping> vdso);
// 0 or -errno. The pointer is then `place` * compat_distance more.
long move_compat(unsigned place);
// Changes only words of `args` that are not read (bit w of the set: word w of seccomp_data),
// such that a call through the door shows the others as they are; false: it cannot.
bool fit_compat(std::array<std::uint64_t, call_arguments>& args, std::uint32_t words_read);

// What a SIGSYS handler was told, and the registers it would return to.
struct Trap {
  std::uint32_t caught = 0;
  std::int32_t signal = 0;
  std::int32_t error = 0;  // si_errno
  std::int32_t code = 0;
  std::uint64_t address = 0;  // si_call_addr
  std::int32_t nr = 0;
  std::uint32_t arch = 0;
  std::uint64_t result = 0;  // the register of the call's result
  std::uint64_t resume = 0;  // the instruction pointer
  std::uint64_t stack = 0;   // of probe(), to which the handler goes back
  friend bool operator==(const Trap&, const Trap&) = default;
};

struct ProbeTarget {
  Entry entry = Entry::Native;
  std::uint64_t pointer = 0;
};
// What the call returned; not meant when trap.caught is set afterwards.
long probe(const ProbeTarget& target, std::uint32_t nr, const std::uint64_t* args, Trap& trap);
// From now on SIGSYS in a probe ends that probe. 0 or -errno.
long catch_traps();

// A counter of this processor that runs at one pace; 0 where there is none.
bool has_tick_counter();
std::uint64_t ticks();

// Numbers of no system call, on any kernel so far: such a call may run.
bool harmless(std::uint32_t nr);

// A tracer's side of a stopped call: it will not be carried out and return `result`.
long skip_call(long pid, long result);

// Numbers that no filter sees, for which a probe would be carried out.
bool exempt(std::uint32_t nr);

// vfork with a stack of its own: `run(argument)` in a child that shares this memory, while
// the caller waits. The child's pid, or -errno. run must end with leave() and need none of
// the system calls that a filter could refuse.
long spawn(std::byte* stack_end, void (*run)(void*), void* argument);
// The same without waiting: the child runs beside its parent.
long spawn_beside(std::byte* stack_end, void (*run)(void*), void* argument);
// As spawn(), and `alive` holds a number until the child's first thread has ended.
long spawn_marked(std::byte* stack_end, void (*run)(void*), void* argument, std::uint32_t* alive);
// Another thread of the caller's process. Its id, or -errno.
long spawn_thread(std::byte* stack_end, void (*run)(void*), void* argument);
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
