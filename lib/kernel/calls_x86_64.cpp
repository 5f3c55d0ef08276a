#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>

#include <cerrno>
#include <csignal>
#include <cstddef>

#include "kernel/calls.hpp"

extern "C" {
long assay_kernel_gate(long nr, long a, long b, long c, long d, long e, long f);
extern const char assay_kernel_gate_return[];
long assay_kernel_probe(std::uint64_t stub, std::uint32_t nr, const std::uint64_t* args,
                        void* trap);
long assay_kernel_probe_narrow(std::uint64_t stub, std::uint32_t nr, const std::uint64_t* args,
                               void* trap);
long assay_kernel_probe_compat(std::uint64_t unused, std::uint32_t nr, const std::uint64_t* args,
                               void* trap);
extern const char assay_kernel_compat_back[];
extern std::uint32_t assay_kernel_compat_far[2];  // 32-bit address, selector
extern std::uint32_t assay_kernel_compat_low;     // a stack for 32-bit code
void assay_kernel_trapped();
extern const char assay_kernel_spawned[];
[[noreturn]] void assay_kernel_leave();
}

asm(R"(
  .pushsection .text
  .balign 16
  .type assay_kernel_gate, @function
assay_kernel_gate:
  movq %rdi, %rax
  movq %rsi, %rdi
  movq %rdx, %rsi
  movq %rcx, %rdx
  movq %r8, %r10
  movq %r9, %r8
  movq 8(%rsp), %r9
  syscall
assay_kernel_gate_return:
  ret
  .size assay_kernel_gate, . - assay_kernel_gate

  # rdi stub, esi number, rdx arguments, rcx trap. The stub is called by r13, which neither ABI
  # passes arguments in. The handler of a trap finds its own in memory: r8 to r15 need not survive
  # a way through 32-bit code.
  .type assay_kernel_probe, @function
assay_kernel_probe:
  pushq %rbx
  pushq %rbp
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rdi, %r13
  movq %rcx, assay_kernel_trap(%rip)
  movq %rsp, 48(%rcx)
  movl %esi, %eax
  movq %rdx, %r11
  movq 0(%r11), %rdi
  movq 8(%r11), %rsi
  movq 16(%r11), %rdx
  movq 24(%r11), %r10
  movq 32(%r11), %r8
  movq 40(%r11), %r9
  call *%r13
  jmp assay_kernel_probed
  .size assay_kernel_probe, . - assay_kernel_probe

  .type assay_kernel_probe_narrow, @function
assay_kernel_probe_narrow:
  pushq %rbx
  pushq %rbp
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rdi, %r13
  movq %rcx, assay_kernel_trap(%rip)
  movq %rsp, 48(%rcx)
  movl %esi, %eax
  movq %rdx, %r11
  movq 0(%r11), %rbx
  movq 8(%r11), %rcx
  movq 16(%r11), %rdx
  movq 24(%r11), %rsi
  movq 32(%r11), %rdi
  movq 40(%r11), %rbp
  call *%r13
assay_kernel_probed:
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbp
  popq %rbx
  ret
  .size assay_kernel_probe_narrow, . - assay_kernel_probe_narrow

  # 32-bit code starts with its stack below 4 GB, where the vDSO finds the sixth argument; the
  # call's second one travels in ebp, since `syscall` takes ecx. lay_out_compat() wrote what
  # the vDSO pops behind the call, and what leads back here.
  .type assay_kernel_probe_compat, @function
assay_kernel_probe_compat:
  pushq %rbx
  pushq %rbp
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rcx, assay_kernel_trap(%rip)
  movq %rsp, 48(%rcx)
  movq %rsp, assay_kernel_compat_stack(%rip)
  movl %esi, %eax
  movq %rdx, %r11
  movl assay_kernel_compat_low(%rip), %ecx
  movl 40(%r11), %r8d
  movl %r8d, (%rcx)
  movq 0(%r11), %rbx
  movq 8(%r11), %rbp
  movq 16(%r11), %rdx
  movq 24(%r11), %rsi
  movq 32(%r11), %rdi
  movl %ecx, %esp
  ljmpl *assay_kernel_compat_far(%rip)
assay_kernel_compat_back:
  movq assay_kernel_compat_stack(%rip), %rsp
  movslq %eax, %rax
  jmp assay_kernel_probed
  .size assay_kernel_probe_compat, . - assay_kernel_probe_compat

  # rsi siginfo, rdx ucontext. A handler could not return: rt_sigreturn is a system call.
  .type assay_kernel_trapped, @function
assay_kernel_trapped:
  movq assay_kernel_trap(%rip), %r12
  movl $1, 0(%r12)
  movl 0(%rsi), %eax
  movl %eax, 4(%r12)
  movl 4(%rsi), %eax
  movl %eax, 8(%r12)
  movl 8(%rsi), %eax
  movl %eax, 12(%r12)
  movq 16(%rsi), %rax
  movq %rax, 16(%r12)
  movq 24(%rsi), %rax
  movq %rax, 24(%r12)
  movq 144(%rdx), %rax
  movq %rax, 32(%r12)
  movq 168(%rdx), %rax
  movq %rax, 40(%r12)
  movq 48(%r12), %rsp
  jmp assay_kernel_probed
  .size assay_kernel_trapped, . - assay_kernel_trapped

  # A new child returns from the gate to here, on the stack that spawn() laid out.
assay_kernel_spawned:
  xorl %ebp, %ebp
  popq %rdi
  popq %rax
  call *%rax
  .type assay_kernel_leave, @function
  # A single-step trap: unlike those of ud2 and int3 its SIGTRAP is not logged.
assay_kernel_leave:
  pushfq
  orq $0x100, (%rsp)
  popfq
  nop
  ud2
  .size assay_kernel_leave, . - assay_kernel_leave
  .popsection

  .pushsection .bss
  .balign 8
assay_kernel_trap: .skip 8
assay_kernel_compat_stack: .skip 8
assay_kernel_compat_far: .skip 8
assay_kernel_compat_low: .skip 4
  .popsection
)");

namespace assay::kernel::calls {
namespace {

constexpr std::uint32_t x32_bit = 0x40000000;
constexpr std::uint32_t uretprobe = 335;  // newer than the headers of Debian 12
constexpr std::uint32_t uprobe = 336;
constexpr std::uint32_t restart_syscall = 219;
constexpr std::uint32_t restart_syscall_i386 = 0;
constexpr long map_vdso_32 = 0x2002;  // ARCH_MAP_VDSO_32 of <asm/prctl.h>, Linux 4.8
constexpr long restart_block = 516;   // ERESTART_RESTARTBLOCK, seen by tracers only

struct InstallNumbers {
  std::uint32_t arch;
  std::uint32_t prctl;
  std::uint32_t seccomp;
};
struct FixedCall {
  std::uint64_t pointer;
  std::uint32_t nr;
};
constexpr FixedCall fixed_calls[] = {
    {0xffffffffff600000, 96}, {0xffffffffff600400, 201}, {0xffffffffff600800, 309}};

constexpr InstallNumbers install_numbers[] = {
    {AUDIT_ARCH_X86_64, 157, 317},
    {AUDIT_ARCH_I386, 172, 354},
};

std::optional<InstallCall> from_seccomp(const std::uint64_t* args) {
  InstallCall call{.call = Install::Call::Seccomp};
  const auto operation = static_cast<std::uint32_t>(args[0]);
  if (operation != SECCOMP_SET_MODE_STRICT && operation != SECCOMP_SET_MODE_FILTER) return {};
  call.mode = operation == SECCOMP_SET_MODE_FILTER ? Mode::Filter : Mode::Strict;
  call.flags = static_cast<std::uint32_t>(args[1]);
  call.fprog = args[2];
  return call;
}

std::optional<InstallCall> from_prctl(const std::uint64_t* args) {
  InstallCall call{.call = Install::Call::Prctl};
  if (static_cast<std::uint32_t>(args[0]) != PR_SET_SECCOMP) return {};
  if (args[1] != SECCOMP_MODE_STRICT && args[1] != SECCOMP_MODE_FILTER) return {};
  call.mode = args[1] == SECCOMP_MODE_FILTER ? Mode::Filter : Mode::Strict;
  call.fprog = args[2];
  return call;
}

}  // namespace

bool supported() { return true; }
std::uint32_t native_arch() { return AUDIT_ARCH_X86_64; }

long gate(long nr, long a, long b, long c, long d, long e, long f) {
  return assay_kernel_gate(nr, a, b, c, d, e, f);
}
std::uint64_t gate_pointer() { return reinterpret_cast<std::uintptr_t>(assay_kernel_gate_return); }

std::uint64_t probe_bytes_before() { return 2; }
std::uint64_t probe_bytes_after() { return 1; }

std::uint32_t narrow_arch() { return AUDIT_ARCH_I386; }

bool fixed_call(std::uint64_t pointer, std::uint32_t nr, const std::uint64_t* args) {
  // gettimeofday, time, getcpu: they look at their pointers first, but not at null ones.
  for (const FixedCall& row : fixed_calls)
    if (row.pointer == pointer && row.nr == nr) return args[0] == 0 && args[1] == 0;
  return false;
}

namespace {

constexpr long page_size = 4096;
constexpr std::uint16_t code_of_64_bits = 0x33;
constexpr std::uint16_t code_of_32_bits = 0x23;
constexpr long compat_pages = 6;  // one of code, the rest for a signal frame

struct CompatDoor {
  std::uint64_t places = 0;  // the first of them
  long size = 0;             // of the vDSO
  unsigned place = 0;
};
CompatDoor compat;

std::uint64_t place_of(unsigned place) { return compat.places + place * compat_distance; }

bool is_error(long result) { return result < 0 && result >= -4095; }

long reserve(std::uint64_t address, long size) {
  return gate(SYS_mmap, static_cast<long>(address), size, PROT_NONE,
              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1);
}

// A filter that is not open to the gate answers for the kernel: only the address tells.
long move_vdso(std::uint64_t from, std::uint64_t to) {
  const long moved = gate(SYS_mremap, static_cast<long>(from), compat.size, compat.size,
                          MREMAP_MAYMOVE | MREMAP_FIXED, static_cast<long>(to));
  if (moved == static_cast<long>(to)) return 0;
  return is_error(moved) ? moved : -EIO;
}

// Where a page begins like an ELF file, from `first` on; 0: nowhere near. Pages that must not
// be touched are told apart by a system call that reads a path there.
std::uint64_t find_image(std::uint64_t first) {
  constexpr std::uint32_t magic = 0x464c457f;
  for (std::uint64_t page = first; page < first + 16 * page_size; page += page_size) {
    if (gate(SYS_access, static_cast<long>(page), 0) == -EFAULT) continue;
    if (*reinterpret_cast<const volatile std::uint32_t*>(page) == magic) return page;
  }
  return 0;
}

// Behind `syscall; int $0x80` of __kernel_vsyscall, as AMD's machines have it. (Intel's enter by
// sysenter, which passes its registers otherwise.)
std::uint64_t find_landing_pad(std::uint64_t image, long size) {
  constexpr unsigned char wanted[] = {0x0f, 0x05, 0xcd, 0x80, 0x5d, 0x5a, 0x59, 0xc3};
  const auto* bytes = reinterpret_cast<const volatile unsigned char*>(image);
  for (long at = 0; at + static_cast<long>(sizeof wanted) <= size; ++at) {
    std::size_t same = 0;
    while (same < sizeof wanted && bytes[at + static_cast<long>(same)] == wanted[same]) ++same;
    if (same == sizeof wanted) return image + static_cast<std::uint64_t>(at) + 4;
  }
  return 0;
}

// A page of code and a stack below 4 GB.
bool lay_out_compat() {
  const long base = gate(SYS_mmap, 0, compat_pages * page_size, PROT_READ | PROT_WRITE | PROT_EXEC,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1);
  if (is_error(base)) return false;
  constexpr unsigned char code[] = {
      0x0f, 0x05,                                      // syscall: goes on at the landing pad
      0xcb,                                            // lret: the vDSO's ret leads here
      0xcc, 0xcc, 0xcc, 0xcc, 0xcc,                    //
      0xff, 0x25, 0x00, 0x00, 0x00, 0x00, 0xcc, 0xcc,  // 64 bits again: jmp *2(%rip)
  };
  auto* bytes = reinterpret_cast<volatile unsigned char*>(base);
  for (std::size_t i = 0; i < sizeof code; ++i) bytes[i] = code[i];
  *reinterpret_cast<volatile std::uint64_t*>(base + 14) =
      reinterpret_cast<std::uintptr_t>(assay_kernel_compat_back);
  const auto low = static_cast<std::uint32_t>(base);
  const long top = base + compat_pages * page_size - 64;
  auto* stack = reinterpret_cast<volatile std::uint32_t*>(top);
  stack[3] = low + 2;  // behind ebp, edx and ecx
  stack[4] = low + 8;
  stack[5] = code_of_64_bits;
  assay_kernel_compat_low = static_cast<std::uint32_t>(top);
  assay_kernel_compat_far[0] = low;
  assay_kernel_compat_far[1] = code_of_32_bits;
  return true;
}

bool reserve_places() {
  constexpr std::uint64_t candidates[] = {0x5f000000, 0x4f000000, 0x3f000000, 0x6f000000};
  for (const std::uint64_t first : candidates) {
    const long size = compat_places * compat_distance;
    const long result = reserve(first, size);
    if (result == static_cast<long>(first)) {
      compat.places = first;
      return true;
    }
    if (!is_error(result)) gate(SYS_munmap, result, size);  // Linux before 4.17: a hint
  }
  return false;
}

}  // namespace

std::uint64_t open_compat(std::span<const Mapping> vdso) {
  std::uint16_t selector = 0;
  asm("mov %%cs, %0" : "=r"(selector));
  if (selector != code_of_64_bits || vdso.empty() || !reserve_places()) return 0;
  for (const Mapping& mapping : vdso)
    gate(SYS_munmap, static_cast<long>(mapping.begin),
         static_cast<long>(mapping.end - mapping.begin));
  const std::uint64_t beside = place_of(compat_places);
  compat.size = gate(SYS_arch_prctl, map_vdso_32, static_cast<long>(beside));
  if (compat.size <= 0 || compat.size > static_cast<long>(compat_distance)) return 0;
  const std::uint64_t image = find_image(beside);
  if (image == 0 || move_vdso(image, place_of(0)) != 0) return 0;
  const std::uint64_t pad = find_landing_pad(place_of(0), compat.size);
  return pad != 0 && lay_out_compat() ? pad : 0;
}

long move_compat(unsigned place) {
  if (place == compat.place) return 0;
  const std::uint64_t before = place_of(compat.place);
  const long moved = move_vdso(before, place_of(place));
  if (moved != 0) return moved;
  compat.place = place;
  // Nothing else may settle where it was.
  const long kept = reserve(before, compat.size);
  return is_error(kept) ? kept : 0;
}

// rbp has the second argument at the entry, and its upper half is still there when the kernel
// has read the sixth one, of 32 bits, from the stack.
bool fit_compat(std::array<std::uint64_t, call_arguments>& args, std::uint32_t words_read) {
  constexpr std::uint32_t upper_of_second = 1U << 7;
  constexpr std::uint32_t upper_of_sixth = 1U << 15;
  constexpr std::uint64_t low = 0xffffffff;
  if (args[1] >> 32 == args[5] >> 32) return true;
  if ((words_read & upper_of_sixth) == 0) {
    args[5] = (args[5] & low) | (args[1] & ~low);
  } else if ((words_read & upper_of_second) == 0) {
    args[1] = (args[1] & low) | (args[5] & ~low);
  } else {
    return false;
  }
  return true;
}

long probe(const ProbeTarget& target, std::uint32_t nr, const std::uint64_t* args, Trap& trap) {
  if (target.entry == Entry::Fixed) return assay_kernel_probe(target.pointer, nr, args, &trap);
  if (target.entry == Entry::Compat) return assay_kernel_probe_compat(0, nr, args, &trap);
  // Written only where it is not there yet: self-modifying code is slow.
  constexpr unsigned char wide[] = {0x0f, 0x05, 0xc3};    // syscall; ret
  constexpr unsigned char narrow[] = {0xcd, 0x80, 0xc3};  // int $0x80; ret
  const auto& stub = target.entry == Entry::Narrow ? narrow : wide;
  const std::uint64_t begin = target.pointer - 2;
  auto* place = reinterpret_cast<volatile unsigned char*>(begin);
  for (int i = 0; i < 3; ++i)
    if (place[i] != stub[i]) place[i] = stub[i];
  return target.entry == Entry::Narrow ? assay_kernel_probe_narrow(begin, nr, args, &trap)
                                       : assay_kernel_probe(begin, nr, args, &trap);
}

long catch_traps() {
  static_assert(offsetof(Trap, address) == 16 && offsetof(Trap, result) == 32 &&
                offsetof(Trap, resume) == 40 && offsetof(Trap, stack) == 48);
  struct {
    void (*handler)();
    unsigned long flags;
    void (*restorer)();
    unsigned long mask;
  } action{assay_kernel_trapped, SA_SIGINFO | SA_NODEFER | 0x04000000, assay_kernel_trapped, 0};
  const long done = gate(SYS_rt_sigaction, SIGSYS, word(&action), 0, sizeof action.mask);
  if (done != 0) return done;
  const unsigned long trap = 1UL << (SIGSYS - 1);
  return gate(SYS_rt_sigprocmask, SIG_UNBLOCK, word(&trap), 0, sizeof trap);
}

bool has_tick_counter() { return true; }
std::uint64_t ticks() {
  unsigned low = 0, high = 0;
  asm volatile("lfence; rdtsc; lfence" : "=a"(low), "=d"(high) : : "memory");
  return static_cast<std::uint64_t>(high) << 32 | low;
}

bool harmless(std::uint32_t nr) { return (nr >= 0x1000 && nr < x32_bit) || nr >= 0x80000000; }

long skip_call(long pid, long result) {
  const long number =
      gate(SYS_ptrace, PTRACE_POKEUSER, pid, offsetof(user_regs_struct, orig_rax), -1);
  if (number != 0) return number;
  return gate(SYS_ptrace, PTRACE_POKEUSER, pid, offsetof(user_regs_struct, rax), result);
}

bool exempt(std::uint32_t nr) { return nr == uretprobe || nr == uprobe; }

namespace {

std::uint64_t* lay_out(std::byte* stack_end, void (*run)(void*), void* argument) {
  auto* top = reinterpret_cast<std::uint64_t*>(stack_end) - 5;  // aligned to 16 at the call
  top[0] = reinterpret_cast<std::uintptr_t>(assay_kernel_spawned);
  top[1] = reinterpret_cast<std::uintptr_t>(argument);
  top[2] = reinterpret_cast<std::uintptr_t>(run);
  return top;
}

}  // namespace

long spawn(std::byte* stack_end, void (*run)(void*), void* argument) {
  return gate(SYS_clone, CLONE_VM | CLONE_VFORK | SIGCHLD, word(lay_out(stack_end, run, argument)));
}

long spawn_beside(std::byte* stack_end, void (*run)(void*), void* argument) {
  return gate(SYS_clone, CLONE_VM | CLONE_FILES | SIGCHLD, word(lay_out(stack_end, run, argument)));
}

long spawn_marked(std::byte* stack_end, void (*run)(void*), void* argument, std::uint32_t* alive) {
  return gate(SYS_clone,
              CLONE_VM | CLONE_VFORK | CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID | SIGCHLD,
              word(lay_out(stack_end, run, argument)), 0, word(alive));
}

long spawn_thread(std::byte* stack_end, void (*run)(void*), void* argument) {
  return gate(SYS_clone, CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD,
              word(lay_out(stack_end, run, argument)));
}

void leave() { assay_kernel_leave(); }
int leave_signal() { return SIGTRAP; }

std::optional<InstallCall> install_call(std::uint32_t arch, std::uint64_t nr,
                                        const std::uint64_t* args) {
  for (const InstallNumbers& row : install_numbers) {
    if (row.arch != arch) continue;
    const bool x32 = arch == AUDIT_ARCH_X86_64 && (nr & x32_bit) != 0;
    const auto plain = static_cast<std::uint32_t>(nr) & ~(x32 ? x32_bit : 0U);
    std::optional<InstallCall> call;
    if (plain == row.seccomp) call = from_seccomp(args);
    if (plain == row.prctl) call = from_prctl(args);
    if (!call) return {};
    call->x32 = x32;
    call->narrow = x32 || arch == AUDIT_ARCH_I386;
    return call;
  }
  return {};
}

std::optional<seccomp::SeccompData> pending_restart(int tid) {
  user_regs_struct regs{};
  if (ptrace(PTRACE_GETREGS, tid, nullptr, &regs) != 0) return {};
  const bool in_call = static_cast<long>(regs.orig_rax) >= 0;
  if (!in_call || static_cast<long>(regs.rax) != -restart_block) return {};
  __ptrace_syscall_info info{};
  if (ptrace(PTRACE_GET_SYSCALL_INFO, tid, sizeof info, &info) < 0) return {};
  seccomp::SeccompData data;
  data.arch = info.arch;
  data.instruction_pointer = regs.rip;
  if (info.arch == AUDIT_ARCH_I386) {
    data.nr = restart_syscall_i386;
    data.args = {regs.rbx, regs.rcx, regs.rdx, regs.rsi, regs.rdi, regs.rbp};
  } else {
    data.nr = restart_syscall | (static_cast<std::uint32_t>(regs.orig_rax) & x32_bit);
    data.args = {regs.rdi, regs.rsi, regs.rdx, regs.r10, regs.r8, regs.r9};
  }
  return data;
}

void repeat_call(int tid) {
  user_regs_struct regs{};
  if (ptrace(PTRACE_GETREGS, tid, nullptr, &regs) != 0) return;
  regs.rax = regs.orig_rax;
  regs.orig_rax = ~0ULL;  // no longer in a call: the kernel resumes nothing
  regs.rip -= 2;          // syscall, sysenter's landing pad and int 0x80 alike
  ptrace(PTRACE_SETREGS, tid, nullptr, &regs);
}

}  // namespace assay::kernel::calls
