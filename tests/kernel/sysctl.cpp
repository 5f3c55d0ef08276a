#include "kernel/sysctl.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <fstream>

namespace assay::kernel::test {
namespace {

std::string path_of(std::string name) {
  std::replace(name.begin(), name.end(), '.', '/');
  return "/proc/sys/" + name;
}

std::string line_of(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

// The line's end makes an empty value one that is written at all.
int write_line(const std::string& path, const std::string& value) {
  const std::string line = value + "\n";
  const int file = open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (file < 0) return errno;
  const ssize_t written = write(file, line.data(), line.size());
  const int error = written < 0 ? errno : 0;
  close(file);
  return error;
}

// Keeps no descriptor but the two, so that nobody waits for this process to close another.
[[noreturn]] void restore_at_the_end(int socket, int lock, const std::string& path,
                                     const std::string& value) {
  for (const int signal : {SIGHUP, SIGINT, SIGQUIT, SIGTERM}) std::signal(signal, SIG_IGN);
  setsid();
  dup2(socket, 0);
  dup2(lock, 1);
  syscall(SYS_close_range, 2U, ~0U, 0U);
  char byte = 0;
  while (read(0, &byte, 1) > 0 || errno == EINTR) errno = 0;
  write_line(path, value);
  _exit(0);
}

}  // namespace

std::string sysctl(const std::string& name) { return line_of(path_of(name)); }

Sysctl::Sysctl(const std::string& name, const std::string& value) : path_(path_of(name)) {
  lock_ = open(path_.c_str(), O_RDONLY | O_CLOEXEC);
  if (lock_ < 0 || flock(lock_, LOCK_EX) != 0) return;
  before_ = line_of(path_);
  set_ = keep() && write(value) == 0;
}

Sysctl::~Sysctl() {
  if (keeper_ >= 0) {
    // Not close(): children may have the socket as well. The answer is its end.
    shutdown(keeper_, SHUT_WR);
    char byte = 0;
    while (::read(keeper_, &byte, 1) < 0 && errno == EINTR) {
    }
    close(keeper_);
  }
  if (lock_ >= 0) close(lock_);
}

// Orphaned at once, so that who kills this process and its children does not find it.
bool Sysctl::keep() {
  std::array<int, 2> ends{-1, -1};
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) return false;
  const pid_t child = fork();
  if (child == 0) {
    const pid_t orphan = fork();
    if (orphan == 0) restore_at_the_end(ends[1], lock_, path_, before_);
    _exit(orphan < 0 ? 1 : 0);
  }
  close(ends[1]);
  keeper_ = ends[0];
  int status = -1;
  return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

int Sysctl::write(const std::string& value) { return write_line(path_, value); }
std::string Sysctl::read() const { return line_of(path_); }

}  // namespace assay::kernel::test
