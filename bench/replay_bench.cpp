// Replay end to end beside its parts: reading a recording, and evaluating records that are in
// memory already. bench/check-replay judges.
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <string>

#include "assay/compiled/compiled_filter.hpp"
#include "assay/load/trace_stream.hpp"
#include "assay/trace/replay.hpp"
#include "assay/verify/accept.hpp"
#include "bench/filters.hpp"

namespace assay::bench {
namespace {

using seccomp::SeccompData;

constexpr std::size_t record_count = 1'000'000;
constexpr std::size_t line_count = 200'000;
constexpr std::uint32_t numbers[] = {0, 1, 3, 9, 10, 41, 56, 202, 257, 262};

// Gone at the end of the program.
class File {
 public:
  explicit File(std::string_view bytes) {
    const int descriptor = ::mkstemp(path_.data());
    if (descriptor >= 0) ::close(descriptor);
    std::ofstream(path_, std::ios::binary) << bytes;
  }
  ~File() { ::unlink(path_.c_str()); }
  const std::string& path() const { return path_; }

 private:
  std::string path_ = "/tmp/assay-bench-XXXXXX";
};

const std::vector<SeccompData>& records() {
  static const auto all = [] {
    std::vector<SeccompData> result(record_count);
    std::uint32_t state = 1;
    for (SeccompData& record : result) {
      state = state * 1664525 + 1013904223;
      record = {numbers[state >> 24 & 7], 0xc000003e, 0x7f0000001000, {state >> 20, 2, 3, 4, 5, 6}};
    }
    return result;
  }();
  return all;
}

const File& raw_file() {
  static const File file(
      {reinterpret_cast<const char*>(records().data()), records().size() * sizeof(SeccompData)});
  return file;
}

// A program's start, again and again, in strace's usual form with -f.
const File& strace_file() {
  static const File file([] {
    constexpr std::string_view lines[] = {
        "27786 openat(AT_FDCWD, \"/etc/ld.so.cache\", O_RDONLY|O_CLOEXEC) = 3\n",
        "27786 newfstatat(3, \"\", {st_mode=S_IFREG|0644, st_size=47071, ...}, AT_EMPTY_PATH) = "
        "0\n",
        "27786 mmap(NULL, 47071, PROT_READ, MAP_PRIVATE, 3, 0) = 0x7f91f7f9a000\n",
        "27786 close(3)                          = 0\n",
        "27786 read(3, \"\\177ELF\\2\\1\\1\\3\\0\\0\\0\\0\\0\\0\\0\\0\\3\\0>\\0\\1\"..., 832) = "
        "832\n",
        "27786 mprotect(0x7f91f7f87000, 16384, PROT_READ) = 0\n",
        "27786 wait4(-1,  <unfinished ...>\n",
        "27786 <... wait4 resumed>[{WIFEXITED(s) && WEXITSTATUS(s) == 3}], 0, NULL) = 27799\n",
        "27786 socket(AF_UNIX, SOCK_STREAM|SOCK_CLOEXEC, 0) = 4\n",
        "27786 clone(child_stack=NULL, flags=CLONE_CHILD_SETTID|SIGCHLD, child_tidptr=0x7f70) = "
        "9\n",
    };
    std::string text;
    for (std::size_t i = 0; i < line_count; ++i) text += lines[i % std::size(lines)];
    return text;
  }());
  return file;
}

const verify::Program& filter() {
  static const verify::Program program = *verify::accept(build(FilterKind::Linear));
  return program;
}

void rate(benchmark::State& state, std::size_t items) {
  const auto all = static_cast<double>(state.iterations()) * static_cast<double>(items);
  state.counters["per_item"] =
      benchmark::Counter(all, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

void read_records(benchmark::State& state) {
  const std::string& path = raw_file().path();
  for (auto _ : state) {
    auto stream = load::TraceStream::open(path);
    std::uint64_t sum = 0;
    for (auto some = stream->next_records(); !some->empty(); some = stream->next_records())
      sum += some->back().nr;
    benchmark::DoNotOptimize(sum);
  }
  rate(state, record_count);
}

void evaluate_records(benchmark::State& state) {
  const compiled::CompiledFilter compiled(filter());
  std::vector<std::uint32_t> values(records().size());
  for (auto _ : state) {
    compiled.run(std::span(records()), std::span(values));
    benchmark::DoNotOptimize(values.data());
  }
  rate(state, record_count);
}

void replay_records(benchmark::State& state) {
  trace::Judge judge(std::span(&filter(), 1));
  const std::string& path = raw_file().path();
  for (auto _ : state) {
    auto stream = load::TraceStream::open(path);
    trace::Replay replay(judge);
    for (auto some = stream->next_records(); !some->empty(); some = stream->next_records())
      replay.take(*some, 1);
    benchmark::DoNotOptimize(replay.calls());
  }
  rate(state, record_count);
}

void replay_strace(benchmark::State& state) {
  trace::Judge judge(std::span(&filter(), 1));
  std::vector<trace::Call> calls;
  const std::string& path = strace_file().path();
  for (auto _ : state) {
    auto stream = load::TraceStream::open(path);
    trace::Replay replay(judge);
    while (!stream->finished()) {
      if (!stream->next(calls)) break;
      for (const trace::Call& call : calls) replay.take(call);
    }
    benchmark::DoNotOptimize(replay.calls());
  }
  rate(state, line_count);
}

BENCHMARK(read_records)->Unit(benchmark::kMillisecond);
BENCHMARK(evaluate_records)->Unit(benchmark::kMillisecond);
BENCHMARK(replay_records)->Unit(benchmark::kMillisecond);
BENCHMARK(replay_strace)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace assay::bench

BENCHMARK_MAIN();
