// The count function gives what the interpreter counts, for every input that is tried, and every
// leaf it has is the count of some input.
#include "assay/symbolic/executed.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "assay/bpf/assemble.hpp"
#include "assay/engine/filter_stack.hpp"
#include "assay/sample/record.hpp"
#include "assay/sample/stack.hpp"
#include "assay/verify/accept.hpp"
#include "corpus.hpp"
#include "engine/agreement.hpp"

namespace assay::symbolic {
namespace {

using engine::FilterStack;
using engine::Interpreter;
using verify::Program;

constexpr Budget small{std::size_t{1} << 16, std::chrono::milliseconds(500)};

// Some input with that count, which the interpreter must confirm.
void expect_witnesses(const VerdictFunction& counts, std::span<const Program> programs) {
  const FilterStack stack(programs);
  for (const seccomp::Verdict count : counts.verdicts()) {
    const auto witness = counts.where(count).witness();
    ASSERT_TRUE(witness);
    ASSERT_EQ(stack.examine(*witness).instructions, count.value);
  }
}

TEST(Executed, IsWhatTheInterpreterCounts) {
  std::uint64_t decided = 0;
  for (std::uint64_t index = 0; index < 1'000 / agreement::slowdown(); ++index) {
    sample::Random random(agreement::seed(), index);
    const Program program = sample::accepted_program(random, 128);
    Manager manager(Order::for_programs(std::span(&program, 1)), small);
    const auto counts = executed(manager, program);
    if (!counts) continue;
    ++decided;
    const Interpreter interpreter(program);
    for (const auto& record : sample::records(random, program.instructions(), 32)) {
      const seccomp::Words words = Interpreter::words_of(record);
      ASSERT_EQ(counts->at(words).value, interpreter.count(words).instructions) << index;
    }
    expect_witnesses(*counts, std::span(&program, 1));
  }
  EXPECT_GE(decided, 900 / agreement::slowdown());
}

TEST(Executed, OfAStackIsTheSum) {
  for (std::uint64_t index = 0; index < 150 / agreement::slowdown(); ++index) {
    sample::Random random(agreement::seed(), index);
    const std::vector<Program> programs = sample::stack(random, 4);
    Manager manager(Order::for_programs(programs), small);
    const auto counts = executed_by_stack(manager, programs);
    if (!counts) continue;
    const FilterStack stack(programs);
    for (const auto& record : sample::records(random, programs[0].instructions(), 32)) {
      const seccomp::Words words = Interpreter::words_of(record);
      ASSERT_EQ(counts->at(words).value, stack.examine(words).instructions) << index;
    }
  }
}

TEST(Executed, OfTheCorpusIsDecidedWithWitnesses) {
  const auto corpus = test::corpus_filters(ASSAY_CORPUS);
  if (corpus.empty()) GTEST_SKIP() << "no corpus of captured filters";
  for (std::size_t i = 0; i < corpus.size(); i += 5 * agreement::slowdown()) {
    const Program& program = corpus[i].program;
    Manager manager(Order::for_programs(std::span(&program, 1)));
    const auto counts = executed(manager, program);
    ASSERT_TRUE(counts) << corpus[i].file;
    expect_witnesses(*counts, std::span(&program, 1));
  }
}

// Two tests of one bit: the structure has four paths, the inputs take two.
TEST(Executed, PathsThatNoInputTakesDoNotCount) {
  const Program program = *verify::accept(bpf::assemble("ld [0]\njset #1, +0, +3\nld #7\nld #7\n"
                                                        "ld [0]\nld [0]\njset #1, +0, +2\nld #7\n"
                                                        "ld #7\nret #0")
                                              .value());
  Manager manager(Order::for_programs(std::span(&program, 1)));
  const auto counts = executed(manager, program);
  ASSERT_TRUE(counts);
  EXPECT_EQ(counts->verdicts(), (std::vector<seccomp::Verdict>{{5}, {10}}));
}

TEST(Executed, IsNotGuessedWithoutABudget) {
  const Program program = *verify::accept(bpf::assemble("ld [16]\ntax\nld [24]\nmul x\n"
                                                        "jeq #77, +0, +1\nret #1\nret #2")
                                              .value());
  Manager manager(Order::for_programs(std::span(&program, 1)), small);
  EXPECT_FALSE(executed(manager, program));
}

}  // namespace
}  // namespace assay::symbolic
