#include "kernel/worker.hpp"

#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cinttypes>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <string>
#include <utility>

#include "assay/seccomp/verdict.hpp"
#include "kernel/calls.hpp"
#include "kernel/sentinel.hpp"
#include "kernel/turn.hpp"

namespace assay::kernel {
namespace {

using Clock = std::chrono::steady_clock;

// The child must not run the handlers of its parent, and its system calls not be interrupted.
class AllSignalsBlocked {
 public:
  AllSignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before_);
  }
  AllSignalsBlocked(const AllSignalsBlocked&) = delete;
  AllSignalsBlocked& operator=(const AllSignalsBlocked&) = delete;
  ~AllSignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_{};
};

Lack lack_of(StartProblem problem) {
  switch (problem) {
    case StartProblem::NoNewPrivs: return Lack::NoNewPrivs;
    case StartProblem::Filters: return Lack::Filters;
    case StartProblem::Listeners: return Lack::Listeners;
    case StartProblem::Resources:
    case StartProblem::None: break;
  }
  return Lack::Resources;
}

SharedArea* map_area() {
  void* memory = mmap(nullptr, sizeof(SharedArea), PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return memory == MAP_FAILED ? nullptr : static_cast<SharedArea*>(memory);
}

// This process's vDSO, which a child of it has, too. Nothing where /proc is missing.
void find_vdso(ChildPlan& plan) {
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line) && plan.vdso_mappings < plan.vdso.size();) {
    if (line.find("[vdso]") == std::string::npos && line.find("[vvar") == std::string::npos)
      continue;
    calls::Mapping& mapping = plan.vdso[plan.vdso_mappings];
    if (std::sscanf(line.c_str(), "%" SCNx64 "-%" SCNx64, &mapping.begin, &mapping.end) == 2)
      plan.vdso_mappings += 1;
  }
}

}  // namespace

tl::expected<Worker, Unavailable> Worker::start(Guard guard, std::chrono::milliseconds limit) {
  if (!calls::supported()) return tl::unexpected(Unavailable{Lack::Architecture, 0});
  const auto no_resources = [] { return tl::unexpected(Unavailable{Lack::Resources, errno}); };
  Worker worker;
  worker.area_ = map_area();
  if (worker.area_ == nullptr) return no_resources();
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return no_resources();
  worker.socket_ = ends[0];

  ChildPlan plan;
  plan.socket = ends[1];
  plan.parent = getpid();
  plan.guarded = guard == Guard::Sentinel;
  find_vdso(plan);
  const auto filter =
      sentinel(calls::gate_pointer(), seccomp::value_of(seccomp::Action::Errno, sentinel_errno));
  plan.sentinel = {0, static_cast<std::uint32_t>(filter.size())};
  std::copy(filter.begin(), filter.end(), worker.area_->pool.begin());
  {
    const AllSignalsBlocked blocked;
    worker.pid_ = fork();
    if (worker.pid_ == 0) serve(*worker.area_, plan);
  }
  const int error = errno;
  close(ends[1]);
  if (worker.pid_ < 0) return tl::unexpected(Unavailable{Lack::Resources, error});

  const bool ready = worker.await(limit).has_value();
  const StartProblem problem = worker.area_->start_problem;
  if (problem != StartProblem::None)
    return tl::unexpected(Unavailable{lack_of(problem), worker.area_->start_error});
  // A child that was killed on its way stands under a filter that forbids what it needs.
  if (!ready) return tl::unexpected(Unavailable{Lack::Filters, 0});
  return worker;
}

Worker::Worker(Worker&& other) noexcept
    : area_(std::exchange(other.area_, nullptr)),
      socket_(std::exchange(other.socket_, -1)),
      pid_(std::exchange(other.pid_, -1)) {}

Worker& Worker::operator=(Worker&& other) noexcept {
  std::swap(area_, other.area_);
  std::swap(socket_, other.socket_);
  std::swap(pid_, other.pid_);
  return *this;
}

Worker::~Worker() {
  end();
  if (area_ != nullptr) munmap(area_, sizeof(SharedArea));
}

void Worker::end() {
  if (socket_ >= 0) close(socket_);
  socket_ = -1;
  if (pid_ <= 0) return;
  kill(pid_, SIGKILL);
  while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
}

tl::expected<void, Failure> Worker::ask(Task task, std::uint32_t count,
                                        std::chrono::milliseconds limit) {
  std::optional<Turn> turn;
  if (installs(task) && !(turn = Turn::take(limit)))
    return tl::unexpected(Failure{FailureKind::Occupied, 0});
  area_->task = task;
  area_->count = count;
  const char go = 1;
  if (!alive() || send(socket_, &go, 1, MSG_NOSIGNAL) != 1) {
    end();
    return tl::unexpected(Failure{FailureKind::WorkerDied, 0});
  }
  return await(limit);
}

tl::expected<void, Failure> Worker::await(std::chrono::milliseconds limit) {
  const auto deadline = Clock::now() + limit;
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    pollfd wanted{socket_, POLLIN, 0};
    const int ready =
        poll(&wanted, 1, static_cast<int>(std::clamp<long long>(left.count(), 0, 1 << 30)));
    if (ready < 0 && errno == EINTR) continue;
    if (ready == 0) {
      end();
      return tl::unexpected(Failure{FailureKind::TimeLimit, 0});
    }
    char done = 0;
    if (ready > 0 && recv(socket_, &done, 1, 0) == 1) return {};
    end();
    return tl::unexpected(Failure{FailureKind::WorkerDied, 0});
  }
}

}  // namespace assay::kernel
