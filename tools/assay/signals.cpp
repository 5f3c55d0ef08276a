#include "signals.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <climits>
#include <csignal>
#include <cstring>

namespace assay::tool {
namespace {

// A signal handler can reach nothing but statics.
struct Unfinished {
  volatile std::sig_atomic_t used = 0;
  std::array<char, PATH_MAX> path{};
};
std::array<Unfinished, 4> unfinished;

void end_on_signal(int signal) {
  for (const Unfinished& file : unfinished)
    if (file.used != 0) ::unlink(file.path.data());
  ::_exit(128 + signal);
}

void carry_on(int) {}

void handle(int signal, void (*handler)(int)) {
  struct sigaction old {};
  ::sigaction(signal, nullptr, &old);
  if (old.sa_handler == SIG_IGN) return;  // as nohup wants it
  struct sigaction action {};
  action.sa_handler = handler;
  ::sigemptyset(&action.sa_mask);
  ::sigaction(signal, &action, nullptr);
}

// With the wrong direction, so that using them is still an error.
void occupy(int descriptor, int flags) {
  if (::fcntl(descriptor, F_GETFD) < 0) (void)!::open("/dev/null", flags);
}

}  // namespace

void prepare_process() {
  occupy(STDIN_FILENO, O_WRONLY);
  occupy(STDOUT_FILENO, O_RDONLY);
  occupy(STDERR_FILENO, O_RDONLY);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) handle(signal, end_on_signal);
  handle(SIGPIPE, carry_on);  // not SIG_IGN, which would outlive an exec
}

void remove_on_signal(const std::string& path) {
  for (Unfinished& file : unfinished) {
    if (file.used != 0 || path.size() >= file.path.size()) continue;
    std::memcpy(file.path.data(), path.c_str(), path.size() + 1);
    file.used = 1;
    return;
  }
}

void keep_on_signal(const std::string& path) {
  for (Unfinished& file : unfinished)
    if (file.used != 0 && path == file.path.data()) file.used = 0;
}

void end_by_closed_pipe() {
  ::signal(SIGPIPE, SIG_DFL);
  ::raise(SIGPIPE);
  ::_exit(128 + SIGPIPE);
}

}  // namespace assay::tool
