// The interpreter beside libpcap's bpf_filter(), the engine that every Debian machine has:
// the same filters, the same records. Before anything is timed both must agree on all.
#include <benchmark/benchmark.h>
#include <pcap/bpf.h>

#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

#include "assay/bpf/codec.hpp"
#include "assay/engine/interpreter.hpp"
#include "assay/verify/accept.hpp"
#include "bench/filters.hpp"
#include "bench/records.hpp"

namespace {

using namespace assay;

constexpr bool little_endian = std::endian::native == std::endian::little;

struct Records {
  std::vector<seccomp::Words> host = bench::mixed_records();
  std::vector<seccomp::Words> network = little_endian ? bench::byte_swapped(host) : host;
};

struct Subject {
  explicit Subject(bench::FilterKind which)
      : kind(which),
        source(bench::build(which)),
        program(*verify::accept(source)),
        interpreter(program) {
    for (const bpf::Instruction& insn : source)
      for_libpcap.push_back({insn.code, insn.jt, insn.jf, insn.k});
  }

  std::uint32_t ask_libpcap(const seccomp::Words& network) const {
    return bpf_filter(for_libpcap.data(), reinterpret_cast<const u_char*>(network.data()),
                      seccomp::data_bytes, seccomp::data_bytes);
  }

  bench::FilterKind kind;
  std::vector<bpf::Instruction> source;
  verify::Program program;
  engine::Interpreter interpreter;
  std::vector<bpf_insn> for_libpcap;
  double executed = 0;  // instructions per verdict
};

// Sets `executed`; ends the program at the first record on which the engines differ.
void compare_answers(Subject& subject, const Records& records) {
  std::uint64_t executed = 0;
  for (std::size_t i = 0; i < records.host.size(); ++i) {
    const engine::Outcome outcome = subject.interpreter.count(records.host[i]);
    const std::uint32_t ours = subject.interpreter.run(records.host[i]);
    const std::uint32_t theirs = subject.ask_libpcap(records.network[i]);
    executed += outcome.instructions;
    if (ours == theirs && ours == outcome.value) continue;
    std::fprintf(stderr,
                 "%s, record %zu: ours 0x%08" PRIx32 ", counted 0x%08" PRIx32
                 ", libpcap 0x%08" PRIx32 "\n",
                 name(subject.kind).data(), i, ours, outcome.value, theirs);
    std::exit(1);
  }
  subject.executed = static_cast<double>(executed) / static_cast<double>(records.host.size());
}

template <class Ask>
void time_verdicts(benchmark::State& state, const Subject& subject,
                   const std::vector<seccomp::Words>& records, Ask ask) {
  for ([[maybe_unused]] auto _ : state)
    for (const seccomp::Words& words : records) benchmark::DoNotOptimize(ask(words));
  const auto count = static_cast<double>(records.size());
  state.counters["per_verdict"] = benchmark::Counter(
      count, benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
  state.counters["insns"] = static_cast<double>(subject.source.size());
  state.counters["executed"] = subject.executed;
}

// Side by side, so that a repetition of one stands next to the same repetition of the other.
void register_verdicts(const Subject& subject, const Records& records) {
  const std::string filter(name(subject.kind));
  benchmark::RegisterBenchmark(("verdict/" + filter + "/libpcap").c_str(), [&](auto& state) {
    time_verdicts(state, subject, records.network,
                  [&](const seccomp::Words& words) { return subject.ask_libpcap(words); });
  });
  benchmark::RegisterBenchmark(("verdict/" + filter + "/assay").c_str(), [&](auto& state) {
    time_verdicts(state, subject, records.host,
                  [&](const seccomp::Words& words) { return subject.interpreter.run(words); });
  });
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
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;

  const Records records;
  std::vector<std::unique_ptr<Subject>> subjects;
  for (const bench::FilterKind kind :
       {bench::FilterKind::Linear, bench::FilterKind::Tree, bench::FilterKind::Small}) {
    Subject& subject = *subjects.emplace_back(std::make_unique<Subject>(kind));
    compare_answers(subject, records);
    register_verdicts(subject, records);
  }
  for (const auto& subject : subjects) register_preparation(*subject);
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
}
