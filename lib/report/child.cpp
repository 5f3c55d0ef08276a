#include "report/child.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <optional>

namespace assay::report {
namespace {

using Clock = std::chrono::steady_clock;

class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { shut(); }
  int get() const { return fd_; }
  void shut() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
  }

 private:
  int fd_;
};

std::optional<std::string> found_in_path(const std::string& name) {
  if (name.find('/') != std::string::npos) return name;
  const char* path = std::getenv("PATH");
  std::string_view rest = path == nullptr ? "/usr/bin:/bin" : path;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(':'), rest.size());
    const std::string file = std::string(rest.substr(0, end)) + "/" + name;
    if (file[0] == '/' && access(file.c_str(), X_OK) == 0) return file;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return {};
}

// Between fork and exec, where only calls that are safe in a signal handler may be made.
[[noreturn]] void become(const char* file, char* const* arguments, int talk, int nowhere,
                         const ChildLimits& limits, pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(127);
  const auto seconds = static_cast<rlim_t>(limits.time.count() / 1000 + 2);
  const rlimit time{seconds, seconds};
  const rlimit memory{limits.memory, limits.memory};
  const rlimit core{0, 0};
  setrlimit(RLIMIT_CPU, &time);
  setrlimit(RLIMIT_AS, &memory);
  setrlimit(RLIMIT_CORE, &core);
  if (dup2(talk, 0) < 0 || dup2(talk, 1) < 0 || dup2(nowhere, 2) < 0) _exit(127);
  execv(file, arguments);
  _exit(127);
}

class Child {
 public:
  Child(pid_t pid, int talk) : pid_(pid), talk_(talk) {}
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    if (pid_ < 0) return;
    kill(pid_, SIGKILL);
    wait();
  }

  tl::expected<std::string, ChildFailure> converse(std::string_view input,
                                                   const ChildLimits& limits) {
    const Clock::time_point end = Clock::now() + limits.time;
    if (input.empty()) shutdown(talk_.get(), SHUT_WR);
    while (true) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now());
      const short wanted = static_cast<short>(POLLIN | (input.empty() ? 0 : POLLOUT));
      pollfd ready{talk_.get(), wanted, 0};
      const int count = left.count() > 0 ? poll(&ready, 1, static_cast<int>(left.count())) : 0;
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) return tl::unexpected(ChildFailure::TooSlow);
      if ((ready.revents & POLLOUT) != 0) send_some(input);
      if ((ready.revents & (POLLIN | POLLHUP | POLLERR)) == 0) continue;
      if (!receive_some()) break;
      if (output_.size() > limits.output) return tl::unexpected(ChildFailure::TooMuch);
    }
    if (wait() != 0) return tl::unexpected(ChildFailure::Failed);
    return std::move(output_);
  }

 private:
  // A child that reads no more is no error: what matters is what it writes.
  void send_some(std::string_view& input) {
    const ssize_t sent = send(talk_.get(), input.data(), input.size(), MSG_NOSIGNAL);
    if (sent < 0 && (errno == EINTR || errno == EAGAIN)) return;
    input.remove_prefix(sent < 0 ? input.size() : static_cast<std::size_t>(sent));
    if (input.empty()) shutdown(talk_.get(), SHUT_WR);
  }

  bool receive_some() {
    std::array<char, 65536> buffer;  // NOLINT: recv fills it
    const ssize_t got = recv(talk_.get(), buffer.data(), buffer.size(), 0);
    if (got < 0) return errno == EINTR || errno == EAGAIN;
    output_.append(buffer.data(), static_cast<std::size_t>(got));
    return got > 0;
  }

  int wait() {
    int status = -1;
    while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    return status;
  }

  pid_t pid_;
  Descriptor talk_;
  std::string output_;
};

}  // namespace

// The child talks through a socket, since writing to one that is closed can be an error alone
// and no signal.
tl::expected<std::string, ChildFailure> run_child(const std::vector<std::string>& command,
                                                  std::string_view input,
                                                  const ChildLimits& limits) {
  const auto file = found_in_path(command.front());
  if (!file) return tl::unexpected(ChildFailure::Missing);
  std::vector<std::string> words = command;
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  std::array<int, 2> ends{};
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
    return tl::unexpected(ChildFailure::NotStarted);
  Descriptor theirs(ends[1]);
  const Descriptor nowhere(open("/dev/null", O_WRONLY | O_CLOEXEC));
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid == 0)
    become(file->c_str(), arguments.data(), theirs.get(), nowhere.get(), limits, parent);
  theirs.shut();
  Child child(pid, ends[0]);
  if (pid < 0) return tl::unexpected(ChildFailure::NotStarted);
  fcntl(ends[0], F_SETFL, O_NONBLOCK);
  return child.converse(input, limits);
}

}  // namespace assay::report
