#include "kernel/tracees.hpp"

#include <fcntl.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <map>

#include "kernel/raw_calls.hpp"

namespace assay::kernel::test {
namespace {

constexpr unsigned nobody = 65534;
constexpr unsigned child_seconds = 60;

std::array<int, 2> cloexec_pipe() {
  std::array<int, 2> ends{-1, -1};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) std::abort();
  return ends;
}

void make_disposable() {
  signal(SIGSEGV, SIG_DFL);  // not a sanitizer's handler, which makes calls
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  alarm(child_seconds);
}

}  // namespace

std::string tracee_path([[maybe_unused]] Bits bits) {
#ifdef ASSAY_TRACEE64
  if (bits == Bits::Wide) return ASSAY_TRACEE64;
#endif
#ifdef ASSAY_TRACEE32
  if (bits == Bits::Narrow) return ASSAY_TRACEE32;
#endif
  return "";
}

std::vector<bpf::Instruction> nth_filter(unsigned n) {
  return {{0x00, 1, 2, 100 + n}, {0x06, 3, 4, 0x7fff0000}};
}

namespace {
std::string topic;
}

Topic::Topic(std::string name) { topic = "_" + std::move(name); }
Topic::~Topic() { topic.clear(); }

void asked(std::uint64_t times) {
  static std::string test;
  static std::map<std::string, std::uint64_t> counts;
  const testing::TestInfo* const now = testing::UnitTest::GetInstance()->current_test_info();
  if (now == nullptr) return;
  const std::string name = std::string(now->test_suite_name()) + "." + now->name();
  if (name != test) counts.clear();
  test = name;
  counts[topic] += times;
  testing::Test::RecordProperty("asked" + topic, std::to_string(counts[topic]));
}

int in_child(const std::function<int()>& body) {
  asked();
  const pid_t pid = fork();
  if (pid == 0) {
    make_disposable();
    _exit(body());
  }
  int status = 0;
  if (waitpid(pid, &status, 0) != pid) return -1000;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

std::string no_tracee(Bits bits) {
  const std::string path = tracee_path(bits);
  const std::string what = bits == Bits::Wide ? "64-bit" : "32-bit";
  if (path.empty()) return "the compiler cannot build a " + what + " tracee";
  const int code = in_child([&] {
    execl(path.c_str(), path.c_str(), "n", nullptr);
    return 9;
  });
  return code == 0 ? "" : "the kernel cannot run a " + what + " program";
}

Tracee::Tracee(Bits bits, const std::string& letters) {
  const auto input = cloexec_pipe();
  const auto output = cloexec_pipe();
  const std::string path = tracee_path(bits);
  pid_ = fork();
  if (pid_ == 0) {
    make_disposable();
    dup2(input[0], 0);
    dup2(output[1], 1);
    execl(path.c_str(), path.c_str(), letters.c_str(), nullptr);
    _exit(9);
  }
  close(input[0]);
  close(output[1]);
  input_ = input[1];
  char byte = 0;
  ready_ = read(output[0], &byte, 1) == 1 && byte == 'w';
  close(output[0]);
}

Tracee::~Tracee() {
  if (input_ >= 0) close(input_);
  if (pid_ <= 0) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

int Tracee::finish() {
  close(input_);
  input_ = -1;
  int status = 0;
  waitpid(pid_, &status, 0);
  pid_ = -1;
  return status;
}

PublicCopy::PublicCopy(const std::string& program) {
  std::string name = "/tmp/assay-test-XXXXXX";
  if (mkdtemp(name.data()) == nullptr) return;
  folder_ = name;
  std::filesystem::copy_file(program, path());
  chmod(folder_.c_str(), 0755);
  chmod(path().c_str(), 0755);
}

PublicCopy::~PublicCopy() {
  std::error_code ignored;
  if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
}

bool become_nobody() {
  // A change of user leaves a process that its own user may not trace; exec would undo it.
  return setgroups(0, nullptr) == 0 && setresgid(nobody, nobody, nobody) == 0 &&
         setresuid(nobody, nobody, nobody) == 0 && prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0;
}

bool has_narrow_calls() {
  return in_child([] { return narrow(20) == getpid() ? 0 : 1; }) == 0;
}

bool is_root() { return geteuid() == 0; }

}  // namespace assay::kernel::test
