// The constant-action bitmap as the kernel shows it: /proc/PID/seccomp_cache, which only kernels
// with CONFIG_SECCOMP_CACHE_DEBUG have (proc_pid_seccomp_cache()). Elsewhere bitmap_timing_test
// asks the clock.
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <fstream>
#include <optional>
#include <sstream>

#include "assay/kernel/processes.hpp"
#include "assay/verify/accept.hpp"
#include "assay/verify/bitmap.hpp"
#include "kernel/raw_calls.hpp"
#include "kernel/tracees.hpp"

namespace assay::kernel {
namespace {

using test::allow;
using test::Filter;

constexpr std::uint32_t native = 0xc000003e;
constexpr std::uint32_t narrow = 0x40000003;

struct Bit {
  std::uint32_t arch = 0;
  std::uint32_t nr = 0;
  bool constant = false;  // ALLOW, not FILTER
  friend bool operator==(const Bit&, const Bit&) = default;
};

// "x86_64 0 ALLOW"; nothing when a line is something else.
std::optional<std::vector<Bit>> bits_in(std::istream& file) {
  std::vector<Bit> bits;
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string arch;
    std::string state;
    Bit bit;
    words >> arch >> bit.nr >> state;
    if (!words || (arch != "x86_64" && arch != "ia32") || (state != "ALLOW" && state != "FILTER"))
      return {};
    bit.arch = arch == "x86_64" ? native : narrow;
    bit.constant = state == "ALLOW";
    bits.push_back(bit);
  }
  return bits;
}

TEST(SeccompCache, LinesOfTheFile) {
  std::istringstream lines("x86_64 0 ALLOW\nx86_64 1 FILTER\nia32 0 FILTER\n");
  EXPECT_EQ(bits_in(lines),
            (std::vector<Bit>{{native, 0, true}, {native, 1, false}, {narrow, 0, false}}));
  for (const char* line : {"x86_64 0 MAYBE\n", "x86_64 ALLOW\n", "arm 0 ALLOW\n", "\n"}) {
    std::istringstream bad(line);
    EXPECT_EQ(bits_in(bad), std::nullopt) << line;
  }
}

// The bits of a child that stands under the stack, oldest first. The child says through memory
// that it does: the filters may refuse it every call.
std::optional<std::vector<Bit>> bits_under(const std::vector<Filter>& stack) {
  test::asked();
  void* const memory =
      mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  auto* const ready = new (memory) std::atomic<bool>(false);
  const pid_t pid = fork();
  if (pid == 0) {
    alarm(20);
    test::no_new_privs();
    for (const Filter& filter : stack)
      if (test::install(filter) != 0) _exit(1);
    *ready = true;
    for (;;) {
    }
  }
  for (int i = 0; i < 1000 && !*ready; ++i) usleep(5'000);
  std::ifstream file("/proc/" + std::to_string(pid) + "/seccomp_cache");
  auto bits = *ready ? bits_in(file) : std::nullopt;
  kill(pid, SIGKILL);
  waitpid(pid, nullptr, 0);
  munmap(memory, 4096);
  return bits;
}

// Native uretprobe and uprobe, which run no filter whatever the bitmap says.
bool exempt(const Bit& bit) { return bit.arch == native && (bit.nr == 335 || bit.nr == 336); }

const std::vector<std::vector<Filter>> stacks{
    {{{0x06, 0, 0, allow}}},
    {{{0x06, 0, 0, allow | 1}}},                // not exactly ALLOW
    {{{0x20, 0, 0, 16}, {0x06, 0, 0, allow}}},  // reads an argument
    {{{0x00, 0, 0, allow}, {0x16}}},
    {{{0x20, 0, 0, 4}, {0x15, 0, 1, native}, {0x06, 0, 0, allow}, {0x06, 0, 0, 0x7ffc0000}}},
    {{{0x20, 0, 0, 0},
      {0x54, 0, 0, 3},
      {0x15, 1, 0, 3},
      {0x06, 0, 0, allow},
      {0x06, 0, 0, 0x7ffc0000}}},
    {{{0x20, 0, 0, 0},
      {0x35, 0, 2, 100},
      {0x20, 0, 0, 24},
      {0x06, 0, 0, allow},
      {0x06, 0, 0, allow}}},
    {test::on(SYS_getppid, 0x7ffc0000), test::on(SYS_getuid, 0x7ffc0000)},
    {{{0x87}, {0x06, 0, 0, allow}}, {{0x06, 0, 0, allow}}},
};

TEST(SeccompCache, IsWhatTheEmulationSays) {
  if (access("/proc/self/seccomp_cache", F_OK) != 0)
    GTEST_SKIP() << "this kernel has no /proc/PID/seccomp_cache (CONFIG_SECCOMP_CACHE_DEBUG)";
  if (!test::is_root()) GTEST_SKIP() << "only root reads the bitmap";
  if (process_state(getpid())->mode != Mode::Disabled)
    GTEST_SKIP() << "filters stand above this process";
  for (std::size_t i = 0; i < stacks.size(); ++i) {
    std::vector<verify::Program> programs;
    for (const Filter& filter : stacks[i]) programs.push_back(*verify::accept(filter));
    const auto bits = bits_under(stacks[i]);
    ASSERT_TRUE(bits && !bits->empty()) << i;
    for (const Bit& bit : *bits) {
      if (exempt(bit)) continue;
      const bool constant = std::ranges::all_of(programs, [&](const verify::Program& program) {
        return verify::bitmap_answer(program, bit.nr, bit.arch).answer ==
               verify::BitmapAnswer::Constant;
      });
      EXPECT_EQ(bit.constant, constant) << i << " " << bit.arch << " " << bit.nr;
    }
    test::asked(bits->size());
  }
}

}  // namespace
}  // namespace assay::kernel
