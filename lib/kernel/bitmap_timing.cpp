#include "assay/kernel/bitmap_timing.hpp"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <csignal>
#include <ctime>
#include <optional>
#include <string>
#include <vector>

#include "kernel/turn.hpp"

namespace assay::kernel {
namespace {

using Filter = std::vector<bpf::Instruction>;

constexpr auto harmless = std::to_array<std::uint32_t>(
    {SYS_getppid, SYS_getuid, SYS_getgid, SYS_geteuid, SYS_getegid, SYS_sched_yield});

constexpr std::size_t rounds = 12;
constexpr std::size_t samples_a_round = 24;
constexpr std::size_t calls_a_sample = 100;
constexpr double least_apart = 5;
constexpr double least_share = 0.04;  // of a call's time, which some hypervisors make long
constexpr double most_alike = 2;
constexpr double significant = 0.001;
constexpr unsigned seconds_of_life = 20;
constexpr std::chrono::seconds turn_limit{20};

// What a child writes and its parent reads.
struct Board {
  int error;
  std::array<double, samples_a_round> samples;
};

double now_ns() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);  // no system call
  return 1e9 * static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec);
}

// A child that stands under the filter alone. It can make no call but those that the filter
// allows, so that it ends by a signal.
[[noreturn]] void measure(const Filter& filter, std::uint32_t nr, Board& board) {
  alarm(seconds_of_life);
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  prctl(PR_SET_DUMPABLE, 0);
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  const sock_fprog program{
      static_cast<unsigned short>(filter.size()),
      reinterpret_cast<sock_filter*>(const_cast<bpf::Instruction*>(filter.data()))};
  now_ns();
  if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0) {
    board.error = errno;
    _exit(1);
  }
  for (double& sample : board.samples) {
    const double start = now_ns();
    for (std::size_t i = 0; i < calls_a_sample; ++i) syscall(static_cast<long>(nr));
    sample = (now_ns() - start) / calls_a_sample;
  }
  board.error = 0;
  __builtin_trap();
}

class Measurement {
 public:
  Measurement() {
    void* memory =
        mmap(nullptr, sizeof(Board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    board_ = memory == MAP_FAILED ? nullptr : static_cast<Board*>(memory);
  }
  Measurement(const Measurement&) = delete;
  Measurement& operator=(const Measurement&) = delete;
  ~Measurement() {
    if (board_ != nullptr) munmap(board_, sizeof(Board));
  }

  tl::expected<void, Failure> round(const Filter& filter, std::uint32_t nr,
                                    std::vector<double>& samples) {
    if (board_ == nullptr) return tl::unexpected(Failure{FailureKind::NoWorker, ENOMEM});
    board_->error = -1;
    const pid_t pid = fork();
    if (pid == 0) measure(filter, nr, *board_);
    if (pid < 0) return tl::unexpected(Failure{FailureKind::NoWorker, errno});
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    if (board_->error > 0) return tl::unexpected(Failure{FailureKind::Refused, board_->error});
    if (board_->error < 0) return tl::unexpected(Failure{FailureKind::WorkerDied, 0});
    samples.insert(samples.end(), board_->samples.begin(), board_->samples.end());
    return {};
  }

 private:
  Board* board_;
};

// The value that one in `parts` is below.
double quantile(std::vector<double> values, std::size_t parts) {
  const auto place = values.begin() + static_cast<std::ptrdiff_t>(values.size() / parts);
  std::nth_element(values.begin(), place, values.end());
  return *place;
}

double median(const std::vector<double>& values) { return quantile(values, 2); }

}  // namespace

std::span<const std::uint32_t> harmless_calls() { return harmless; }

double mann_whitney(std::span<const double> a, std::span<const double> b) {
  struct Ranked {
    double value;
    bool first;
  };
  std::vector<Ranked> all;
  for (const double value : a) all.push_back({value, true});
  for (const double value : b) all.push_back({value, false});
  std::sort(all.begin(), all.end(),
            [](const Ranked& x, const Ranked& y) { return x.value < y.value; });
  double rank_sum = 0;
  double ties = 0;
  for (std::size_t i = 0; i < all.size();) {
    std::size_t end = i;
    while (end < all.size() && all[end].value == all[i].value) ++end;
    const double rank = static_cast<double>(i + 1 + end) / 2;
    const auto count = static_cast<double>(end - i);
    ties += count * count * count - count;
    for (; i < end; ++i) rank_sum += all[i].first ? rank : 0;
  }
  const auto n = static_cast<double>(a.size());
  const auto m = static_cast<double>(b.size());
  const double u = rank_sum - n * (n + 1) / 2;
  const double variance = n * m / 12 * (n + m + 1 - ties / ((n + m) * (n + m - 1)));
  if (variance <= 0) return 1;
  return std::erfc(std::abs(u - n * m / 2) / std::sqrt(2 * variance));
}

tl::expected<BitmapTiming, Failure> bitmap_timing(const verify::Program& program,
                                                  std::uint32_t nr) {
  if (std::find(harmless.begin(), harmless.end(), nr) == harmless.end() ||
      program.size() == bpf::max_instructions)
    return tl::unexpected(Failure{FailureKind::TooLong, 0});
  const Filter filter(program.instructions().begin(), program.instructions().end());
  Filter twin{{0x00, 0, 0, 0}};  // LD IMM 0: A is 0 anyway
  twin.insert(twin.end(), filter.begin(), filter.end());
  const auto turn = Turn::take(turn_limit);
  if (!turn) return tl::unexpected(Failure{FailureKind::Occupied, 0});
  Measurement measurement;
  std::vector<double> ours;
  std::vector<double> theirs;
  for (std::size_t i = 0; i < rounds; ++i) {
    if (auto done = measurement.round(filter, nr, ours); !done) return tl::unexpected(done.error());
    if (auto done = measurement.round(twin, nr, theirs); !done) return tl::unexpected(done.error());
  }
  BitmapTiming timing;
  timing.filter_ns = median(ours);
  timing.double_ns = median(theirs);
  timing.p = mann_whitney(ours, theirs);
  // What else runs only adds time, for whole rounds at times: the quick ones must differ as well.
  const double quick_apart = quantile(theirs, 10) - quantile(ours, 10);
  const double apart = std::min(timing.double_ns - timing.filter_ns, quick_apart);
  const double least = std::max(least_apart, timing.filter_ns * least_share);
  timing.sighting = apart >= least && timing.p < significant ? BitmapSighting::Constant
                    : std::abs(quick_apart) < most_alike     ? BitmapSighting::NotConstant
                                                             : BitmapSighting::Undecided;
  return timing;
}

}  // namespace assay::kernel
