#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>

#include <csignal>

#include "kernel/calls.hpp"

extern "C" {
long assay_kernel_gate(long nr, long a, long b, long c, long d, long e, long f);
extern const char assay_kernel_gate_return[];
long assay_kernel_probe(std::uint64_t stub, std::uint64_t nr, const std::uint64_t* args);
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

  .type assay_kernel_probe, @function
assay_kernel_probe:
  pushq %rbx
  movq %rdi, %rbx
  movq %rsi, %rax
  movq %rdx, %r11
  movq 0(%r11), %rdi
  movq 8(%r11), %rsi
  movq 16(%r11), %rdx
  movq 24(%r11), %r10
  movq 32(%r11), %r8
  movq 40(%r11), %r9
  call *%rbx
  popq %rbx
  ret
  .size assay_kernel_probe, . - assay_kernel_probe

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

long probe(std::uint64_t pointer, std::uint32_t nr, const std::uint64_t* args) {
  // syscall; ret. Written only where it is not there yet: self-modifying code is slow.
  constexpr unsigned char stub[] = {0x0f, 0x05, 0xc3};
  auto* place = reinterpret_cast<volatile unsigned char*>(pointer - 2);
  for (int i = 0; i < 3; ++i)
    if (place[i] != stub[i]) place[i] = stub[i];
  return assay_kernel_probe(pointer - 2, nr, args);
}

bool exempt(std::uint32_t nr) { return nr == uretprobe || nr == uprobe; }

long spawn(std::byte* stack_end, void (*run)(void*), void* argument) {
  auto* top = reinterpret_cast<std::uint64_t*>(stack_end) - 5;  // aligned to 16 at the call
  top[0] = reinterpret_cast<std::uintptr_t>(assay_kernel_spawned);
  top[1] = reinterpret_cast<std::uintptr_t>(argument);
  top[2] = reinterpret_cast<std::uintptr_t>(run);
  return gate(SYS_clone, CLONE_VM | CLONE_VFORK | SIGCHLD, word(top));
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
