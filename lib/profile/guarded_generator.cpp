// libseccomp in a child of its own, since there are rules on which seccomp_rule_add() of 2.5.4
// never returns. The child arms a timer of processor time before each request, so that a hang is
// one on a busy machine as well, and is replaced when the timer has killed it.
#include <signal.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <system_error>

#include "assay/profile/generator.hpp"

namespace assay::profile {
namespace {

// Requests and answers as bytes between two processes of one program.
class Writer {
 public:
  void put(std::uint64_t number) {
    for (unsigned shift = 0; shift < 64; shift += 8)
      text_.push_back(static_cast<char>(number >> shift & 0xff));
  }
  void put(std::string_view text) {
    put(text.size());
    text_.append(text);
  }
  const std::string& all() const { return text_; }

 private:
  std::string text_;
};

// Past the end there are zeros.
class Reader {
 public:
  explicit Reader(std::string_view left) : left_(left) {}

  std::uint64_t number() {
    std::uint64_t result = 0;
    for (unsigned shift = 0; shift < 64 && !left_.empty(); shift += 8) {
      result |= std::uint64_t{static_cast<unsigned char>(left_.front())} << shift;
      left_.remove_prefix(1);
    }
    return result;
  }
  std::string_view text() {
    const std::size_t size = std::min<std::size_t>(number(), left_.size());
    const std::string_view result = left_.substr(0, size);
    left_.remove_prefix(size);
    return result;
  }

 private:
  std::string_view left_;
};

std::string packed(const Request& request) {
  Writer bytes;
  bytes.put(static_cast<std::uint64_t>(request.host));
  bytes.put(request.tree ? 1 : 0);
  bytes.put(request.rules.otherwise.value);
  bytes.put(request.rules.arches.size());
  for (const seccomp::Arch arch : request.rules.arches) bytes.put(static_cast<std::uint64_t>(arch));
  bytes.put(request.rules.rules.size());
  for (std::size_t i = 0; i < request.rules.rules.size(); ++i) {
    const Rule& rule = request.rules.rules[i];
    bytes.put(i < request.priorities.size() ? request.priorities[i] : 0U);
    bytes.put(rule.verdict.value);
    bytes.put(rule.calls.size());
    for (const Call& call : rule.calls) bytes.put(call.name);
    bytes.put(rule.conditions.size());
    for (const ArgumentCondition& condition : rule.conditions) {
      bytes.put(condition.index);
      bytes.put(static_cast<std::uint64_t>(condition.op));
      bytes.put(condition.value);
      bytes.put(condition.value_two);
    }
  }
  return bytes.all();
}

Request unpacked(const std::string& text) {
  Reader bytes(text);
  Request request;
  request.host = static_cast<seccomp::Arch>(bytes.number());
  request.tree = bytes.number() != 0;
  request.rules.otherwise = {static_cast<std::uint32_t>(bytes.number())};
  for (std::uint64_t left = bytes.number(); left > 0; --left)
    request.rules.arches.push_back(static_cast<seccomp::Arch>(bytes.number()));
  for (std::uint64_t left = bytes.number(); left > 0; --left) {
    request.priorities.push_back(static_cast<std::uint8_t>(bytes.number()));
    Rule rule;
    rule.verdict = {static_cast<std::uint32_t>(bytes.number())};
    for (std::uint64_t calls = bytes.number(); calls > 0; --calls)
      rule.calls.push_back({std::string(bytes.text()), {}});
    for (std::uint64_t conditions = bytes.number(); conditions > 0; --conditions) {
      ArgumentCondition condition;
      condition.index = static_cast<std::uint32_t>(bytes.number());
      condition.op = static_cast<Operator>(bytes.number());
      condition.value = bytes.number();
      condition.value_two = bytes.number();
      rule.conditions.push_back(condition);
    }
    request.rules.rules.push_back(std::move(rule));
  }
  return request;
}

bool write_all(int to, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t size = send(to, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(size));
  }
  return true;
}

bool read_all(int from, char* to, std::size_t size) {
  while (size > 0) {
    const ssize_t got = read(from, to, size);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    to += got;
    size -= static_cast<std::size_t>(got);
  }
  return true;
}

bool send_message(int to, const std::string& message) {
  Writer framed;
  framed.put(std::string_view(message));
  return write_all(to, framed.all());
}

bool receive_message(int from, std::string& message) {
  std::array<char, sizeof(std::uint64_t)> size;
  if (!read_all(from, size.data(), size.size())) return false;
  message.assign(Reader({size.data(), size.size()}).number(), '\0');
  return read_all(from, message.data(), message.size());
}

void arm(std::chrono::milliseconds limit) {
  itimerval timer{};
  timer.it_value.tv_sec = limit.count() / 1000;
  timer.it_value.tv_usec = limit.count() % 1000 * 1000;
  setitimer(ITIMER_PROF, &timer, nullptr);
}

std::string answer_to(const Request& request) {
  const auto made = libseccomp_generator()(request);
  Writer bytes;
  bytes.put(made ? 0 : 1);
  if (!made) {
    bytes.put(made.error().why);
    return bytes.all();
  }
  bytes.put(std::string_view(reinterpret_cast<const char*>(made->data()),
                             made->size() * sizeof(bpf::Instruction)));
  return bytes.all();
}

// The ends of other children among them: a child must see that its own parent is gone.
void close_all_but(int end) {
  const auto kept = static_cast<unsigned>(end);
  if (kept > STDERR_FILENO + 1) close_range(STDERR_FILENO + 1, kept - 1, 0);
  close_range(kept + 1, ~0U, 0);
}

// Ends with the parent, whose end is then closed. Not by PR_SET_PDEATHSIG: that is the thread.
[[noreturn]] void serve(int end, std::chrono::milliseconds limit) {
  close_all_but(end);
  signal(SIGPROF, SIG_DFL);
  for (std::string message; receive_message(end, message);) {
    const Request request = unpacked(message);
    arm(limit);
    const std::string answer = answer_to(request);
    arm(std::chrono::milliseconds(0));
    if (!send_message(end, answer)) break;
  }
  _exit(0);
}

class Worker {
 public:
  explicit Worker(std::chrono::milliseconds limit) : limit_(limit) {}
  ~Worker() { stop(); }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  tl::expected<Instructions, Declined> ask(const Request& request) {
    if (pid_ == 0 && !start())
      return tl::unexpected(Declined{.broken = true, .why = "no child process"});
    std::string message;
    if (send_message(end_, packed(request)) && receive_message(end_, message))
      return answer_in(message);
    return gone();
  }

 private:
  bool start() {
    std::array<int, 2> ends{};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) return false;
    pid_ = fork();
    if (pid_ == 0) {
      close(ends[0]);
      serve(ends[1], limit_);
    }
    close(ends[1]);
    end_ = ends[0];
    if (pid_ > 0) return true;
    close(end_);
    pid_ = 0;
    return false;
  }

  int stop() {
    if (pid_ <= 0) return 0;
    close(end_);
    int status = 0;
    while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = 0;
    return status;
  }

  static tl::expected<Instructions, Declined> answer_in(const std::string& message) {
    Reader bytes(message);
    const bool made = bytes.number() == 0;
    const std::string_view content = bytes.text();
    if (!made) return tl::unexpected(Declined{.why = std::string(content)});
    Instructions instructions(content.size() / sizeof(bpf::Instruction));
    std::memcpy(instructions.data(), content.data(), content.size());
    return instructions;
  }

  tl::expected<Instructions, Declined> gone() {
    const int status = stop();
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGPROF)
      return tl::unexpected(Declined{
          .hangs = true,
          .why = "no answer after " + std::to_string(limit_.count()) + " ms of processor time"});
    const std::string how =
        WIFSIGNALED(status) ? "signal " + std::to_string(WTERMSIG(status)) : "an early end";
    return tl::unexpected(Declined{.crashes = WIFSIGNALED(status), .why = how});
  }

  std::chrono::milliseconds limit_;
  pid_t pid_ = 0;
  int end_ = -1;
};

}  // namespace

Generator guarded_libseccomp_generator(std::chrono::milliseconds limit) {
  return [worker = std::make_shared<Worker>(limit)](const Request& request) {
    return worker->ask(request);
  };
}

}  // namespace assay::profile
