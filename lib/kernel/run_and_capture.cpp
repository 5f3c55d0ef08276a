// The command runs under a thread made for it, since a ptracer is a thread and since waiting
// for "any child" must not reap the caller's. The calling thread meanwhile takes the signals
// that should end the run.
#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <system_error>
#include <thread>

#include "assay/kernel/processes.hpp"
#include "kernel/calls.hpp"
#include "kernel/follow.hpp"

namespace assay::kernel {
namespace {

using Clock = std::chrono::steady_clock;
using Outcome = tl::expected<RunResult, CaptureFailure>;
constexpr std::chrono::seconds grace{2};

tl::unexpected<CaptureFailure> failure(CaptureProblem problem, int error) {
  return tl::unexpected(CaptureFailure{problem, error});
}

class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor() { shut(); }
  int get() const { return fd_; }
  void shut() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
  }

 private:
  int fd_;
};

struct Pipe {
  Descriptor out;
  Descriptor in;
  bool open() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return false;
    out = Descriptor(ends[0]);
    in = Descriptor(ends[1]);
    return true;
  }
};

// The signals that end a run, taken by descriptor instead of by whoever is interrupted.
class EndingSignals {
 public:
  EndingSignals() {
    sigset_t wanted;
    sigemptyset(&wanted);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) sigaddset(&wanted, signal);
    pthread_sigmask(SIG_BLOCK, &wanted, &before_);
    fd_ = Descriptor(signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK));
  }
  EndingSignals(const EndingSignals&) = delete;
  EndingSignals& operator=(const EndingSignals&) = delete;
  ~EndingSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

  int fd() const { return fd_.get(); }
  const sigset_t& before() const { return before_; }

 private:
  sigset_t before_{};
  Descriptor fd_;
};

// Waits until it is let go, so that it is traced from its first system call on.
[[noreturn]] void become_command(char* const* argv, int go, int report, const sigset_t& mask) {
  char byte = 0;
  pthread_sigmask(SIG_SETMASK, &mask, nullptr);
  if (read(go, &byte, 1) == 1) execvp(argv[0], argv);
  const int error = errno;
  if (write(report, &error, sizeof error) != sizeof error) _exit(126);
  _exit(127);
}

struct Launch {
  std::vector<char*> argv;
  const sigset_t& mask;
  Census& census;
  std::atomic<int>& root;
};

Outcome run_traced(const Launch& launch, Follower& follower) {
  Pipe go;
  Pipe report;
  if (!go.open() || !report.open()) return failure(CaptureProblem::Unexpected, errno);
  const pid_t pid = fork();
  if (pid < 0) return failure(CaptureProblem::Unexpected, errno);
  if (pid == 0) {
    // Its own copy of the writing end would keep it waiting after our death.
    close(go.in.get());
    become_command(launch.argv.data(), go.out.get(), report.in.get(), launch.mask);
  }
  go.out.shut();
  report.in.shut();
  if (auto seized = follower.seize(pid); !seized) {
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
    return tl::unexpected(seized.error());
  }
  launch.root = pid;
  const char byte = 1;
  if (write(go.in.get(), &byte, 1) != 1) launch.census.kill_all();
  auto result = follower.run();
  int error = 0;
  if (result && read(report.out.get(), &error, sizeof error) == sizeof error)
    return failure(CaptureProblem::CannotRun, error);
  return result;
}

class Interruption {
 public:
  Interruption(const Census& census, const std::atomic<int>& root) : census_(census), root_(root) {}

  void take(const EndingSignals& signals) {
    signalfd_siginfo info{};
    while (read(signals.fd(), &info, sizeof info) == sizeof info) {
      const int number = static_cast<int>(info.ssi_signo);
      if (signal_ != 0) census_.kill_all();
      signal_ = number;
      deadline_ = Clock::now() + grace;
      // What the terminal sends reaches the command without us.
      if (info.ssi_code != SI_KERNEL) census_.send(root_, number);
    }
  }
  int timeout() const {
    if (signal_ == 0) return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline_ - Clock::now());
    return left.count() > 0 ? static_cast<int>(left.count()) : 0;
  }
  void enforce() {
    if (signal_ == 0 || Clock::now() < deadline_) return;
    census_.kill_all();
    deadline_ = Clock::now() + std::chrono::milliseconds(50);  // and those born meanwhile
  }
  int signal() const { return signal_; }

 private:
  const Census& census_;
  const std::atomic<int>& root_;
  int signal_ = 0;
  Clock::time_point deadline_;
};

void watch(const EndingSignals& signals, int done, Interruption& interruption) {
  for (;;) {
    pollfd wanted[] = {{signals.fd(), POLLIN, 0}, {done, POLLIN, 0}};
    if (poll(wanted, 2, interruption.timeout()) < 0 && errno != EINTR) return;
    if ((wanted[1].revents & POLLIN) != 0) return;
    if ((wanted[0].revents & POLLIN) != 0) interruption.take(signals);
    interruption.enforce();
  }
}

}  // namespace

Outcome run_and_capture(std::span<const std::string> argv, const InstallSink& sink,
                        RunOptions options) {
  if (!calls::supported()) return failure(CaptureProblem::Architecture, 0);
  if (argv.empty()) return failure(CaptureProblem::CannotRun, ENOENT);
  const auto self = process_state(gettid());
  const std::size_t inherited = self && self->filters ? *self->filters : 0;

  const EndingSignals signals;
  const Descriptor done(eventfd(0, EFD_CLOEXEC));
  if (signals.fd() < 0 || done.get() < 0) return failure(CaptureProblem::Unexpected, errno);
  Census census;
  std::atomic<int> root{0};
  Launch launch{{}, signals.before(), census, root};
  for (const std::string& word : argv) launch.argv.push_back(const_cast<char*>(word.c_str()));
  launch.argv.push_back(nullptr);

  Outcome outcome;
  const auto trace = [&] {
    Follower follower(sink, options, census, inherited);
    outcome = run_traced(launch, follower);
    const std::uint64_t one = 1;
    while (write(done.get(), &one, sizeof one) < 0 && errno == EINTR) {
    }
  };
  Interruption interruption(census, root);
  try {
    std::thread tracer(trace);
    watch(signals, done.get(), interruption);
    tracer.join();
  } catch (const std::system_error& error) {
    return failure(CaptureProblem::Unexpected, error.code().value());
  }
  if (outcome) outcome->interrupted = interruption.signal();
  return outcome;
}

}  // namespace assay::kernel
