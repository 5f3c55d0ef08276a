// A generator that is a program: stdin and stdout are pipes, written and read together so that
// neither side can block the other, until the time limit.
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <memory>
#include <system_error>

#include "assay/bpf/codec.hpp"
#include "assay/profile/generator.hpp"
#include "assay/text/printable.hpp"

namespace assay::profile {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t most_output = std::size_t{1} << 20;

tl::unexpected<Declined> broken(std::string why) {
  return tl::unexpected(Declined{.broken = true, .why = std::move(why)});
}

class Pipe {
 public:
  Pipe() {
    if (pipe2(ends_.data(), O_CLOEXEC) != 0) ends_ = {-1, -1};
  }
  ~Pipe() {
    close_end(0);
    close_end(1);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  bool open() const { return ends_[0] >= 0; }
  int end(std::size_t which) const { return ends_[which]; }
  void close_end(std::size_t which) {
    if (ends_[which] >= 0) ::close(ends_[which]);
    ends_[which] = -1;
  }

 private:
  std::array<int, 2> ends_{-1, -1};  // to read from, to write to
};

class Child {
 public:
  // Waited for at the latest here.
  ~Child() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    wait();
  }

  bool start(const std::vector<std::string>& command, int in, int out, int err) {
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in, 0);
    posix_spawn_file_actions_adddup2(&actions, out, 1);
    posix_spawn_file_actions_adddup2(&actions, err, 2);
    std::vector<char*> words;
    for (const std::string& word : command) words.push_back(const_cast<char*>(word.c_str()));
    words.push_back(nullptr);
    const int error = posix_spawnp(&pid_, words[0], &actions, nullptr, words.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    if (error != 0) pid_ = 0;
    errno = error;
    return error == 0;
  }

  int wait() {
    int status = 0;
    while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = 0;
    return status;
  }

 private:
  pid_t pid_ = 0;
};

struct Answer {
  std::string out;
  std::string err;
  bool late = false;
  bool too_much = false;
};

// Feeds and reads until both outputs end.
class Exchange {
 public:
  Exchange(std::string_view input, Pipe& in, Pipe& out, Pipe& err, Clock::time_point deadline)
      : input_(input), in_(in), out_(out), err_(err), deadline_(deadline) {
    for (const int end : {in.end(1), out.end(0), err.end(0)}) fcntl(end, F_SETFL, O_NONBLOCK);
  }

  Answer run() && {
    while (out_.end(0) >= 0 || err_.end(0) >= 0) {
      std::array<pollfd, 3> ends{
          {{in_.end(1), POLLOUT, 0}, {out_.end(0), POLLIN, 0}, {err_.end(0), POLLIN, 0}}};
      const auto left =
          std::chrono::duration_cast<std::chrono::milliseconds>(deadline_ - Clock::now());
      answer_.late = left.count() <= 0;
      if (answer_.late || answer_.too_much) break;
      if (poll(ends.data(), ends.size(), static_cast<int>(left.count())) < 0 && errno != EINTR)
        break;
      if (ends[0].revents != 0) write_some();
      if (ends[1].revents != 0) read_some(out_, answer_.out);
      if (ends[2].revents != 0) read_some(err_, answer_.err);
    }
    return std::move(answer_);
  }

 private:
  void write_some() {
    const ssize_t size = write(in_.end(1), input_.data(), input_.size());
    if (size > 0) input_.remove_prefix(static_cast<std::size_t>(size));
    const bool gone = size < 0 && errno != EAGAIN && errno != EINTR;
    if (input_.empty() || gone) in_.close_end(1);
  }

  void read_some(Pipe& from, std::string& to) {
    std::array<char, 4096> bytes;
    const ssize_t size = read(from.end(0), bytes.data(), bytes.size());
    if (size > 0) to.append(bytes.data(), static_cast<std::size_t>(size));
    if (size == 0) from.close_end(0);
    answer_.too_much |= to.size() > most_output;
  }

  std::string_view input_;
  Pipe& in_;
  Pipe& out_;
  Pipe& err_;
  Clock::time_point deadline_;
  Answer answer_;
};

// A command that does not read its input must not end us.
class NoSigpipe {
 public:
  NoSigpipe() : before_(signal(SIGPIPE, SIG_IGN)) {}
  ~NoSigpipe() { signal(SIGPIPE, before_); }
  NoSigpipe(const NoSigpipe&) = delete;
  NoSigpipe& operator=(const NoSigpipe&) = delete;

 private:
  sighandler_t before_;
};

tl::expected<Instructions, Declined> run(const std::vector<std::string>& command,
                                         std::chrono::milliseconds limit, const Request& request) {
  const std::string input = to_oci_json(request.rules, request.host);
  const NoSigpipe no_sigpipe;
  Pipe in;
  Pipe out;
  Pipe err;
  if (!in.open() || !out.open() || !err.open())
    return broken(std::generic_category().message(errno));
  Child child;
  if (!child.start(command, in.end(0), out.end(1), err.end(1)))
    return broken(command[0] + ": " + std::generic_category().message(errno));
  in.close_end(0);
  out.close_end(1);
  err.close_end(1);
  const Answer answer = Exchange(input, in, out, err, Clock::now() + limit).run();
  if (answer.late)
    return tl::unexpected(Declined{
        .hangs = true, .why = "no answer within " + std::to_string(limit.count()) + " ms"});
  if (answer.too_much) return broken("more than " + std::to_string(most_output) + " bytes");
  const int status = child.wait();
  if (WIFSIGNALED(status))
    return tl::unexpected(
        Declined{.crashes = true, .why = "ended by signal " + std::to_string(WTERMSIG(status))});
  if (WEXITSTATUS(status) != 0)
    return tl::unexpected(Declined{.why = text::printable(answer.err, 200)});
  auto decoded = bpf::decode(bpf::bytes_of(answer.out), bpf::Format::Raw);
  if (!decoded) return broken("no raw filter on stdout: found " + decoded.error().found);
  return std::move(*decoded);
}

}  // namespace

Generator command_generator(std::vector<std::string> command, std::chrono::milliseconds limit) {
  return [command = std::move(command), limit](const Request& request) {
    return run(command, limit, request);
  };
}

}  // namespace assay::profile
