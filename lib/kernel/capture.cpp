#include "assay/kernel/capture.hpp"

#include <linux/filter.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <thread>

#include "assay/engine/filter_stack.hpp"
#include "assay/kernel/processes.hpp"
#include "assay/verify/accept.hpp"
#include "kernel/calls.hpp"
#include "kernel/proc_file.hpp"

// glibc's <sys/ptrace.h> has these as enumerators only in newer versions.
#ifndef PTRACE_SECCOMP_GET_FILTER
#define PTRACE_SECCOMP_GET_FILTER 0x420c
#endif
#ifndef PTRACE_SECCOMP_GET_METADATA
#define PTRACE_SECCOMP_GET_METADATA 0x420d
#endif

namespace assay::kernel {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds stop_limit{2};

tl::unexpected<CaptureFailure> failure(CaptureProblem problem, int error) {
  return tl::unexpected(CaptureFailure{problem, error});
}

long request(long what, int tid, std::uintptr_t address, void* data) {
  return ptrace(static_cast<__ptrace_request>(what), tid, reinterpret_cast<void*>(address), data);
}

// A process that is stopped while this lives, and goes on as it was.
class Stopped {
 public:
  static tl::expected<Stopped, CaptureFailure> stop(int tid);
  Stopped(Stopped&& other) noexcept : tid_(other.tid_), signal_(other.signal_) { other.tid_ = 0; }
  Stopped& operator=(Stopped&&) = delete;
  ~Stopped() {
    if (tid_ > 0) request(PTRACE_DETACH, tid_, 0, reinterpret_cast<void*>(signal_));
  }

 private:
  explicit Stopped(int tid) : tid_(tid) {}
  int tid_;
  std::uintptr_t signal_ = 0;  // that it was about to receive
};

bool status_says(int tid, std::string_view line) {
  const auto status = read_file("/proc/" + std::to_string(tid) + "/status", 64 * 1024);
  return status && status->find(line) != status->npos;
}
bool traced_by_another(int tid) { return !status_says(tid, "\nTracerPid:\t0\n"); }
bool has_ended(int tid) {
  return status_says(tid, "\nState:\tZ") || status_says(tid, "\nState:\tX");
}

bool own_thread(int tid) {
  std::error_code ignored;
  return std::filesystem::exists("/proc/self/task/" + std::to_string(tid), ignored);
}

tl::expected<Stopped, CaptureFailure> Stopped::stop(int tid) {
  if (request(PTRACE_SEIZE, tid, 0, nullptr) != 0) {
    if (errno == ESRCH) return failure(CaptureProblem::NoSuchProcess, errno);
    if (errno != EPERM) return failure(CaptureProblem::Unexpected, errno);
    if (own_thread(tid)) return failure(CaptureProblem::OwnProcess, EPERM);
    if (has_ended(tid)) return failure(CaptureProblem::NoSuchProcess, ESRCH);
    if (traced_by_another(tid)) return failure(CaptureProblem::AlreadyTraced, EPERM);
    return failure(CaptureProblem::NotPermitted, EPERM);
  }
  request(PTRACE_INTERRUPT, tid, 0, nullptr);
  Stopped stopped(tid);
  const auto deadline = Clock::now() + stop_limit;
  for (;;) {
    int status = 0;
    const pid_t waited = waitpid(tid, &status, __WALL | WNOHANG);
    if (waited == tid && WIFSTOPPED(status)) {
      // Any other stop than PTRACE_EVENT_STOP is one to deliver a signal.
      if (status >> 16 == 0) stopped.signal_ = static_cast<std::uintptr_t>(WSTOPSIG(status));
      return stopped;
    }
    if (waited == tid || (waited < 0 && errno != EINTR)) {
      stopped.tid_ = 0;
      return failure(CaptureProblem::NoSuchProcess, ESRCH);
    }
    if (Clock::now() > deadline) return failure(CaptureProblem::NotStopping, 0);
    std::this_thread::sleep_for(std::chrono::microseconds(100));
  }
}

CaptureFailure refusal(int error) {
  switch (error) {
    case EACCES: {
      const auto self = process_state(gettid());
      const bool confined = self && self->mode && *self->mode != Mode::Disabled;
      return {confined ? CaptureProblem::Confined : CaptureProblem::NeedsPrivilege, error};
    }
    case EIO: return {CaptureProblem::KernelLacks, error};
    case ESRCH: return {CaptureProblem::NoSuchProcess, error};
    default: return {CaptureProblem::Unexpected, error};
  }
}

std::optional<std::uint32_t> filter_flags(int tid, std::uint64_t index) {
  struct {
    std::uint64_t index;
    std::uint64_t flags;
  } metadata{index, 0};
  if (request(PTRACE_SECCOMP_GET_METADATA, tid, sizeof metadata, &metadata) < 0) return {};
  return static_cast<std::uint32_t>(metadata.flags);
}

tl::expected<std::vector<CapturedFilter>, CaptureFailure> read_filters(int tid) {
  std::vector<CapturedFilter> filters;
  // Room for the longest, since the kernel asks for no length.
  std::vector<bpf::Instruction> buffer(bpf::max_instructions);
  for (std::uintptr_t index = 0;; ++index) {
    const long count = request(PTRACE_SECCOMP_GET_FILTER, tid, index, buffer.data());
    if (count < 0 && errno == ENOENT) return filters;
    if (count < 0 && errno == EINVAL && index == 0) return filters;
    if (count < 0) return tl::unexpected(refusal(errno));
    filters.push_back({{buffer.begin(), buffer.begin() + count}, filter_flags(tid, index)});
  }
}

static_assert(sizeof(bpf::Instruction) == sizeof(sock_filter));

bool allows(std::span<const CapturedFilter> filters, const seccomp::SeccompData& call) {
  std::vector<verify::Program> stack;
  for (const CapturedFilter& filter : filters) {
    const auto program = verify::accept(filter.instructions);
    if (!program) return false;
    stack.push_back(*program);
  }
  const auto action = engine::FilterStack(stack).run(call).action();
  return action == seccomp::Action::Allow || action == seccomp::Action::Log;
}

// Stopping a thread interrupts its sleep, which the kernel resumes with a call that the
// thread never made and that its filters may refuse. Unread filters are taken to refuse.
void spare_restart(int tid, std::span<const CapturedFilter> filters) {
  const auto restart = calls::pending_restart(tid);
  if (restart && (filters.empty() || !allows(filters, *restart))) calls::repeat_call(tid);
}

}  // namespace

std::string_view name(Mode mode) {
  switch (mode) {
    case Mode::Disabled: return "disabled";
    case Mode::Strict: return "strict";
    case Mode::Filter: return "filter";
  }
  return "";
}

std::string_view describe(CaptureProblem problem) {
  switch (problem) {
    case CaptureProblem::NoSuchProcess: return "no such process";
    case CaptureProblem::NotPermitted: return "not permitted to trace this process";
    case CaptureProblem::AlreadyTraced: return "the process is traced by another one";
    case CaptureProblem::OwnProcess: return "a process cannot read its own filters";
    case CaptureProblem::NeedsPrivilege: return "reading filters needs CAP_SYS_ADMIN";
    case CaptureProblem::Confined:
      return "reading filters is refused to a process that is under seccomp itself";
    case CaptureProblem::KernelLacks:
      return "the kernel lacks what this needs (CONFIG_CHECKPOINT_RESTORE; Linux 5.3)";
    case CaptureProblem::NotStopping: return "the process did not stop in time";
    case CaptureProblem::CannotRun: return "the command cannot be run";
    case CaptureProblem::Architecture: return "no support for tracing on this architecture";
    case CaptureProblem::Unexpected: return "unexpected answer of the kernel";
  }
  return "";
}

tl::expected<CapturedStack, CaptureFailure> filters_of(int tid) {
  const auto state = process_state(tid);
  if (!state) {
    const bool gone = state.error() == ENOENT || state.error() == ESRCH;
    return failure(gone ? CaptureProblem::NoSuchProcess : CaptureProblem::Unexpected,
                   state.error());
  }
  CapturedStack stack{state->pid, tid, state->mode.value_or(Mode::Disabled), {}};
  if (state->error != 0) return failure(CaptureProblem::NotPermitted, state->error);
  if (stack.mode != Mode::Filter) return stack;
  const auto stopped = Stopped::stop(tid);
  if (!stopped) return tl::unexpected(stopped.error());
  auto filters = read_filters(tid);
  spare_restart(tid, filters ? *filters : std::vector<CapturedFilter>());
  if (!filters) return tl::unexpected(filters.error());
  stack.filters = std::move(*filters);
  return stack;
}

tl::expected<std::vector<CapturedStack>, CaptureFailure> filters_of_threads(int pid) {
  std::vector<CapturedStack> stacks;
  const auto tids = ids_in("/proc/" + std::to_string(pid) + "/task");
  if (!tids) return failure(CaptureProblem::NoSuchProcess, tids.error());
  for (const int tid : *tids) {
    auto stack = filters_of(tid);
    if (!stack && stack.error().problem == CaptureProblem::NoSuchProcess) continue;
    if (!stack) return tl::unexpected(stack.error());
    stacks.push_back(std::move(*stack));
  }
  if (stacks.empty()) return failure(CaptureProblem::NoSuchProcess, ESRCH);
  return stacks;
}

}  // namespace assay::kernel
