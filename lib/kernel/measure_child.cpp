// Compiled without sanitizers and stack protection (lib/kernel/CMakeLists.txt): once filters are
// there nothing may be called that makes a system call of its own.
#include "kernel/measure_child.hpp"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <cerrno>
#include <csignal>

#include "kernel/calls.hpp"

namespace assay::kernel {
namespace {

using calls::gate;
using calls::ticks;
using calls::word;

std::uint64_t quickest_chunk(const Round& round, std::uint32_t nr) {
  const auto arg = [&](int i) { return static_cast<long>(round.args[i]); };
  std::uint64_t best = ~std::uint64_t{0};
  for (unsigned chunk = 0; chunk < measure_chunks; ++chunk) {
    const std::uint64_t start = ticks();
    for (std::uint32_t i = 0; i < round.calls; ++i)
      gate(static_cast<long>(nr), arg(0), arg(1), arg(2), arg(3), arg(4), arg(5));
    const std::uint64_t took = ticks() - start;
    if (took < best) best = took;
  }
  return best;
}

[[noreturn]] void fail(Round& round, long result) {
  round.error = static_cast<int>(-result);
  calls::leave();
}

void prepare(Round& round, int cpu) {
  gate(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL);
  const rlimit none{0, 0};
  gate(SYS_setrlimit, RLIMIT_CORE, word(&none));
  unsigned long mask[16] = {};
  mask[cpu / 64] = 1UL << (cpu % 64);
  gate(SYS_sched_setaffinity, 0, sizeof mask, word(mask));
  const long done = gate(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1);
  if (done != 0) fail(round, done);
}

}  // namespace

void run_round(Round& round, const Filters& filters, int cpu) {
  prepare(round, cpu);
  round.plain_ticks = quickest_chunk(round, round.plain_nr);
  for (const auto& filter : filters) {
    sock_fprog program{};
    program.len = static_cast<unsigned short>(filter.size());
    program.filter = reinterpret_cast<sock_filter*>(const_cast<bpf::Instruction*>(filter.data()));
    const long done = gate(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, word(&program));
    if (done != 0) fail(round, done);
  }
  round.filtered_ticks = quickest_chunk(round, round.nr);
  round.done = 1;
  calls::leave();
}

}  // namespace assay::kernel
