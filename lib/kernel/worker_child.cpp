// Compiled without sanitizers and stack protection (lib/kernel/CMakeLists.txt): nothing here
// may call out, and grandchildren run on a stack of their own in shared memory.
#include "kernel/worker_child.hpp"

#include <linux/filter.h>
#include <linux/futex.h>
#include <linux/seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cerrno>
#include <csignal>

#include "kernel/calls.hpp"
#include "kernel/sentinel.hpp"
#include "kernel/turn.hpp"

#ifndef SYS_close_range
#define SYS_close_range 436
#endif

namespace assay::kernel {
namespace {

using calls::gate;
using calls::word;

constexpr long page_size = 4096;
constexpr long stack_size = 16 * page_size;
// A chain of filters is built by processes that stand on each other, each with a small part.
constexpr std::uint32_t stair_filters = drops_between_pauses;
constexpr std::uint32_t max_stairs = 48;
constexpr long stair_size = 2 * page_size;
constexpr long stacks_size = 3 * stack_size + max_stairs * stair_size;
constexpr std::uint32_t deaths_before_nesting = 3;  // a nest costs as much
constexpr int outlived = 77;  // exit code of a process whose first thread was killed alone

struct Child {
  SharedArea& area;
  int socket = -1;
  std::byte* stack_end = nullptr;        // of grandchildren
  std::byte* other_stack_end = nullptr;  // of their second thread
  std::byte* nest_stack_end = nullptr;   // of the one between, where there is one
  std::byte* stairs = nullptr;

  unsigned part = 0;              // Values
  std::uint32_t packed = 0;       // Values: parts that one program shows
  bool accompanied = false;       // Verdicts: a second thread tells how the first one died
  std::uint32_t alive = 0;        // Verdicts: whether the first one has not
  bool nested = false;            // Values, Verdicts: the filters stand already
  volatile std::uint32_t go = 0;  // Traced, ReadBack: the other side may start
  volatile long listener = -1;    // ReadBack
  calls::Trap trap{};             // of the last call, if it was caught

  std::uint32_t since_pause = 0;  // filters dropped
  std::uint32_t since_rest = 0;
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

void sleep_for(std::chrono::microseconds time) {
  const struct {
    long seconds;
    long nanoseconds;
  } wanted{0, std::chrono::nanoseconds(time).count()};
  gate(SYS_nanosleep, word(&wanted), 0);
}

// Whoever drops filters must let the kernel free them: see turn.hpp.
void drop(Child& child, std::uint32_t filters) {
  child.since_pause += filters;
  child.since_rest += filters;
  if (child.since_rest >= drops_between_rests) {
    sleep_for(drop_rest);
    child.since_pause = child.since_rest = 0;
  } else if (child.since_pause >= drops_between_pauses) {
    sleep_for(drop_pause);
    child.since_pause = 0;
  }
}

void futex_wait(const volatile std::uint32_t* watched, std::uint32_t while_equal) {
  while (*watched == while_equal)
    gate(SYS_futex, static_cast<long>(reinterpret_cast<std::uintptr_t>(watched)), FUTEX_WAIT,
         while_equal, 0);
}

void set_go(Child& child) {
  child.go = 1;
  gate(SYS_futex, static_cast<long>(reinterpret_cast<std::uintptr_t>(&child.go)), FUTEX_WAKE, 1);
}

void accept_all(Child& child) {
  SharedArea& area = child.area;
  for (std::uint32_t i = 0; i < area.count; ++i) {
    const long result = set_filter(area, area.programs[i], SECCOMP_FILTER_FLAG_NEW_LISTENER);
    // EBUSY comes after all checks of the program: the sentinel has the one listener.
    area.errors[i] = result == -EBUSY ? 0 : static_cast<std::int32_t>(result < 0 ? -result : -1);
    if (result == -EBUSY) drop(child, 1);
  }
}

void attach_stair(void* argument) {
  Child& child = *static_cast<Child*>(argument);
  SharedArea& area = child.area;
  die_with_parent();
  const std::uint32_t first = area.progress;
  const std::uint32_t after =
      first + stair_filters < area.count ? first + stair_filters : area.count;
  for (std::uint32_t i = first; i < after; ++i) {
    area.progress = i;
    const long result = set_filter(area, area.programs[i], area.flags);
    area.errors[i] = result < 0 ? static_cast<std::int32_t>(-result) : 0;
  }
  area.progress = after;
  const std::uint32_t stair = after / stair_filters;
  if (after == area.count || stair >= max_stairs) return;
  calls::spawn(child.stairs + (stair + 1) * stair_size, attach_stair, argument);
  sleep_for(drop_rest);  // while the filters above are freed, before ours are
}

// The wait status of a grandchild, or a negative errno.
long reap(long pid) {
  if (pid < 0) return pid;
  int status = 0;
  const long waited = gate(SYS_wait4, pid, word(&status), __WALL, 0);
  return waited < 0 ? waited : status;
}

bool left(long status) {
  return WIFSIGNALED(static_cast<int>(status)) &&
         WTERMSIG(static_cast<int>(status)) == calls::leave_signal();
}

bool killed(long status) {
  return WIFSIGNALED(static_cast<int>(status)) && WTERMSIG(static_cast<int>(status)) == SIGSYS;
}

void attach(Child& child) {
  SharedArea& area = child.area;
  const long status = reap(calls::spawn(child.stack_end, attach_stair, &child));
  area.error = status < 0 ? static_cast<std::int32_t>(-status) : 0;
  area.status = status < 0 || left(status) ? 0 : static_cast<std::int32_t>(status);
  // Higher stairs end before lower ones, and are ours now.
  while (reap(-1) >= 0) {
  }
  if (area.progress != area.count && area.status == 0 && area.error == 0) area.error = EAGAIN;
  drop(child, area.count < stair_filters ? area.count : drops_between_rests);
}

long probe(Child& child, const ProbeCall& call, std::uint64_t pointer) {
  child.trap.caught = 0;
  return calls::probe({call.entry, pointer}, call.nr, call.args.data(), child.trap);
}

void ask_part(Child& child, ProbeCall& call, std::uint64_t pointer, unsigned part) {
  const long answer = probe(child, call, pointer);
  if (child.trap.caught != 0 || answer > 0 || answer < -4095) {
    call.odd = 1;
    return;
  }
  call.value |= static_cast<std::uint32_t>(-answer) << (part * value_bits);
}

bool attach_part(Child& child) {
  const std::uint32_t which = child.nested ? child.area.nested : child.part;
  const long result = set_filter(child.area, child.area.programs[which], 0);
  child.area.error = static_cast<std::int32_t>(-result);
  return result == 0;
}

// What a packed filter shows depends on the pointer. Calls that enter where the vDSO is are
// made part by part, and it moves in between; the rest are made in a last phase.
constexpr std::uint32_t packed_phases = value_parts + 1;
static_assert(calls::compat_places == value_parts);

std::uint32_t phases(const Child& child) { return child.packed == 1 ? 1 : packed_phases; }

void ask_in_phase(Child& child, ProbeCall& call) {
  const std::uint32_t phase = child.area.phase;
  const bool compat = call.entry == calls::Entry::Compat;
  if (child.packed == 1) {
    ask_part(child, call, call.pointer, child.part);
  } else if (phase < value_parts) {
    if (compat) ask_part(child, call, call.pointer, phase);
  } else if (!compat) {
    for (unsigned part = 0; part < value_parts; ++part)
      ask_part(child, call, call.pointer + part * part_distance, part);
  }
}

// Whether there is something to do in this phase, and the vDSO is where it must be.
bool enter_phase(Child& child) {
  SharedArea& area = child.area;
  if (child.packed == 1 || area.phase == value_parts) return true;
  if (area.compat == 0) return false;
  const long moved = calls::move_compat(area.phase);
  if (moved < 0) area.error = static_cast<std::int32_t>(-moved);
  return moved == 0;
}

// But for the gate of a filter that is open to it, no system call is left to this process.
void make_value_calls(Child& child) {
  SharedArea& area = child.area;
  while (area.phase < phases(child)) {
    for (std::uint32_t i = enter_phase(child) ? area.progress : area.count; i < area.count; ++i) {
      area.progress = i;
      if (area.calls[i].killed == 0) ask_in_phase(child, area.calls[i]);
    }
    area.progress = 0;
    area.phase = area.phase + 1;
  }
}

void ask_values(void* argument) {
  Child& child = *static_cast<Child*>(argument);
  die_with_parent();
  if (child.nested || attach_part(child)) make_value_calls(child);
}

// One child after the other until all calls are made.
void values_of_part(Child& child) {
  SharedArea& area = child.area;
  for (;;) {
    const long status = reap(calls::spawn(child.stack_end, ask_values, &child));
    if (!child.nested) drop(child, 1);
    if (status < 0) area.error = static_cast<std::int32_t>(-status);
    if (area.error != 0 || left(status)) return;
    if (!killed(status)) {
      area.status = static_cast<std::int32_t>(status);
      return;
    }
    // Only a division by 0 kills under a rewritten filter, and the filter's value is 0.
    ProbeCall& call = area.calls[area.progress];
    call.killed = 1;
    call.value = 0;
    area.progress = area.progress + 1;
    if (area.progress == area.count && area.phase + 1 == phases(child)) return;
  }
}

void nest_values(void* argument) {
  Child& child = *static_cast<Child*>(argument);
  die_with_parent();
  if (attach_part(child)) values_of_part(child);
}

void values(Child& child) {
  SharedArea& area = child.area;
  child.packed = area.parts == 1 ? value_parts : 1;
  child.nested = area.nested != 0;
  for (child.part = 0; child.part < area.parts && area.error == 0; ++child.part) {
    area.progress = 0;
    area.phase = 0;
    if (!child.nested) {
      values_of_part(child);
      continue;
    }
    const long status = reap(calls::spawn(child.nest_stack_end, nest_values, &child));
    drop(child, 1);
    if (status < 0) area.error = static_cast<std::int32_t>(-status);
    if (area.error == 0 && !left(status)) area.status = static_cast<std::int32_t>(status);
    area.nested += 1;
  }
}

void outlive(void* argument) {
  Child& child = *static_cast<Child*>(argument);
  for (;;) {
    const std::uint32_t first_thread = *static_cast<volatile std::uint32_t*>(&child.alive);
    if (first_thread == 0) end(outlived);
    futex_wait(&child.alive, first_thread);
  }
}

bool attach_stack(const Child& child) {
  SharedArea& area = child.area;
  for (std::uint32_t i = 0; i < area.stack; ++i) {
    const bool newest = i + 1 == area.stack;
    const long result =
        set_filter(area, area.programs[newest && child.nested ? area.nested : i], 0);
    area.error = static_cast<std::int32_t>(-result);
    if (result != 0) return false;
  }
  return true;
}

void make_calls(Child& child) {
  SharedArea& area = child.area;
  for (std::uint32_t i = area.progress; i < area.count; ++i) {
    ProbeCall& call = area.calls[i];
    area.progress = i;
    call.result = probe(child, call, call.pointer);
    call.ending = Ending::Returned;
    if (child.trap.caught == 0) continue;
    call.ending = Ending::Trapped;
    area.traps[i] = child.trap;
  }
  area.progress = area.count;
}

void ask_verdicts(void* argument) {
  Child& child = *static_cast<Child*>(argument);
  die_with_parent();
  if (child.accompanied) {
    const long thread = calls::spawn_thread(child.other_stack_end, outlive, argument);
    if (thread < 0) {
      child.area.error = static_cast<std::int32_t>(-thread);
      return;
    }
  }
  if (child.nested || attach_stack(child)) make_calls(child);
}

void nest_verdicts(void* argument);

// One child after the other until all calls are made.
void verdicts_of_stack(Child& child) {
  SharedArea& area = child.area;
  for (std::uint32_t deaths = 0; area.progress < area.count; ++deaths) {
    if (deaths == deaths_before_nesting && area.nested != 0 && !child.nested)
      return nest_verdicts(&child);
    const long status =
        reap(calls::spawn_marked(child.stack_end, ask_verdicts, &child, &child.alive));
    if (!child.nested) drop(child, area.stack);
    if (status < 0) area.error = static_cast<std::int32_t>(-status);
    if (area.error != 0 || left(status)) return;
    const bool alone =
        WIFEXITED(static_cast<int>(status)) && WEXITSTATUS(static_cast<int>(status)) == outlived;
    if (!killed(status) && !alone) {
      area.status = static_cast<std::int32_t>(status);
      return;
    }
    // Who lived alone cannot die alone: ask again in company.
    if (child.accompanied) {
      area.calls[area.progress].ending = alone ? Ending::ThreadDied : Ending::ProcessDied;
      area.progress = area.progress + 1;
    }
    child.accompanied = true;
  }
}

void run_nest(void* argument) {
  Child& child = *static_cast<Child*>(argument);
  die_with_parent();
  if (attach_stack(child)) verdicts_of_stack(child);
}

void nest_verdicts(void* argument) {
  Child& child = *static_cast<Child*>(argument);
  SharedArea& area = child.area;
  child.nested = true;
  const long status = reap(calls::spawn(child.nest_stack_end, run_nest, &child));
  drop(child, area.stack);
  if (status < 0) area.error = static_cast<std::int32_t>(-status);
  if (area.error == 0 && area.status == 0 && !left(status))
    area.status = static_cast<std::int32_t>(status);
}

void verdicts(Child& child) {
  child.accompanied = false;
  child.nested = false;
  verdicts_of_stack(child);
}

void ask_traced(void* argument) {
  Child& child = *static_cast<Child*>(argument);
  die_with_parent();
  futex_wait(&child.go, 0);
  if (attach_stack(child)) make_calls(child);
}

// Lets the grandchild run to its end; no call of which the filter tells us is carried out.
long trace_to_end(long pid) {
  for (;;) {
    const long status = reap(pid);
    if (status < 0 || !WIFSTOPPED(static_cast<int>(status))) return status;
    long signal = WSTOPSIG(static_cast<int>(status));
    if (status >> 16 != 0) signal = 0;
    if (status >> 16 == PTRACE_EVENT_SECCOMP) {
      unsigned long message = 0;
      gate(SYS_ptrace, PTRACE_GETEVENTMSG, pid, 0, word(&message));
      if (calls::skip_call(pid, traced_mark + static_cast<long>(message)) != 0) signal = SIGKILL;
    }
    gate(SYS_ptrace, PTRACE_CONT, pid, 0, signal);
  }
}

void traced(Child& child) {
  SharedArea& area = child.area;
  child.nested = false;
  while (area.progress < area.count) {
    child.go = 0;
    const long pid = calls::spawn_beside(child.stack_end, ask_traced, &child);
    gate(SYS_prctl, PR_SET_DUMPABLE, 1);  // else only root may trace it
    const long seized =
        pid < 0 ? pid
                : gate(SYS_ptrace, PTRACE_SEIZE, pid, 0, PTRACE_O_TRACESECCOMP | PTRACE_O_EXITKILL);
    gate(SYS_prctl, PR_SET_DUMPABLE, 0);
    if (seized < 0) {
      area.error = static_cast<std::int32_t>(-seized);
      if (pid > 0) gate(SYS_kill, pid, SIGKILL);
      if (pid > 0) reap(pid);
      return;
    }
    set_go(child);
    const long status = trace_to_end(pid);
    drop(child, area.stack);
    if (area.error != 0 || left(status)) return;
    if (!killed(status)) {
      area.status = static_cast<std::int32_t>(status);
      return;
    }
    area.calls[area.progress].ending = Ending::ProcessDied;
    area.progress = area.progress + 1;
  }
}

void ask_listener(void* argument) {
  Child& child = *static_cast<Child*>(argument);
  die_with_parent();
  child.listener = set_filter(child.area, child.area.programs[0], SECCOMP_FILTER_FLAG_NEW_LISTENER);
  set_go(child);
  if (child.listener >= 0) make_calls(child);
}

// Each call waits until we have read it, and returns what we say.
void listen(SharedArea& area, long listener) {
  for (std::uint32_t i = 0; i < area.count; ++i) {
    seccomp_notif told{};
    if (gate(SYS_ioctl, listener, static_cast<long>(SECCOMP_IOCTL_NOTIF_RECV), word(&told)) != 0)
      return;
    const auto* from = reinterpret_cast<const std::uint32_t*>(&told.data);
    for (std::size_t w = 0; w < area.seen[i].size(); ++w) area.seen[i][w] = from[w];
    seccomp_notif_resp answer{};
    answer.id = told.id;
    answer.error = -static_cast<int>(sentinel_errno);
    if (gate(SYS_ioctl, listener, static_cast<long>(SECCOMP_IOCTL_NOTIF_SEND), word(&answer)) != 0)
      return;
  }
}

void read_back(Child& child) {
  SharedArea& area = child.area;
  child.go = 0;
  const long pid = calls::spawn_beside(child.stack_end, ask_listener, &child);
  if (pid < 0) {
    area.error = static_cast<std::int32_t>(-pid);
    return;
  }
  futex_wait(&child.go, 0);
  if (child.listener < 0) {
    area.error = static_cast<std::int32_t>(-child.listener);
  } else {
    listen(area, child.listener);
    gate(SYS_close, child.listener);
  }
  const long status = reap(pid);
  if (!left(status)) area.status = static_cast<std::int32_t>(status);
  drop(child, 1);
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
  if (child.area.compat_home != 0) calls::move_compat(0);
  switch (child.area.task) {
    case Task::Accept: return accept_all(child);
    case Task::Attach: return attach(child);
    case Task::Map: return map_all(child.area);
    case Task::Unmap: return unmap_all(child.area);
    case Task::Values: return values(child);
    case Task::Verdicts: return verdicts(child);
    case Task::Traced: return traced(child);
    case Task::ReadBack: return read_back(child);
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
  gate(SYS_prctl, PR_SET_TIMERSLACK, 1);
  gate(SYS_prctl, PR_SET_CHILD_SUBREAPER, 1);
}

// A place for probes, one for each part, whose low words are those of the vDSO's places.
long map_home(Child& child) {
  constexpr std::uint64_t any_low = 0x5f0005f0;
  const std::uint64_t compat = child.area.compat_home;
  const std::uint64_t low = compat == 0 ? any_low : compat;
  const std::uint64_t in_page = (low - calls::probe_bytes_before()) % page_size;
  if (in_page + calls::probe_bytes_before() + calls::probe_bytes_after() > page_size)
    return -EINVAL;
  long problem = -ENOMEM;
  for (std::uint64_t high = 0x6a00; high < 0x6a40; ++high) {
    const std::uint64_t home = high << 32 | low;
    unsigned mapped = 0;
    while (mapped < value_parts) {
      const std::uint64_t page =
          home - calls::probe_bytes_before() - in_page + mapped * part_distance;
      const long result = map_page(page, MAP_FIXED_NOREPLACE);
      if (result != static_cast<long>(page)) problem = result;
      if (result != static_cast<long>(page)) break;
      ++mapped;
    }
    if (mapped < value_parts) continue;
    child.area.home = home;
    return 0;
  }
  return problem;
}

void make_ready(Child& child, const ChildPlan& plan) {
  close_all_but(plan.socket);
  child.socket = 0;
  const long stack =
      gate(SYS_mmap, 0, stacks_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
  if (stack < 0) refuse(child, StartProblem::Resources, stack);
  child.stack_end = reinterpret_cast<std::byte*>(stack) + stack_size;
  child.other_stack_end = child.stack_end + stack_size;
  child.nest_stack_end = child.other_stack_end + stack_size;
  child.stairs = child.nest_stack_end;
  const long caught = calls::catch_traps();
  if (caught < 0) refuse(child, StartProblem::Resources, caught);
  child.area.compat_home = calls::open_compat(std::span(plan.vdso).first(plan.vdso_mappings));
  const long home = map_home(child);
  if (home < 0) refuse(child, StartProblem::Resources, home);
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
  Child child{area};
  child.socket = plan.socket;
  become_disposable(plan.parent);
  make_ready(child, plan);
  for (;;) {
    char byte = 0;
    if (gate(SYS_write, child.socket, word(&byte), 1) != 1) end(0);
    if (gate(SYS_read, child.socket, word(&byte), 1) != 1) end(0);
    area.error = 0;
    area.status = 0;
    area.progress = 0;
    area.phase = 0;
    perform(child);
  }
}

}  // namespace assay::kernel
