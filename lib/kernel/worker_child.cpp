// Compiled without sanitizers and stack protection (lib/kernel/CMakeLists.txt): nothing here
// may call out, and grandchildren run on a stack of their own in shared memory.
#include "kernel/worker_child.hpp"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cerrno>
#include <csignal>

#include "kernel/calls.hpp"
#include "kernel/sentinel.hpp"

#ifndef SYS_close_range
#define SYS_close_range 436
#endif

namespace assay::kernel {
namespace {

using calls::gate;
using calls::word;

constexpr long page_size = 4096;
constexpr long stack_size = 16 * page_size;

struct Child {
  SharedArea& area;
  int socket;
  std::byte* stack_end;
  unsigned part;  // Value
};

[[noreturn]] void end(int code) {
  for (;;) gate(SYS_exit_group, code);
}

[[noreturn]] void refuse(const Child& child, StartProblem problem, long result) {
  child.area.start_problem = problem;
  child.area.start_error = static_cast<std::int32_t>(-result);
  const char done = 0;
  gate(SYS_write, child.socket, word(&done), 1);
  end(1);
}

long set_filter(SharedArea& area, ProgramPlace place, unsigned flags) {
  sock_fprog program{};
  program.len = static_cast<unsigned short>(place.length);
  program.filter = reinterpret_cast<sock_filter*>(&area.pool[place.first]);
  return gate(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, word(&program));
}

long map_page(std::uint64_t address, unsigned long flags) {
  return gate(SYS_mmap, static_cast<long>(address), page_size, PROT_READ | PROT_WRITE | PROT_EXEC,
              static_cast<long>(MAP_PRIVATE | MAP_ANONYMOUS | flags), -1);
}

// A grandchild that outlives us would run on unseen.
void die_with_parent() { gate(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL); }

void accept_all(SharedArea& area) {
  for (std::uint32_t i = 0; i < area.count; ++i) {
    const long result = set_filter(area, area.programs[i], SECCOMP_FILTER_FLAG_NEW_LISTENER);
    // EBUSY comes after all checks of the program: the sentinel has the one listener.
    area.errors[i] = result == -EBUSY ? 0 : static_cast<std::int32_t>(result < 0 ? -result : -1);
  }
}

void attach_all(void* argument) {
  SharedArea& area = static_cast<Child*>(argument)->area;
  die_with_parent();
  for (std::uint32_t i = 0; i < area.count; ++i) {
    area.progress = i;
    const long result = set_filter(area, area.programs[i], area.flags);
    area.errors[i] = result < 0 ? static_cast<std::int32_t>(-result) : 0;
  }
  area.progress = area.count;
}

void ask_calls(void* argument) {
  Child& child = *static_cast<Child*>(argument);
  SharedArea& area = child.area;
  die_with_parent();
  const long result = set_filter(area, area.programs[child.part], 0);
  area.error = static_cast<std::int32_t>(-result);
  if (result != 0) return;
  // From here on no system call is left to this process.
  for (std::uint32_t i = area.progress; i < area.count; ++i) {
    ProbeCall& call = area.calls[i];
    area.progress = i;
    if (call.killed != 0) continue;
    const long answer = calls::probe(call.pointer, call.nr, call.args.data());
    if (answer > 0 || answer < -4095) {
      call.odd = 1;
      continue;
    }
    call.value |= static_cast<std::uint32_t>(-answer) << (child.part * value_bits);
  }
  area.progress = area.count;
}

// The wait status of a grandchild, or a negative errno.
long run(Child& child, void (*body)(void*)) {
  const long pid = calls::spawn(child.stack_end, body, &child);
  if (pid < 0) return pid;
  int status = 0;
  const long waited = gate(SYS_wait4, pid, word(&status), __WALL, 0);
  return waited < 0 ? waited : status;
}

bool left(long status) {
  return WIFSIGNALED(static_cast<int>(status)) &&
         WTERMSIG(static_cast<int>(status)) == calls::leave_signal();
}

void attach(Child& child) {
  const long status = run(child, attach_all);
  child.area.error = status < 0 ? static_cast<std::int32_t>(-status) : 0;
  child.area.status = status < 0 || left(status) ? 0 : static_cast<std::int32_t>(status);
}

void value(Child& child) {
  SharedArea& area = child.area;
  for (child.part = 0; child.part < value_parts; ++child.part) {
    area.progress = 0;
    for (;;) {
      const long status = run(child, ask_calls);
      if (status < 0) area.error = static_cast<std::int32_t>(-status);
      if (area.error != 0) return;
      if (left(status)) break;
      if (WTERMSIG(static_cast<int>(status)) != SIGSYS) {
        area.status = static_cast<std::int32_t>(status);
        return;
      }
      // Only a division by 0 kills under a rewritten filter, and the filter's value is 0.
      ProbeCall& call = area.calls[area.progress];
      call.killed = 1;
      call.value = 0;
      area.progress = area.progress + 1;
      if (area.progress == area.count) break;
    }
  }
}

void map_all(SharedArea& area) {
  for (std::uint32_t i = 0; i < area.count; ++i) {
    const auto wanted = static_cast<long>(area.pages[i]);
    const long result = map_page(area.pages[i], MAP_FIXED_NOREPLACE);
    area.page_errors[i] = result == wanted ? 0
                          : result < 0     ? static_cast<std::int32_t>(-result)
                                           : EEXIST;
    // Linux before 4.17 takes the address for a hint.
    if (result != wanted && (result > 0 || result < -4095)) gate(SYS_munmap, result, page_size);
  }
}

void unmap_all(SharedArea& area) {
  for (std::uint32_t i = 0; i < area.count; ++i)
    gate(SYS_munmap, static_cast<long>(area.pages[i]), page_size);
}

void perform(Child& child) {
  switch (child.area.task) {
    case Task::Accept: return accept_all(child.area);
    case Task::Attach: return attach(child);
    case Task::Map: return map_all(child.area);
    case Task::Unmap: return unmap_all(child.area);
    case Task::Values: return value(child);
  }
}

void close_all_but(int keep) {
  if (gate(SYS_dup2, keep, 0) == 0 && gate(SYS_close_range, 1, 0xffffffff, 0) == 0) return;
  for (int fd = 1; fd < 1024; ++fd) gate(SYS_close, fd);
}

// No core, no dump through a pipe either (that ignores the limit), no second life.
void become_disposable(int parent) {
  gate(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL);
  if (gate(SYS_getppid) != parent) end(1);
  const rlimit none{0, 0};
  gate(SYS_prlimit64, 0, RLIMIT_CORE, word(&none), 0);
  gate(SYS_prctl, PR_SET_DUMPABLE, 0);
}

void make_ready(Child& child, const ChildPlan& plan) {
  close_all_but(plan.socket);
  child.socket = 0;
  const long stack =
      gate(SYS_mmap, 0, stack_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
  if (stack < 0) refuse(child, StartProblem::Resources, stack);
  child.stack_end = reinterpret_cast<std::byte*>(stack) + stack_size;
  const long home = map_page(0, 0);
  if (home < 0) refuse(child, StartProblem::Resources, home);
  child.area.home = static_cast<std::uint64_t>(home) + calls::probe_bytes_before();
  const long privs = gate(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1);
  if (privs < 0) refuse(child, StartProblem::NoNewPrivs, privs);
  if (!plan.guarded) return;
  const long first = set_filter(child.area, plan.sentinel, SECCOMP_FILTER_FLAG_NEW_LISTENER);
  if (first >= 0) return;
  // EINVAL of an unknown flag and of a kernel without filters look alike.
  const long strict = gate(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, 0);
  refuse(child,
         first == -EINVAL && strict == -EFAULT ? StartProblem::Listeners : StartProblem::Filters,
         first);
}

}  // namespace

void serve(SharedArea& area, const ChildPlan& plan) {
  Child child{area, plan.socket, nullptr, 0};
  become_disposable(plan.parent);
  make_ready(child, plan);
  for (;;) {
    char byte = 0;
    if (gate(SYS_write, child.socket, word(&byte), 1) != 1) end(0);
    if (gate(SYS_read, child.socket, word(&byte), 1) != 1) end(0);
    area.error = 0;
    area.status = 0;
    area.progress = 0;
    perform(child);
  }
}

}  // namespace assay::kernel
