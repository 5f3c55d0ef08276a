#include "assay/kernel/capture.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>

#include "kernel/tracees.hpp"

namespace assay::kernel {
namespace {

using test::Bits;
using test::nth_filter;
using test::Tracee;

constexpr std::uint32_t native = 0xc000003e;
constexpr std::uint32_t i386 = 0x40000003;

struct Captured {
  std::vector<Install> installs;
  tl::expected<RunResult, CaptureFailure> result;
};

Captured run(std::vector<std::string> argv, RunOptions options = {}) {
  Captured captured;
  captured.result = run_and_capture(
      argv, [&](const Install& install) { captured.installs.push_back(install); }, options);
  return captured;
}
Captured run_shell(const std::string& script) { return run({"/bin/sh", "-c", script}); }

// What a row says of an install: "p" or "s" (how), the filter's number, its place, and the
// event below it, -1 for none.
struct Seen {
  char how;
  unsigned filter;
  std::size_t order;
  int below;
  std::uint32_t flags;
  bool same_process;  // as the command's first
  bool same_thread;
  friend bool operator==(const Seen&, const Seen&) = default;
};
std::ostream& operator<<(std::ostream& out, const Seen& s) {
  return out << s.how << s.filter << " order " << s.order << " below " << s.below << " flags "
             << s.flags << " same " << s.same_process << s.same_thread;
}

struct Row {
  std::string letters;
  std::vector<Seen> expected;
};

std::vector<Seen> seen(const std::vector<Install>& installs) {
  std::vector<Seen> result;
  for (const Install& i : installs) {
    const char how = i.mode == Mode::Strict ? 'S' : i.call == Install::Call::Prctl ? 'p' : 's';
    const unsigned filter = i.instructions.empty() ? 0 : i.instructions[0].k - 100;
    EXPECT_TRUE(i.mode == Mode::Strict || i.instructions == nth_filter(filter));
    result.push_back({how, filter, i.order, i.below ? static_cast<int>(*i.below) : -1, i.flags,
                      i.pid == installs[0].pid, i.tid == installs[0].tid});
  }
  return result;
}

const std::vector<Row> rows = {
    {"n", {}},
    {"np", {{'p', 0, 0, -1, 0, true, true}}},
    {"nspl",
     {{'s', 0, 0, -1, 0, true, true},
      {'p', 1, 1, 0, 0, true, true},
      {'s', 2, 2, 1, 2, true, true}}},
    // A child starts with its parent's stack.
    {"nsfsfp",
     {{'s', 0, 0, -1, 0, true, true},
      {'s', 1, 1, 0, 0, false, false},
      {'p', 2, 2, 1, 0, false, false}}},
    // A thread's own filter is not on the first thread.
    {"nsCs/s",
     {{'s', 0, 0, -1, 0, true, true},
      {'s', 1, 1, 0, 0, true, false},
      {'s', 2, 1, 0, 0, true, true}}},
    // TSYNC puts the whole stack on all of them.
    {"nsCst/s",
     {{'s', 0, 0, -1, 0, true, true},
      {'s', 1, 1, 0, 0, true, false},
      {'s', 2, 2, 1, 1, true, false},
      {'s', 3, 3, 2, 0, true, true}}},
    // exec keeps the stack, also that of another thread than the first.
    {"nsxsp",
     {{'s', 0, 0, -1, 0, true, true},
      {'s', 1, 1, 0, 0, true, true},
      {'p', 2, 2, 1, 0, true, true}}},
    {"nsEs", {{'s', 0, 0, -1, 0, true, true}, {'s', 1, 1, 0, 0, true, true}}},
    {"nsb", {{'s', 0, 0, -1, 0, true, true}}},
    {"nS", {{'S', 0, 0, -1, 0, true, true}}},
};

class RunAndCapture : public testing::TestWithParam<Bits> {};

TEST_P(RunAndCapture, EveryInstallInItsPlace) {
  SKIP_WITHOUT_TRACEE(GetParam());
  for (const Row& row : rows) {
    SCOPED_TRACE(row.letters);
    const Captured got = run({test::tracee_path(GetParam()), row.letters});
    ASSERT_TRUE(got.result);
    EXPECT_EQ(got.result->exit_code, 0);
    EXPECT_EQ(got.result->term_signal, 0);
    EXPECT_EQ(seen(got.installs), row.expected);
    for (const Install& install : got.installs) {
      EXPECT_EQ(install.arch, GetParam() == Bits::Wide ? native : i386);
      EXPECT_EQ(install.exe, test::tracee_path(GetParam()));
      EXPECT_EQ(install.comm, GetParam() == Bits::Wide ? "tracee64" : "tracee32");
    }
  }
}

TEST_P(RunAndCapture, RefusedOnRequest) {
  SKIP_WITHOUT_TRACEE(GetParam());
  const Captured got = run({test::tracee_path(GetParam()), "nbs"}, {.refused = true});
  ASSERT_TRUE(got.result);
  ASSERT_EQ(got.installs.size(), 2U);
  EXPECT_EQ(got.installs[0].error, EINVAL);
  EXPECT_EQ(got.installs[0].instructions, (std::vector<bpf::Instruction>{{0x94, 0, 0, 3}}));
  EXPECT_EQ(got.installs[1].error, 0);
  EXPECT_EQ(got.installs[1].order, 0U);
  EXPECT_EQ(got.installs[1].below, std::nullopt);
}

INSTANTIATE_TEST_SUITE_P(Abi, RunAndCapture, testing::Values(Bits::Wide, Bits::Narrow),
                         [](const auto& row) {
                           return row.param == Bits::Wide ? "Wide" : "Narrow";
                         });

TEST(RunAndCaptureOf, NarrowCallsOfAWideProcess) {
  SKIP_WITHOUT_TRACEE(Bits::Wide);
  SKIP_WITHOUT_TRACEE(Bits::Narrow);  // the kernel has the 32-bit calls
  const Captured got = run({test::tracee_path(Bits::Wide), "nis"});
  ASSERT_TRUE(got.result);
  ASSERT_EQ(got.installs.size(), 2U);
  EXPECT_EQ(got.installs[0].arch, i386);
  EXPECT_EQ(got.installs[0].instructions, nth_filter(0));
  EXPECT_EQ(got.installs[1].arch, native);
  EXPECT_EQ(got.installs[1].below, 0U);
}

TEST(RunAndCaptureOf, AFamilyOfShells) {
  SKIP_WITHOUT_TRACEE(Bits::Wide);
  const std::string tracee = test::tracee_path(Bits::Wide);
  const Captured got = run_shell("(" + tracee + " ns & " + tracee + " nss & wait); exit 5");
  ASSERT_TRUE(got.result);
  EXPECT_EQ(got.result->exit_code, 5);
  ASSERT_EQ(got.installs.size(), 3U);
  for (std::size_t i = 0; i < got.installs.size(); ++i) {
    EXPECT_EQ(got.installs[i].id, i);
    EXPECT_EQ(got.installs[i].order, got.installs[i].instructions[0].k - 100);
  }
}

TEST(RunAndCaptureOf, HowTheCommandEnds) {
  EXPECT_EQ(run_shell("exit 3").result, (RunResult{.exit_code = 3}));
  EXPECT_EQ(run_shell("kill -TERM $$").result, (RunResult{.term_signal = SIGTERM}));
  EXPECT_EQ(run_shell("trap 'exit 4' USR1; kill -USR1 $$; exit 5").result,
            (RunResult{.exit_code = 4}));
  // A stopped command stays stopped until somebody continues it.
  EXPECT_EQ(run_shell("(sleep 0.2; kill -CONT $$) & kill -STOP $$; wait; exit 6").result,
            (RunResult{.exit_code = 6}));
}

TEST(RunAndCaptureOf, NoCommand) {
  EXPECT_EQ(run({}).result, tl::unexpected(CaptureFailure{CaptureProblem::CannotRun, ENOENT}));
  EXPECT_EQ(run({"/nowhere/to/be/found"}).result,
            tl::unexpected(CaptureFailure{CaptureProblem::CannotRun, ENOENT}));
  EXPECT_EQ(run({"/"}).result, tl::unexpected(CaptureFailure{CaptureProblem::CannotRun, EACCES}));
}

// A child of ours that sends us a signal after a while.
pid_t signal_us_later(int signal) {
  const pid_t child = fork();
  if (child == 0) {
    usleep(300'000);
    kill(getppid(), signal);
    _exit(0);
  }
  return child;
}

TEST(RunAndCaptureOf, AnInterruptEndsTheCommand) {
  const auto begin = std::chrono::steady_clock::now();
  const pid_t sender = signal_us_later(SIGINT);
  const Captured got = run_shell("sleep 100 & exec sleep 100");
  int status = 0;
  // The child of the caller was not reaped by the capture.
  EXPECT_EQ(waitpid(sender, &status, 0), sender);
  EXPECT_EQ(got.result, (RunResult{.term_signal = SIGINT, .interrupted = SIGINT}));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10));
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);
}

TEST(RunAndCaptureOf, ACommandThatIgnoresInterruptsIsKilled) {
  const pid_t sender = signal_us_later(SIGTERM);
  const Captured got = run_shell("trap '' TERM; sleep 100 & while :; do sleep 1; done");
  EXPECT_EQ(waitpid(sender, nullptr, 0), sender);
  EXPECT_EQ(got.result, (RunResult{.term_signal = SIGKILL, .interrupted = SIGTERM}));
}

TEST(RunAndCaptureOf, NeedsNoPrivilege) {
  SKIP_WITHOUT_TRACEE(Bits::Wide);
  if (!test::is_root()) GTEST_SKIP() << "only root can become another user";
  const test::PublicCopy copy(test::tracee_path(Bits::Wide));
  EXPECT_EQ(test::in_child([&] {
              if (!test::become_nobody()) return 1;
              const Captured got = run({copy.path(), "nspfs"});
              if (!got.result || got.result->exit_code != 0) return 2;
              return got.installs.size() == 3 && got.installs[2].order == 2 ? 0 : 3;
            }),
            0);
}

bool may_read_filters() { return test::is_root(); }
#define SKIP_WITHOUT_ADMIN() \
  if (!may_read_filters()) GTEST_SKIP() << "reading filters needs CAP_SYS_ADMIN"

class FiltersOf : public testing::TestWithParam<Bits> {};

TEST_P(FiltersOf, OldestFirstAndTheProcessGoesOn) {
  SKIP_WITHOUT_TRACEE(GetParam());
  SKIP_WITHOUT_ADMIN();
  Tracee tracee(GetParam(), "npslw");
  ASSERT_TRUE(tracee.ready());
  for (int round = 0; round < 3; ++round) {
    const auto stack = filters_of(tracee.pid());
    ASSERT_TRUE(stack) << describe(stack.error().problem) << stack.error().error;
    EXPECT_EQ(*stack,
              (CapturedStack{tracee.pid(),
                             tracee.pid(),
                             Mode::Filter,
                             {{nth_filter(0), 0}, {nth_filter(1), 0}, {nth_filter(2), 2}}}));
  }
  EXPECT_EQ(tracee.finish(), 0);
}

TEST_P(FiltersOf, EachThreadHasItsOwn) {
  SKIP_WITHOUT_TRACEE(GetParam());
  SKIP_WITHOUT_ADMIN();
  Tracee tracee(GetParam(), "nsCsw/s");
  ASSERT_TRUE(tracee.ready());
  const auto stacks = filters_of_threads(tracee.pid());
  ASSERT_TRUE(stacks);
  ASSERT_EQ(stacks->size(), 2U);
  EXPECT_EQ(stacks->at(0).filters, (std::vector<CapturedFilter>{{nth_filter(0), 0}}));
  EXPECT_EQ(stacks->at(1).filters,
            (std::vector<CapturedFilter>{{nth_filter(0), 0}, {nth_filter(1), 0}}));
  EXPECT_EQ(stacks->at(1).pid, tracee.pid());
  EXPECT_NE(stacks->at(1).tid, tracee.pid());
  EXPECT_EQ(tracee.finish(), 0);
}

// The kernel resumes an interrupted sleep by a call that this one's filter kills for.
TEST_P(FiltersOf, ASleeperSurvives) {
  SKIP_WITHOUT_TRACEE(GetParam());
  SKIP_WITHOUT_ADMIN();
  Tracee tracee(GetParam(), "nrz");
  ASSERT_TRUE(tracee.ready());
  usleep(200'000);
  EXPECT_TRUE(filters_of(tracee.pid()));
  EXPECT_EQ(tracee.finish(), 0);
}

TEST_P(FiltersOf, StrictMode) {
  SKIP_WITHOUT_TRACEE(GetParam());
  Tracee tracee(GetParam(), "R");
  ASSERT_TRUE(tracee.ready());
  EXPECT_EQ(filters_of(tracee.pid()),
            (CapturedStack{tracee.pid(), tracee.pid(), Mode::Strict, {}}));
  EXPECT_EQ(tracee.finish(), 0);
}

TEST_P(FiltersOf, AStoppedProcessStaysStopped) {
  SKIP_WITHOUT_TRACEE(GetParam());
  SKIP_WITHOUT_ADMIN();
  Tracee tracee(GetParam(), "nsw");
  ASSERT_TRUE(tracee.ready());
  kill(tracee.pid(), SIGSTOP);
  int status = 0;
  ASSERT_EQ(waitpid(tracee.pid(), &status, WUNTRACED), tracee.pid());
  EXPECT_TRUE(filters_of(tracee.pid()));
  usleep(50'000);
  EXPECT_EQ(waitpid(tracee.pid(), &status, WCONTINUED | WNOHANG), 0);
  kill(tracee.pid(), SIGCONT);
  EXPECT_EQ(tracee.finish(), 0);
}

INSTANTIATE_TEST_SUITE_P(Abi, FiltersOf, testing::Values(Bits::Wide, Bits::Narrow),
                         [](const auto& row) {
                           return row.param == Bits::Wide ? "Wide" : "Narrow";
                         });

TEST(FiltersOfNone, AProcessWithout) {
  const auto stack = filters_of(getppid());
  ASSERT_TRUE(stack);
  EXPECT_TRUE(stack->mode == Mode::Filter || stack->filters.empty());
}

TEST(FiltersOfNone, NoProcess) {
  const CaptureFailure gone{CaptureProblem::NoSuchProcess, ENOENT};
  EXPECT_EQ(filters_of(0x7ffffffe), tl::unexpected(gone));
  EXPECT_EQ(filters_of(-1), tl::unexpected(gone));
  EXPECT_EQ(filters_of_threads(0x7ffffffe), tl::unexpected(gone));
}

// The problem that reading from a child under these conditions meets, as its exit code.
int problem_of(pid_t pid) {
  const auto stack = filters_of(pid);
  return stack ? 100 : static_cast<int>(stack.error().problem);
}
int code(CaptureProblem problem) { return static_cast<int>(problem); }

TEST(FiltersOfRefused, WithoutPrivilege) {
  SKIP_WITHOUT_TRACEE(Bits::Wide);
  if (!test::is_root()) GTEST_SKIP() << "only root can become another user";
  Tracee tracee(Bits::Wide, "nsw");
  ASSERT_TRUE(tracee.ready());
  // Somebody else's process, then one of our own.
  EXPECT_EQ(test::in_child([&] { return test::become_nobody() ? problem_of(tracee.pid()) : 101; }),
            code(CaptureProblem::NotPermitted));
  const test::PublicCopy copy(test::tracee_path(Bits::Wide));
  EXPECT_EQ(test::in_child([&] {
              if (!test::become_nobody()) return 101;
              const pid_t child = fork();
              if (child == 0) {
                const int input = open("/dev/zero", O_RDONLY);
                dup2(input, 0);
                dup2(open("/dev/null", O_WRONLY), 1);
                execl(copy.path().c_str(), "tracee", "nsw", nullptr);
                _exit(9);
              }
              usleep(300'000);
              const int problem = problem_of(child);
              const bool alive = kill(child, 0) == 0;
              kill(child, SIGKILL);
              waitpid(child, nullptr, 0);
              return alive ? problem : 102;
            }),
            code(CaptureProblem::NeedsPrivilege));
  EXPECT_EQ(tracee.finish(), 0);
}

int confine() {
  sock_filter allow[] = {{0x06, 0, 0, 0x7fff0000}};
  const sock_fprog program{1, allow};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return -1;
  return static_cast<int>(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program));
}

TEST(FiltersOfRefused, UnderSeccompOurselves) {
  SKIP_WITHOUT_TRACEE(Bits::Wide);
  SKIP_WITHOUT_ADMIN();
  Tracee tracee(Bits::Wide, "nsw");
  ASSERT_TRUE(tracee.ready());
  EXPECT_EQ(test::in_child([&] { return confine() == 0 ? problem_of(tracee.pid()) : 101; }),
            code(CaptureProblem::Confined));
  EXPECT_EQ(test::in_child([&] { return confine() == 0 ? problem_of(getpid()) : 101; }),
            code(CaptureProblem::OwnProcess));
  EXPECT_EQ(tracee.finish(), 0);
}

TEST(FiltersOfRefused, TracedAlready) {
  SKIP_WITHOUT_TRACEE(Bits::Wide);
  Tracee tracee(Bits::Wide, "nsw");
  ASSERT_TRUE(tracee.ready());
  ASSERT_EQ(ptrace(PTRACE_SEIZE, tracee.pid(), nullptr, nullptr), 0);
  EXPECT_EQ(test::in_child([&] { return problem_of(tracee.pid()); }),
            code(CaptureProblem::AlreadyTraced));
}

TEST(FiltersOfRefused, AZombie) {
  SKIP_WITHOUT_TRACEE(Bits::Wide);
  Tracee tracee(Bits::Wide, "nsw");
  ASSERT_TRUE(tracee.ready());
  kill(tracee.pid(), SIGKILL);
  siginfo_t info{};
  ASSERT_EQ(waitid(P_PID, static_cast<id_t>(tracee.pid()), &info, WEXITED | WNOWAIT), 0);
  const auto stack = filters_of(tracee.pid());
  EXPECT_TRUE(stack ? stack->filters.empty()  // its mode went with it
                    : stack.error().problem == CaptureProblem::NoSuchProcess);
}

}  // namespace
}  // namespace assay::kernel
