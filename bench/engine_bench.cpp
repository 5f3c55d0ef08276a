// The engines beside libpcap's bpf_filter(), the one that every Debian machine has: the same
// filters, the same records, one run. Before anything is timed all must agree on every record.
//
// Prints a table of ns per verdict; with --benchmark_format=json or _filter it is an ordinary
// benchmark program.
#include <benchmark/benchmark.h>
#include <pcap/bpf.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "assay/bpf/codec.hpp"
#include "assay/compiled/compiled_filter.hpp"
#include "assay/engine/interpreter.hpp"
#include "assay/verify/accept.hpp"
#include "bench/filters.hpp"
#include "bench/native.hpp"
#include "bench/records.hpp"

namespace {

using namespace assay;
using bench::FilterKind;
using Clock = std::chrono::steady_clock;

constexpr bool little_endian = std::endian::native == std::endian::little;

struct Records {
  explicit Records(std::vector<seccomp::Words> records)
      : host(std::move(records)), network(little_endian ? bench::byte_swapped(host) : host) {
    for (const seccomp::Words& words : host) {
      data.push_back(seccomp::from_words(words, std::endian::little));
      nr.push_back(data.back().nr);
      arch.push_back(data.back().arch);
      for (std::size_t i = 0; i < args.size(); ++i) args[i].push_back(data.back().args[i]);
    }
  }

  compiled::Columns columns() const {
    compiled::Columns result{nr, arch, {}, {}};
    for (std::size_t i = 0; i < args.size(); ++i) result.args[i] = args[i];
    return result;
  }

  std::vector<seccomp::Words> host;
  std::vector<seccomp::Words> network;
  std::vector<seccomp::SeccompData> data;
  std::vector<std::uint32_t> nr, arch;
  std::array<std::vector<std::uint64_t>, 6> args;
};

struct Subject {
  Subject(FilterKind which, const Records& asked)
      : kind(which),
        source(bench::build(which)),
        program(*verify::accept(source)),
        interpreter(program),
        compiled(program),
        records(asked) {
    for (const bpf::Instruction& insn : source)
      for_libpcap.push_back({insn.code, insn.jt, insn.jf, insn.k});
  }

  std::uint32_t ask_libpcap(const seccomp::Words& network) const {
    return bpf_filter(for_libpcap.data(), reinterpret_cast<const u_char*>(network.data()),
                      seccomp::data_bytes, seccomp::data_bytes);
  }

  FilterKind kind;
  std::vector<bpf::Instruction> source;
  verify::Program program;
  engine::Interpreter interpreter;
  compiled::CompiledFilter compiled;
  std::vector<bpf_insn> for_libpcap;
  const Records& records;
  double executed = 0;  // instructions per verdict
};

[[noreturn]] void differ(const Subject& subject, std::size_t record, const char* engine,
                         std::uint32_t said, std::uint32_t truth) {
  std::fprintf(stderr, "%s, record %zu: %s 0x%08" PRIx32 ", libpcap 0x%08" PRIx32 "\n",
               name(subject.kind).data(), record, engine, said, truth);
  std::exit(1);
}

// Sets `executed`; ends the program at the first record on which the engines differ.
void compare_answers(Subject& subject) {
  const Records& records = subject.records;
  std::vector<std::uint32_t> by_record(records.host.size());
  std::vector<std::uint32_t> by_column(records.host.size());
  subject.compiled.run(records.data, by_record);
  subject.compiled.run(records.columns(), by_column);
  std::uint64_t executed = 0;
  for (std::size_t i = 0; i < records.host.size(); ++i) {
    const engine::Outcome outcome = subject.interpreter.count(records.host[i]);
    executed += outcome.instructions;
    const std::uint32_t truth = subject.ask_libpcap(records.network[i]);
    const std::pair<const char*, std::uint32_t> said[] = {
        {"counted", outcome.value},
        {"interpreter", subject.interpreter.run(records.host[i])},
        {"compiled", subject.compiled.run(records.host[i])},
        {"compiled batch", by_record[i]},
        {"compiled columns", by_column[i]}};
    for (const auto& [engine, value] : said)
      if (value != truth) differ(subject, i, engine, value, truth);
    if (subject.kind == FilterKind::Arguments) {
      const std::uint32_t native = bench::arguments_as_native_code(records.host[i]);
      if (native != truth) differ(subject, i, "native", native, truth);
    }
  }
  subject.executed = static_cast<double>(executed) / static_cast<double>(records.host.size());
}

void count(benchmark::State& state, const Subject& subject, std::size_t verdicts) {
  state.counters["per_verdict"] = benchmark::Counter(
      static_cast<double>(verdicts),
      benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
  state.counters["insns"] = static_cast<double>(subject.source.size());
  state.counters["executed"] = subject.executed;
}

// In a register: DoNotOptimize is content with a place in memory, where nothing is loaded.
void keep(std::uint32_t value) { asm volatile("" : : "r"(value) : "memory"); }

template <class Ask>
void time_each(benchmark::State& state, const Subject& subject,
               const std::vector<seccomp::Words>& records, Ask ask) {
  for ([[maybe_unused]] auto _ : state)
    for (const seccomp::Words& words : records) keep(ask(words));
  count(state, subject, records.size());
}

template <class Run>
void time_batch(benchmark::State& state, const Subject& subject, Run run) {
  std::vector<std::uint32_t> values(subject.records.host.size());
  for ([[maybe_unused]] auto _ : state) {
    run(values);
    benchmark::ClobberMemory();
  }
  count(state, subject, values.size());
}

std::string row(const Subject& subject, const char* engine) {
  return "verdict/" + std::string(name(subject.kind)) + "/" + engine;
}

// Side by side, so that a repetition of one stands next to the same repetition of the others.
void register_verdicts(const Subject& subject) {
  const Records& records = subject.records;
  const auto each = [&](const char* engine, const std::vector<seccomp::Words>& from, auto ask) {
    benchmark::RegisterBenchmark(row(subject, engine).c_str(), [&subject, &from, ask](auto& state) {
      time_each(state, subject, from, ask);
    });
  };
  const auto batch = [&](const char* engine, auto run) {
    benchmark::RegisterBenchmark(row(subject, engine).c_str(),
                                 [&subject, run](auto& state) { time_batch(state, subject, run); });
  };
  each("libpcap", records.network,
       [&](const seccomp::Words& words) { return subject.ask_libpcap(words); });
  each("interpreter", records.host,
       [&](const seccomp::Words& words) { return subject.interpreter.run(words); });
  each("compiled", records.host,
       [&](const seccomp::Words& words) { return subject.compiled.run(words); });
  batch("batch", [&](std::span<std::uint32_t> values) {
    subject.compiled.run(std::span<const seccomp::SeccompData>(subject.records.data), values);
  });
  batch("columns", [&](std::span<std::uint32_t> values) {
    subject.compiled.run(subject.records.columns(), values);
  });
  if (subject.kind == FilterKind::Arguments)
    each("native", records.host, bench::arguments_as_native_code);
  each("floor", records.host, [](const seccomp::Words& words) { return words[0]; });
}

// The way of a filter before its first verdict.
void register_preparation(const Subject& subject) {
  const std::string filter(name(subject.kind));
  benchmark::RegisterBenchmark(("decode/" + filter).c_str(), [&](auto& state) {
    const std::string bytes = encode(subject.source, bpf::Format::Raw);
    for ([[maybe_unused]] auto _ : state)
      benchmark::DoNotOptimize(bpf::decode(bpf::bytes_of(bytes), bpf::Format::Raw));
  });
  benchmark::RegisterBenchmark(("accept/" + filter).c_str(), [&](auto& state) {
    for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(verify::accept(subject.source));
  });
  benchmark::RegisterBenchmark(("prepare/" + filter).c_str(), [&](auto& state) {
    for ([[maybe_unused]] auto _ : state)
      benchmark::DoNotOptimize(engine::Interpreter(subject.program));
  });
  benchmark::RegisterBenchmark(("compile/" + filter).c_str(), [&](auto& state) {
    for ([[maybe_unused]] auto _ : state)
      benchmark::DoNotOptimize(compiled::CompiledFilter(subject.program));
    state.counters["bytes"] = static_cast<double>(subject.compiled.bytes());
    state.counters["steps"] = static_cast<double>(subject.compiled.steps());
  });
}

// --- threads beside processes ---

constexpr std::size_t crowd_copies = 40;  // of the records: what starting a thread costs is little

struct Crowd {
  explicit Crowd(const Subject& of) : subject(of) {
    for (std::size_t i = 0; i < crowd_copies; ++i)
      records.insert(records.end(), of.records.data.begin(), of.records.data.end());
    values.resize(records.size());
  }
  const Subject& subject;
  std::vector<seccomp::SeccompData> records;
  mutable std::vector<std::uint32_t> values;
};

// What processes tell each other: memory that they share.
class Meeting {
 public:
  Meeting() {
    void* const memory =
        mmap(nullptr, sizeof(State), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) std::abort();
    state_ = new (memory) State;
  }
  ~Meeting() { munmap(state_, sizeof(State)); }
  Meeting(const Meeting&) = delete;
  Meeting& operator=(const Meeting&) = delete;

  void arrive_and_wait_for_start() const {
    ++state_->ready;
    while (!state_->go) std::this_thread::yield();
  }
  void leave(std::size_t member) const { state_->end[member] = Clock::now(); }
  Clock::time_point last_end() const { return std::max(state_->end[0], state_->end[1]); }
  void wait_for(int members) const {
    while (state_->ready != members) std::this_thread::yield();
  }
  void start() const { state_->go = true; }

 private:
  struct State {
    std::atomic<int> ready{0};
    std::atomic<bool> go{false};
    std::array<Clock::time_point, 2> end{};
  };
  State* state_;
};

// Two processes that know nothing of each other, each with half of the records.
double seconds_of_two_processes(const Crowd& crowd) {
  const Meeting meeting;
  std::array<pid_t, 2> children{};
  const std::size_t half = crowd.records.size() / 2;
  for (std::size_t i = 0; i < children.size(); ++i) {
    children[i] = fork();
    if (children[i] != 0) continue;
    const auto values = std::span(crowd.values).subspan(i * half, half);
    std::fill(values.begin(), values.end(), 0);  // its own copy of the pages
    const compiled::CompiledFilter own(crowd.subject.program);
    meeting.arrive_and_wait_for_start();
    own.run(std::span(crowd.records).subspan(i * half, half), values);
    meeting.leave(i);
    _exit(0);
  }
  meeting.wait_for(2);
  const auto start = Clock::now();
  meeting.start();
  for (const pid_t child : children) waitpid(child, nullptr, 0);
  return std::chrono::duration<double>(meeting.last_end() - start).count();
}

double seconds_of_threads(const Crowd& crowd, unsigned threads) {
  const auto start = Clock::now();
  crowd.subject.compiled.run(crowd.records, crowd.values, threads);
  return std::chrono::duration<double>(Clock::now() - start).count();
}

void register_crowd(const Crowd& crowd) {
  const auto add = [&](const char* engine, auto seconds) {
    const std::string title = "crowd/" + std::string(name(crowd.subject.kind)) + "/" + engine;
    benchmark::RegisterBenchmark(title.c_str(), [&crowd, seconds](auto& state) {
      for ([[maybe_unused]] auto _ : state) state.SetIterationTime(seconds(crowd));
      count(state, crowd.subject, crowd.records.size());
    })->UseManualTime();
  };
  add("one thread", [](const Crowd& all) { return seconds_of_threads(all, 1); });
  add("two threads", [](const Crowd& all) { return seconds_of_threads(all, 2); });
  add("two processes", seconds_of_two_processes);
}

// --- the table ---

class Table final : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context&) override { return true; }
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      const std::string name = run.benchmark_name();
      const std::size_t first = name.find('/');
      const std::size_t last = name.rfind('/');
      const auto at = run.counters.find("per_verdict");
      if (name.substr(0, first) != "verdict" || at == run.counters.end()) continue;
      const std::string filter = name.substr(first + 1, last - first - 1);
      const std::string engine = name.substr(last + 1);
      if (!cells_.count(engine)) engines_.push_back(engine);
      if (std::find(filters_.begin(), filters_.end(), filter) == filters_.end())
        filters_.push_back(filter);
      cells_[engine][filter] = 1e9 * at->second.value;
      executed_[filter] = run.counters.at("executed").value;
    }
  }
  void Finalize() override {
    std::printf("%-14s", "ns per verdict");
    for (const std::string& filter : filters_) std::printf("%12s", filter.c_str());
    for (const std::string& engine : engines_) {
      std::printf("\n%-14s", engine.c_str());
      for (const std::string& filter : filters_)
        cells_[engine].count(filter) == 0 ? std::printf("%12s", "-")
                                          : std::printf("%12.2f", cells_[engine][filter]);
    }
    std::printf("\n%-14s", "executed");
    for (const std::string& filter : filters_) std::printf("%12.1f", executed_[filter]);
    std::printf("\n");
  }

 private:
  std::vector<std::string> engines_;
  std::vector<std::string> filters_;
  std::map<std::string, std::map<std::string, double>> cells_;
  std::map<std::string, double> executed_;
};

}  // namespace

int main(int argc, char** argv) {
  const bool plain = argc == 1;
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;

  const Records mixed(bench::mixed_records());
  const Records arguments(bench::argument_records());
  std::vector<std::unique_ptr<Subject>> subjects;
  for (const FilterKind kind :
       {FilterKind::Linear, FilterKind::Tree, FilterKind::Small, FilterKind::Arguments}) {
    const Records& records = kind == FilterKind::Arguments ? arguments : mixed;
    Subject& subject = *subjects.emplace_back(std::make_unique<Subject>(kind, records));
    compare_answers(subject);
    register_verdicts(subject);
  }
  std::vector<std::unique_ptr<Crowd>> crowds;
  for (const auto& subject : subjects) {
    register_preparation(*subject);
    if (subject->kind == FilterKind::Tree || subject->kind == FilterKind::Small) continue;
    register_crowd(*crowds.emplace_back(std::make_unique<Crowd>(*subject)));
  }
  Table table;
  if (plain) {
    benchmark::RunSpecifiedBenchmarks(&table, "^verdict/");
  } else {
    benchmark::RunSpecifiedBenchmarks();
  }
  benchmark::Shutdown();
}
