// How many answers a second the running kernel gives, beside what issue and release want of it.
//
//   oracle_bench [SECONDS]   each row for so long (default 1); exit 1 when a row is too slow
//
// One core: the process pins itself, and its children with it. A row is the median of as many
// rounds as fit, and it is judged by that: run it on a machine that does nothing else. The last
// column counts processor time of the bench and its children alone, for other machines.
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <sstream>
#include <string>

#include "assay/kernel/oracle.hpp"
#include "assay/sample/program.hpp"
#include "assay/sample/record.hpp"
#include "assay/verify/accept.hpp"

namespace {

using namespace assay;
using Clock = std::chrono::steady_clock;
using Filter = std::vector<bpf::Instruction>;
using Records = std::vector<seccomp::SeccompData>;

constexpr std::uint32_t native = 0xc000003e;
constexpr std::uint32_t narrow = 0x40000003;

// Nineteen instructions that compare the number, and one that returns: all of them run.
verify::Program twenty_instructions(std::uint32_t answer) {
  Filter filter{{0x20, 0, 0, 0}};
  for (std::uint32_t i = 0; i < 18; ++i) filter.push_back({0x15, 0, 0, 0x10000 + i});
  filter.push_back({0x06, 0, 0, answer});
  return *verify::accept(filter);
}

Records numbered(std::size_t count, std::uint32_t arch) {
  Records records;
  for (std::uint32_t i = 0; i < count; ++i) records.push_back({i % 300, arch, 0, {i, i + 1}});
  return records;
}

void pin() {
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(sched_getcpu(), &one);
  sched_setaffinity(0, sizeof one, &one);
}

[[noreturn]] void give_up(const char* what) {
  std::fprintf(stderr, "oracle_bench: %s\n", what);
  std::exit(4);
}

// Processor seconds of the children, and of theirs that have ended.
double children_seconds() {
  std::ifstream list("/proc/thread-self/children");
  long ticks = 0;
  for (int pid = 0; list >> pid;) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::string text((std::istreambuf_iterator<char>(file)), {});
    std::istringstream fields(text.substr(text.rfind(')') + 2));
    std::string skipped;
    for (int i = 0; i < 11; ++i) fields >> skipped;
    for (long each = 0, i = 0; i < 4 && fields >> each; ++i) ticks += each;
  }
  return static_cast<double>(ticks) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

double processor_seconds() {
  rusage own{};
  getrusage(RUSAGE_SELF, &own);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
  };
  return seconds(own.ru_utime) + seconds(own.ru_stime) + children_seconds();
}

class Table {
 public:
  explicit Table(double seconds) : seconds_(seconds) {
    std::printf("%-46s %12s %12s %16s\n", "answers a second, one core", "median", "wanted",
                "a processor s");
  }
  // `round` asks and says how many answers it got.
  void row(const char* name, double wanted, const std::function<std::size_t()>& round) {
    std::vector<double> rates;
    std::size_t total = 0;
    const double before = processor_seconds();
    const auto end = Clock::now() + std::chrono::duration<double>(seconds_);
    do {
      const auto start = Clock::now();
      const std::size_t answers = round();
      total += answers;
      const std::chrono::duration<double> took = Clock::now() - start;
      rates.push_back(static_cast<double>(answers) / took.count());
    } while (Clock::now() < end);
    std::nth_element(rates.begin(), rates.begin() + static_cast<long>(rates.size() / 2),
                     rates.end());
    const double median = rates[rates.size() / 2];
    std::printf("%-46s %12.0f %12.0f %16.0f%s\n", name, median, wanted,
                static_cast<double>(total) / (processor_seconds() - before),
                median < wanted ? "  too slow" : "");
    std::fflush(stdout);
    good_ = good_ && median >= wanted;
  }
  bool good() const { return good_; }

 private:
  double seconds_;
  bool good_ = true;
};

std::size_t verdicts(kernel::Oracle& oracle, const verify::Program& program,
                     const Records& records) {
  const auto seen = oracle.verdict(std::span(&program, 1), records, kernel::Detail::Class);
  if (!seen) give_up(kernel::describe(seen.error().kind).data());
  for (const kernel::Sight& sight : *seen)
    if (!sight) give_up(kernel::describe(sight.error()).data());
  return seen->size();
}

void verdict_rows(kernel::Oracle& oracle, Table& table) {
  struct Row {
    const char* name;
    double wanted;
    std::uint32_t answer;
    std::uint32_t arch;
    std::size_t batch;
  };
  for (const Row& row : {
           Row{"ERRNO, 20 instructions", 4e6, 0x00050001, native, 1 << 16},
           Row{"allowed or weaker than ERRNO, 20 instructions", 4e6, 0x7fff0000, native, 1 << 16},
           Row{"TRAP", 1e6, 0x00030001, native, 1 << 16},
           Row{"ERRNO, i386", 3e6, 0x00050001, narrow, 1 << 16},
           Row{"KILL_THREAD", 25e3, 0x00000000, native, 1 << 10},
           Row{"KILL_PROCESS", 30e3, 0x80000000, native, 1 << 10},
       }) {
    const auto program = twenty_instructions(row.answer);
    const auto records = numbered(row.batch, row.arch);
    table.row(row.name, row.wanted, [&] { return verdicts(oracle, program, records); });
  }
}

void acceptance_row(kernel::Oracle& oracle, Table& table) {
  std::vector<Filter> filters;
  for (std::uint64_t i = 0; i < 1 << 14; ++i) {
    sample::Random random(1, i);
    filters.push_back(sample::any_program(random));
  }
  const std::vector<kernel::Instructions> programs(filters.begin(), filters.end());
  table.row("acceptance", 100e3, [&] {
    if (!oracle.accept(programs)) give_up("no answer");
    return programs.size();
  });
}

void fresh_row(kernel::Oracle& oracle, Table& table) {
  struct Case {
    verify::Program program;
    Records records;
  };
  std::vector<Case> cases;
  for (std::uint64_t i = 0; i < 1 << 11; ++i) {
    sample::Random random(2, i);
    auto program = sample::accepted_program(random, 64);
    auto records = sample::records(random, program.instructions(), 20, {native, true});
    // As in campaigns: a page for each record would cost more than asking.
    for (auto& record : records)
      record.instruction_pointer = 0x7a0000000002 + 4096ULL * random.below(64);
    cases.push_back({std::move(program), std::move(records)});
  }
  table.row("fresh programs, 20 whole values each", 10e3, [&] {
    for (const Case& each : cases)
      if (!oracle.value(each.program, each.records)) give_up("no answer");
    return cases.size();
  });
}

}  // namespace

int main(int argc, char** argv) {
  pin();
  auto oracle = kernel::Oracle::open();
  if (!oracle) give_up(kernel::describe(oracle.error().lack).data());
  Table table(argc > 1 ? std::atof(argv[1]) : 1.0);
  verdict_rows(*oracle, table);
  acceptance_row(*oracle, table);
  fresh_row(*oracle, table);
  return table.good() ? 0 : 1;
}
