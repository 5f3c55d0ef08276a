// What it costs to know a filter exactly: one line of JSON for each row, for
// bench/check-proofs. Times are of CPU, the median of several runs; a run is all of it, from
// the order of variables to the finished function.
//
//   symbolic_bench filters CORPUS   captured filters, libseccomp's, and puzzles
//   symbolic_bench buddy CORPUS     three of them beside BuDDy
//   symbolic_bench hard boxes|product  one that need not be decided, within the default budget
#include <sys/resource.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <map>
#include <string>

#include "assay/symbolic/verdict_function.hpp"
#include "assay/verify/accept.hpp"
#include "bench/buddy_execution.hpp"
#include "bench/installed_profile.hpp"
#include "bench/puzzles.hpp"
#include "corpus.hpp"

namespace {

using namespace assay;
using symbolic::Precision;
using symbolic::VerdictFunction;

constexpr int runs = 21;

double cpu_milliseconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return 1e3 * static_cast<double>(now.tv_sec) + 1e-6 * static_cast<double>(now.tv_nsec);
}

long peak_kib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

struct Decision {
  bool decided = true;
  double milliseconds = 0;
  std::size_t nodes = 0;
};

template <class Programs>
Decision decide_all(const Programs& programs) {
  Decision result;
  const double start = cpu_milliseconds();
  for (const verify::Program& program : programs) {
    symbolic::Manager manager(symbolic::Order::for_programs(std::span(&program, 1)));
    result.decided = VerdictFunction::of(manager, program).has_value() && result.decided;
    result.nodes = std::max(result.nodes, manager.counters().nodes);
  }
  result.milliseconds = cpu_milliseconds() - start;
  return result;
}

Decision median_of(int count, const std::vector<verify::Program>& programs) {
  std::vector<Decision> all;
  for (int i = 0; i < count; ++i) all.push_back(decide_all(programs));
  const auto middle = all.begin() + count / 2;
  std::nth_element(all.begin(), middle, all.end(), [](const Decision& a, const Decision& b) {
    return a.milliseconds < b.milliseconds;
  });
  return *middle;
}

void print(const std::string& row, std::size_t instructions, const Decision& decision) {
  std::printf(
      "{\"row\": \"%s\", \"insns\": %zu, \"decided\": %s, \"ms\": %.4f, \"nodes\": %zu, "
      "\"peak_kib\": %ld}\n",
      row.c_str(), instructions, decision.decided ? "true" : "false", decision.milliseconds,
      decision.nodes, peak_kib());
  std::fflush(stdout);
}

void measure(const std::string& row, const verify::Program& program, int count = runs) {
  print(row, program.size(), median_of(count, {program}));
}

constexpr auto wide_arches = std::to_array<seccomp::Arch>(
    {seccomp::Arch::x86_64, seccomp::Arch::x86, seccomp::Arch::x32, seccomp::Arch::arm,
     seccomp::Arch::aarch64, seccomp::Arch::ppc64le, seccomp::Arch::mipsel64,
     seccomp::Arch::riscv64});

// Containers' rules for some of those.
std::string wide_row(std::size_t arches) {
  return "containers-common, " + std::to_string(arches) + " arches";
}

verify::Program wide_filter(std::size_t arches) {
  const auto program = bench::containers_common(std::span(wide_arches).first(arches));
  if (program) return *program;
  std::fputs("symbolic_bench: golang-github-containers-common is neither installed nor unpacked\n",
             stderr);
  std::exit(4);
}

const verify::Program& named(const std::vector<test::CorpusFilter>& filters,
                             std::string_view file) {
  for (const auto& filter : filters)
    if (filter.file == file) return filter.program;
  std::fprintf(stderr, "symbolic_bench: no %.*s\n", static_cast<int>(file.size()), file.data());
  std::exit(4);
}

bool compares_words(const verify::Program& program) {
  for (std::size_t pc = 0; pc < program.size(); ++pc)
    if (program.opcode(pc).operand == bpf::Operand::X) return true;
  return false;
}

void run_filters(const std::vector<test::CorpusFilter>& filters) {
  std::vector<verify::Program> all;
  std::size_t instructions = 0;
  for (const auto& filter : filters) {
    all.push_back(filter.program);
    instructions += filter.program.size();
  }
  print("corpus of " + std::to_string(all.size()), instructions, median_of(5, all));
  for (const std::string file : {"buildah-chroot", "bwrap", "chromium-utility-NetworkService"})
    measure(file, named(filters, file + ".bpf"));
  for (const auto& filter : filters)
    if (filter.file.starts_with("kafel-") && compares_words(filter.program))
      measure(filter.file.substr(0, filter.file.size() - 4), filter.program);
  for (const std::size_t arches : {std::size_t{5}, wide_arches.size()})
    measure(wide_row(arches), wide_filter(arches));
  for (const bench::Puzzle& puzzle : {bench::idle_diamonds(), bench::gathering_diamonds(),
                                      bench::building_diamonds(), bench::conditional_calls()})
    measure(puzzle.name, puzzle.program);
}

int run_hard(std::string_view which) {
  if (which != "boxes" && which != "product") return 2;
  const bench::Puzzle puzzle = which == "boxes" ? bench::boxes() : bench::product();
  measure(puzzle.name, puzzle.program, 1);
  return 0;
}

// log2 of the number of inputs for each value, from our function.
bool same_counts(const verify::Program& program, const bench::BuddyAnswer& theirs) {
  symbolic::Manager manager(symbolic::Order::for_programs(std::span(&program, 1)));
  const auto function = VerdictFunction::of(manager, program, {}, Precision::Exact);
  if (!function || function->verdicts().size() != theirs.inputs.size()) return false;
  for (const auto& [value, log2] : theirs.inputs)
    if (std::abs(function->where(seccomp::Verdict{value}).count().log2() - log2) > 1e-6)
      return false;
  return true;
}

void run_buddy(const std::vector<test::CorpusFilter>& filters) {
  constexpr int nodes = 1 << 22;
  const std::map<std::string, verify::Program> rows{
      {"buildah-chroot", named(filters, "buildah-chroot.bpf")},
      {"bwrap", named(filters, "bwrap.bpf")},
      {wide_row(wide_arches.size()), wide_filter(wide_arches.size())}};
  for (const auto& [row, program] : rows) {
    const auto order = symbolic::Order::for_programs(std::span(&program, 1));
    for (const int cache : {10'000, 100'000, 1'000'000}) {
      const auto answer = bench::execute_with_buddy(program, order, nodes, cache);
      std::printf("{\"row\": \"%s\", \"cache\": %d, \"ms\": %.3f, \"same\": %s}\n", row.c_str(),
                  cache, answer.milliseconds, same_counts(program, answer) ? "true" : "false");
      std::fflush(stdout);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::string what = argc > 1 ? argv[1] : "";
  if (what == "hard" && argc == 3) return run_hard(argv[2]);
  if ((what != "filters" && what != "buddy") || argc != 3) {
    std::fputs("usage: symbolic_bench filters|buddy CORPUS, symbolic_bench hard boxes|product\n",
               stderr);
    return 2;
  }
  const auto filters = test::corpus_filters(argv[2]);
  if (filters.empty()) {
    std::fprintf(stderr, "symbolic_bench: no filters in %s\n", argv[2]);
    return 4;
  }
  what == "filters" ? run_filters(filters) : run_buddy(filters);
}
