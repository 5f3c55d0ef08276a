// What is proven of a program holds on records: its verdict function returns what the
// interpreter does, each verdict has an input that shows it, and no record takes an edge that
// was called infeasible. Within a small budget: not decided is an answer, a wrong or a late
// one is not.
//
// One byte for the rule of shifts, 64 of a record, then instructions of 8 bytes,
// little-endian.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <set>
#include <utility>
#include <vector>

#include "assay/engine/interpreter.hpp"
#include "assay/sample/program.hpp"
#include "assay/sample/record.hpp"
#include "assay/symbolic/analysis.hpp"
#include "input.hpp"

namespace engine = assay::engine;
namespace sample = assay::sample;
namespace seccomp = assay::seccomp;
namespace symbolic = assay::symbolic;
namespace verify = assay::verify;
using fuzz::require;
using symbolic::Precision;
using symbolic::VerdictFunction;

namespace {

constexpr symbolic::Budget budget{std::size_t{1} << 15, std::chrono::milliseconds(2'000)};
constexpr std::size_t most_bytes = budget.nodes * 64 + (std::size_t{1} << 20);
constexpr std::size_t most_instructions = 512;
constexpr std::size_t most_verdicts = 64;

struct Case {
  verify::Program program;
  seccomp::Semantics semantics;
  std::vector<seccomp::Words> records;
};

Case case_of(fuzz::Bytes& bytes) {
  constexpr seccomp::ShiftRule rules[] = {seccomp::ShiftRule::Modulo32,
                                          seccomp::ShiftRule::Modulo64ZeroAbove31,
                                          seccomp::ShiftRule::Modulo256ZeroAbove31};
  seccomp::Semantics semantics;
  semantics.shift = rules[bytes.take(1) % 3];
  seccomp::Words record{};
  for (std::uint32_t& word : record) word = bytes.take(4);
  const verify::Program program =
      sample::repaired(fuzz::instructions_of(bytes, fuzz::Codes::Known, most_instructions));
  Case result{program, semantics, {record}};
  sample::Random random(record[0], program.size());
  for (const auto& drawn : sample::records(random, program.instructions(), 7))
    result.records.push_back(engine::Interpreter::words_of(drawn));
  return result;
}

symbolic::Manager manager_for(const Case& the) {
  return symbolic::Manager(symbolic::Order::for_programs(std::span(&the.program, 1)), budget);
}

void check_function(const Case& the, Precision precision) {
  symbolic::Manager manager = manager_for(the);
  const auto function = VerdictFunction::of(manager, the.program, the.semantics, precision);
  require(!manager.check());
  require(manager.bytes() <= most_bytes);
  require(function || manager.exhausted());
  if (!function) return;
  const engine::Interpreter interpreter(the.program, the.semantics);
  const auto run = [&](const seccomp::Words& words) {
    const seccomp::Verdict value{interpreter.run(words)};
    return precision == Precision::Exact ? value : value.normalised(the.semantics);
  };
  for (const seccomp::Words& words : the.records) require(function->at(words) == run(words));
  const auto verdicts = function->verdicts();
  if (verdicts.size() > most_verdicts) return;
  for (const seccomp::Verdict verdict : verdicts) {
    const auto where = function->where(verdict);
    if (manager.exhausted()) return;
    require(run(where.witness().value()) == verdict);
  }
}

struct Path : engine::Observer {
  void on_instruction(const engine::State& state) override { pcs.push_back(state.pc); }
  std::vector<std::size_t> pcs;
};

void check_paths(const Case& the) {
  symbolic::Manager manager = manager_for(the);
  const auto analysis = symbolic::Analysis::of(manager, the.program, the.semantics);
  if (!analysis) return;
  const engine::Interpreter interpreter(the.program, the.semantics);
  std::vector<seccomp::Words> inputs = the.records;
  std::set<std::pair<std::size_t, std::size_t>> feasible;
  for (const auto& edge : analysis->edges()) {
    if (!analysis->feasible(edge)) continue;
    feasible.insert({edge.from, edge.to});
    const auto witness = analysis->witness(edge);
    if (manager.exhausted()) return;
    inputs.push_back(witness.value());
  }
  std::set<std::pair<std::size_t, std::size_t>> passed;
  for (const seccomp::Words& words : inputs) {
    Path path;
    interpreter.observe(words, path);
    for (std::size_t i = 0; i < path.pcs.size(); ++i) {
      require(analysis->reachable(path.pcs[i]));
      if (i > 0) passed.insert({path.pcs[i - 1], path.pcs[i]});
    }
  }
  require(passed == feasible);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Bytes bytes{std::span(data, size)};
  const Case the = case_of(bytes);
  check_function(the, Precision::Normalised);
  check_function(the, Precision::Exact);
  check_paths(the);
  return 0;
}
