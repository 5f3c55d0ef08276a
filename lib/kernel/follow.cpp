#include "kernel/follow.hpp"

#include <linux/seccomp.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include <cerrno>
#include <csignal>

#include "kernel/calls.hpp"
#include "kernel/proc_file.hpp"
#include "kernel/tracee_memory.hpp"

namespace assay::kernel {
namespace {

constexpr int system_call_stop = SIGTRAP | 0x80;  // PTRACE_O_TRACESYSGOOD
constexpr unsigned long trace_options = PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD |
                                        PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
                                        PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC;

void* number(unsigned long value) { return reinterpret_cast<void*>(value); }

std::filesystem::path proc_folder(int tid) { return "/proc/" + std::to_string(tid); }

// "Tgid" or "PPid"; 0 when the thread is gone.
int id_in_status(int tid, const std::string& key) {
  const auto status = read_file(proc_folder(tid) / "status", 64 * 1024);
  if (!status) return 0;
  const std::size_t at = status->find("\n" + key + ":\t");
  if (at == status->npos) return 0;
  const std::size_t begin = at + key.size() + 3;
  const auto id =
      decimal(std::string_view(*status).substr(begin, status->find('\n', begin) - begin));
  return id ? static_cast<int>(*id) : 0;
}

int event_message(int tid) {
  unsigned long message = 0;
  return ptrace(PTRACE_GETEVENTMSG, tid, nullptr, &message) == 0 ? static_cast<int>(message) : 0;
}

Install start_install(int tid, int pid, std::uint32_t arch, const calls::InstallCall& call) {
  Install install;
  install.pid = pid;
  install.tid = tid;
  install.arch = arch;
  install.x32 = call.x32;
  install.call = call.call;
  install.mode = call.mode;
  install.flags = call.flags;
  if (call.mode != Mode::Filter) return install;
  auto instructions = read_fprog(tid, call.fprog, call.narrow);
  install.readable = instructions.has_value();
  if (instructions) install.instructions = std::move(*instructions);
  return install;
}

void add_names(Install& install) {
  if (auto comm = read_file(proc_folder(install.tid) / "comm", 4096)) {
    if (comm->ends_with('\n')) comm->pop_back();
    install.comm = std::move(*comm);
  }
  install.exe = read_link(proc_folder(install.tid) / "exe");
}

}  // namespace

void Census::add(int tid) {
  const std::lock_guard lock(mutex_);
  tids_.insert(tid);
}
void Census::remove(int tid) {
  const std::lock_guard lock(mutex_);
  tids_.erase(tid);
}
void Census::send(int tid, int signal) const {
  const std::lock_guard lock(mutex_);
  if (tids_.contains(tid)) kill(tid, signal);
}
void Census::kill_all() const {
  const std::lock_guard lock(mutex_);
  for (const int tid : tids_) kill(tid, SIGKILL);
}

tl::expected<void, CaptureFailure> Follower::seize(int root) {
  if (ptrace(PTRACE_SEIZE, root, nullptr, number(trace_options)) != 0) {
    const auto problem = errno == EPERM ? CaptureProblem::NotPermitted : CaptureProblem::Unexpected;
    return tl::unexpected(CaptureFailure{problem, errno});
  }
  root_ = root;
  threads_[root] = {root, {inherited_, {}}, {}};
  result_.inherited = inherited_;
  census_.add(root);
  ptrace(PTRACE_INTERRUPT, root, nullptr, nullptr);
  return {};
}

tl::expected<RunResult, CaptureFailure> Follower::run() {
  for (;;) {
    int status = 0;
    // Only what this thread traces: the children of others are not ours to reap.
    const pid_t tid = waitpid(-1, &status, __WALL | __WNOTHREAD);
    if (tid < 0 && errno == EINTR) continue;
    if (tid < 0) break;
    if (WIFSTOPPED(status))
      on_stop(tid, status);
    else
      on_end(tid, status);
  }
  if (failure_) return tl::unexpected(*failure_);
  return result_;
}

void Follower::on_end(int tid, int status) {
  census_.remove(tid);
  held_.erase(tid);
  if (tid == root_) {
    if (WIFEXITED(status)) result_.exit_code = WEXITSTATUS(status);
    if (WIFSIGNALED(status)) result_.term_signal = WTERMSIG(status);
  }
  const auto ended = threads_.extract(tid);
  if (!ended.empty()) release_orphans(ended.mapped());
}

// A maker killed before it could report leaves its child waiting: take what it had.
void Follower::release_orphans(const Thread& ended) {
  const std::set<int> waiting = held_;
  for (const int tid : waiting) {
    const int parent = id_in_status(tid, "PPid");
    if (parent == ended.pid || !threads_.contains(parent)) adopt(tid, ended.stack);
  }
}

void Follower::on_stop(int tid, int status) {
  const int signal = WSTOPSIG(status);
  const int event = status >> 16;
  if (signal == system_call_stop) {
    on_system_call(tid);
  } else if (event == PTRACE_EVENT_STOP) {
    if (signal != SIGTRAP) {  // a group stop: it stays stopped until SIGCONT
      ptrace(PTRACE_LISTEN, tid, nullptr, nullptr);
      return;
    }
    if (!threads_.contains(tid)) {
      held_.insert(tid);
      census_.add(tid);
      return;
    }
  } else if (event != 0) {
    on_event(tid, event);
  } else {
    resume(tid, signal);
    return;
  }
  resume(tid);
}

void Follower::on_event(int tid, int event) {
  if (event == PTRACE_EVENT_EXEC) return on_exec(tid);
  if (event != PTRACE_EVENT_FORK && event != PTRACE_EVENT_VFORK && event != PTRACE_EVENT_CLONE)
    return;
  const int child = event_message(tid);
  if (child > 0) adopt(child, threads_[tid].stack);
}

void Follower::adopt(int tid, const Stack& stack) {
  const int pid = id_in_status(tid, "Tgid");
  threads_[tid] = {pid > 0 ? pid : tid, stack, {}};
  census_.add(tid);
  if (held_.erase(tid) > 0) resume(tid);
}

// After an exec by another thread than the first, that one has the first one's id.
void Follower::on_exec(int tid) {
  const int former = event_message(tid);
  if (former == tid || former == 0) return;
  auto moved = threads_.extract(former);
  if (moved.empty()) return;
  threads_[tid] = std::move(moved.mapped());
  census_.remove(former);
}

void Follower::on_system_call(int tid) {
  __ptrace_syscall_info info{};
  const long length = ptrace(PTRACE_GET_SYSCALL_INFO, tid, number(sizeof info), &info);
  if (length < 0 && errno == EIO) return fail(CaptureProblem::KernelLacks, EIO);
  if (length < 0) return;
  Thread& thread = threads_[tid];
  if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
    thread.pending.reset();
    const auto call = calls::install_call(info.arch, info.entry.nr, info.entry.args);
    if (call) thread.pending = start_install(tid, thread.pid, info.arch, *call);
  } else if (info.op == PTRACE_SYSCALL_INFO_EXIT && thread.pending) {
    finish(thread, info.exit.rval, info.exit.is_error != 0);
  }
}

void Follower::finish(Thread& thread, std::int64_t result, bool refused) {
  Install install = std::move(*thread.pending);
  thread.pending.reset();
  if (refused) {
    install.error = static_cast<int>(-result);
  } else if (result > 0 && (install.flags & SECCOMP_FILTER_FLAG_NEW_LISTENER) == 0) {
    install.error = ESRCH;  // as TSYNC_ESRCH words it
    install.tsync_thread = static_cast<int>(result);
  }
  if (install.error != 0 && !options_.refused) return;
  install.id = next_id_++;
  install.order = thread.stack.depth;
  install.below = thread.stack.top;
  add_names(install);
  if (install.error == 0) installed(thread, install);
  sink_(install);
}

void Follower::installed(Thread& thread, Install& install) {
  if (install.mode != Mode::Filter) return;
  ++thread.stack.depth;
  thread.stack.top = install.id;
  if (install.call != Install::Call::Seccomp || (install.flags & SECCOMP_FILTER_FLAG_TSYNC) == 0)
    return;
  for (auto& [tid, other] : threads_)
    if (other.pid == thread.pid) other.stack = thread.stack;
}

void Follower::resume(int tid, int signal) {
  // ESRCH: it was killed, and its end will be reported.
  ptrace(PTRACE_SYSCALL, tid, nullptr, number(static_cast<unsigned long>(signal)));
}

void Follower::fail(CaptureProblem problem, int error) {
  if (!failure_) failure_ = CaptureFailure{problem, error};
  census_.kill_all();
}

}  // namespace assay::kernel
