#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>

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

  # rdi stub, esi number, rdx arguments, rcx trap. What must outlive the call is in r12 and
  # r13, which neither ABI passes arguments in; both entries leave them alone.
  .type assay_kernel_probe, @function
assay_kernel_probe:
  pushq %rbx
  pushq %rbp
  pushq %r12
  pushq %r13
  pushq %r14
  movq %rdi, %r13
  movq %rcx, %r12
  movq %rsp, 48(%r12)
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
  movq %rdi, %r13
  movq %rcx, %r12
  movq %rsp, 48(%r12)
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
  popq %r14
  popq %r13
  popq %r12
  popq %rbp
  popq %rbx
  ret
  .size assay_kernel_probe_narrow, . - assay_kernel_probe_narrow

  # rsi siginfo, rdx ucontext; r12 is still that of the probe. A handler could not return:
  # rt_sigreturn is a system call.
  .type assay_kernel_trapped, @function
assay_kernel_trapped:
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
)");

namespace assay::kernel::calls {
namespace {

constexpr std::uint32_t x32_bit = 0x40000000;
constexpr std::uint32_t uretprobe = 335;  // newer than the headers of Debian 12
constexpr std::uint32_t uprobe = 336;
constexpr std::uint32_t restart_syscall = 219;
constexpr std::uint32_t restart_syscall_i386 = 0;
constexpr long restart_block = 516;  // ERESTART_RESTARTBLOCK, seen by tracers only

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

long probe(const ProbeTarget& target, std::uint32_t nr, const std::uint64_t* args, Trap& trap) {
  if (target.entry == Entry::Fixed) return assay_kernel_probe(target.pointer, nr, args, &trap);
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
