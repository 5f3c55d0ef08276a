// A generator in a child of its own, since there are rules on which seccomp_rule_add() of 2.5.4
// never returns. Three processes: we; the child that answers, which arms a timer of processor time
// before each request, so that a hang is one on a busy machine as well; and between the two a
// keeper, who starts another child when one has ended. A child that waits uses no processor time:
// for that there is a limit by the clock, at which we have the keeper kill it.
//
// The keeper is forked when the generator is made. Children are forked from it and not from us,
// who may have threads by then: a lock that another thread holds stays locked in a fork.
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <utility>

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

std::string packed(std::uint64_t number, const Request& request) {
  Writer bytes;
  bytes.put(number);
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

// What follows the number.
Request unpacked(Reader bytes) {
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

// Sockets of packets: a message is there as a whole or not at all, whoever is killed meanwhile.
class Socket {
 public:
  Socket() = default;
  explicit Socket(int descriptor) : descriptor_(descriptor) {}
  Socket(Socket&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  Socket& operator=(Socket&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  ~Socket() { close(); }

  void close() {
    if (descriptor_ >= 0) ::close(descriptor_);
    descriptor_ = -1;
  }
  int descriptor() const { return descriptor_; }

  bool send(std::string_view message) const {
    ssize_t size = 0;
    do {
      size = ::send(descriptor_, message.data(), message.size(), MSG_NOSIGNAL);
    } while (size < 0 && errno == EINTR);
    return size == static_cast<ssize_t>(message.size());
  }

  // Good until the next one; empty at the end, as no message is.
  std::string_view receive(int flags = 0) {
    buffer_.resize(most_bytes);
    ssize_t size = 0;
    do {
      size = recv(descriptor_, buffer_.data(), buffer_.size(), flags);
    } while (size < 0 && errno == EINTR);
    return {buffer_.data(), size > 0 ? static_cast<std::size_t>(size) : 0};
  }

  static constexpr std::size_t most_bytes = std::size_t{128} << 10;

 private:
  int descriptor_ = -1;
  std::vector<char> buffer_;
};

std::optional<std::array<Socket, 2>> socket_pair() {
  std::array<int, 2> ends{};
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) return std::nullopt;
  return std::array{Socket(ends[0]), Socket(ends[1])};
}

void arm(std::chrono::milliseconds limit) {
  itimerval timer{};
  timer.it_value.tv_sec = limit.count() / 1000;
  timer.it_value.tv_usec = limit.count() % 1000 * 1000;
  setitimer(ITIMER_PROF, &timer, nullptr);
}

std::string packed(std::uint64_t number, const tl::expected<Instructions, Declined>& made) {
  Writer bytes;
  bytes.put(number);
  bytes.put(made ? 0 : 1);
  if (made) {
    bytes.put(std::string_view(reinterpret_cast<const char*>(made->data()),
                               made->size() * sizeof(bpf::Instruction)));
  } else {
    bytes.put(made.error().why);
    bytes.put(made.error().broken ? 1 : 0);
  }
  return bytes.all();
}

// What follows the number.
tl::expected<Instructions, Declined> answer_in(Reader bytes) {
  const bool made = bytes.number() == 0;
  const std::string_view content = bytes.text();
  if (!made)
    return tl::unexpected(Declined{.broken = bytes.number() != 0, .why = std::string(content)});
  Instructions instructions(content.size() / sizeof(bpf::Instruction));
  std::memcpy(instructions.data(), content.data(), content.size());
  return instructions;
}

constexpr std::string_view too_long = "more bytes than a request or an answer may have";

// The child. Ends with the keeper, or when there is nobody to ask.
[[noreturn]] void serve(const Generator& generator, Socket& requests,
                        std::chrono::milliseconds limit) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);  // the keeper has one thread
  signal(SIGPROF, SIG_DFL);
  while (true) {
    const std::string_view message = requests.receive();
    if (message.empty()) break;
    Reader bytes(message);
    const std::uint64_t number = bytes.number();
    const Request request = unpacked(bytes);
    arm(limit);
    std::string answer = packed(number, generator(request));
    arm(std::chrono::milliseconds(0));
    if (answer.size() > Socket::most_bytes)
      answer =
          packed(number, tl::unexpected(Declined{.broken = true, .why = std::string(too_long)}));
    if (!requests.send(answer)) break;
  }
  _exit(0);
}

// What the two say to each other: the keeper how a child ended, we that one is to be killed.
// Both name the child by how many there were before, so that no other is meant.
std::string ended_message(std::uint64_t child, int status) {
  Writer bytes;
  bytes.put(child);
  bytes.put(static_cast<std::uint64_t>(status));
  return bytes.all();
}

std::string kill_message(std::uint64_t child) {
  Writer bytes;
  bytes.put(child);
  return bytes.all();
}

// The ends of other generators among them: a keeper must see that its own is gone.
void close_all_but(int one, int other) {
  const auto [low, high] = std::minmax({static_cast<unsigned>(one), static_cast<unsigned>(other)});
  const auto close_between = [](unsigned first, unsigned last) {
    if (first <= last) close_range(first, last, 0);
  };
  close_between(STDERR_FILENO + 1, low - 1);
  close_between(low + 1, high - 1);
  close_between(high + 1, ~0U);
}

class Keeper {
 public:
  Keeper(const Generator& generator, std::chrono::milliseconds limit, Socket requests,
         Socket orders)
      : generator_(generator),
        limit_(limit),
        requests_(std::move(requests)),
        orders_(std::move(orders)) {}

  // Until we are gone, and the child then as well.
  [[noreturn]] void run() {
    close_all_but(requests_.descriptor(), orders_.descriptor());
    signal(SIGCHLD, SIG_DFL);  // children are waited for
    while (start()) {
      const bool wanted = until_it_ends();
      const int status = wait();
      // A request that it left unread is not for the next one.
      while (!requests_.receive(MSG_DONTWAIT).empty()) {
      }
      if (!wanted || !orders_.send(ended_message(child_++, status))) break;
    }
    _exit(0);
  }

 private:
  bool start() {
    pid_ = fork();
    if (pid_ == 0) {
      orders_.close();
      serve(generator_, requests_, limit_);
    }
    watch_ = Socket(pid_ > 0 ? static_cast<int>(syscall(SYS_pidfd_open, pid_, 0)) : -1);
    return watch_.descriptor() >= 0;
  }

  // Whether there will be more to ask.
  bool until_it_ends() {
    while (true) {
      std::array<pollfd, 2> ends{
          {{watch_.descriptor(), POLLIN, 0}, {orders_.descriptor(), POLLIN, 0}}};
      if (poll(ends.data(), ends.size(), -1) < 0) continue;
      const bool told = ends[1].revents != 0;
      const std::string_view order = told ? orders_.receive() : std::string_view();
      const bool gone = told && order.empty();
      if (gone || (told && Reader(order).number() == child_)) kill(pid_, SIGKILL);
      if (gone || ends[0].revents != 0) return !gone;
    }
  }

  int wait() const {
    int status = 0;
    while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    return status;
  }

  const Generator& generator_;
  std::chrono::milliseconds limit_;
  Socket requests_;
  Socket orders_;
  Socket watch_;
  pid_t pid_ = 0;
  std::uint64_t child_ = 0;
};

class Guarded {
 public:
  Guarded(const Generator& generator, GeneratorLimits limits) : limits_(limits) {
    auto requests = socket_pair();
    auto orders = socket_pair();
    if (!requests || !orders) return;
    keeper_ = fork();
    if (keeper_ == 0)
      Keeper(generator, limits.processor, std::move((*requests)[1]), std::move((*orders)[1])).run();
    requests_ = std::move((*requests)[0]);
    orders_ = std::move((*orders)[0]);
  }
  ~Guarded() {
    if (keeper_ <= 0) return;
    requests_.close();
    orders_.close();
    while (waitpid(keeper_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
  Guarded(const Guarded&) = delete;
  Guarded& operator=(const Guarded&) = delete;

  tl::expected<Instructions, Declined> ask(const Request& request) {
    if (keeper_ <= 0) return broken("no child process");
    const std::string message = packed(++asked_, request);
    if (message.size() > Socket::most_bytes) return broken(too_long);
    if (!requests_.send(message)) return broken("no child process");
    const auto end = std::chrono::steady_clock::now() + limits_.clock;
    while (true) {
      std::array<pollfd, 2> ends{
          {{requests_.descriptor(), POLLIN, 0}, {orders_.descriptor(), POLLIN, 0}}};
      const bool late = !poll_until(ends, end);
      if ((ends[0].revents & POLLIN) == 0) return lost(late);
      Reader bytes(requests_.receive());
      // Else one that came too late.
      if (bytes.number() == asked_) return answer_in(bytes);
    }
  }

 private:
  static tl::unexpected<Declined> broken(std::string_view why) {
    return tl::unexpected(Declined{.broken = true, .why = std::string(why)});
  }

  static bool poll_until(std::span<pollfd> ends, std::chrono::steady_clock::time_point end) {
    while (true) {
      const auto left =
          std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
      const auto most = std::max<std::chrono::milliseconds::rep>(left.count(), 0);
      const int ready = poll(ends.data(), ends.size(), static_cast<int>(most));
      if (ready > 0) return true;
      if (ready == 0 || errno != EINTR) return false;
    }
  }

  // The child has ended, or is too late and will be killed.
  tl::unexpected<Declined> lost(bool late) {
    if (late) {
      while (!orders_.receive(MSG_DONTWAIT).empty()) ++child_;
      orders_.send(kill_message(child_));
    }
    const std::string_view message = orders_.receive();
    if (message.empty()) return broken("no child process");
    ++child_;
    Reader bytes(message);
    bytes.number();
    const int status = static_cast<int>(bytes.number());
    if (late) return hung(limits_.clock, "");
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGPROF)
      return hung(limits_.processor, " of processor time");
    const std::string how =
        WIFSIGNALED(status) ? "signal " + std::to_string(WTERMSIG(status)) : "an early end";
    return tl::unexpected(Declined{.crashes = WIFSIGNALED(status), .why = how});
  }

  static tl::unexpected<Declined> hung(std::chrono::milliseconds limit, const char* of_what) {
    return tl::unexpected(
        Declined{.hangs = true,
                 .why = "no answer after " + std::to_string(limit.count()) + " ms" + of_what});
  }

  GeneratorLimits limits_;
  pid_t keeper_ = 0;
  Socket requests_;
  Socket orders_;
  std::uint64_t asked_ = 0;
  std::uint64_t child_ = 0;  // how many have ended
};

}  // namespace

Generator guarded(const Generator& generator, GeneratorLimits limits) {
  return [guarded = std::make_shared<Guarded>(generator, limits)](const Request& request) {
    return guarded->ask(request);
  };
}

Generator guarded_libseccomp_generator(GeneratorLimits limits) {
  return guarded(libseccomp_generator(), limits);
}

}  // namespace assay::profile
