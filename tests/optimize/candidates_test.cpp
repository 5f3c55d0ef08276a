// What is written anew gives the same 32 bits, is accepted, and costs what is said of it.
#include "assay/optimize/candidates.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "assay/bpf/assemble.hpp"
#include "assay/engine/filter_stack.hpp"
#include "assay/optimize/rewrite.hpp"
#include "assay/sample/record.hpp"
#include "assay/sample/stack.hpp"
#include "assay/seccomp/arch.hpp"
#include "assay/verify/accept.hpp"
#include "assay/verify/chain.hpp"
#include "corpus.hpp"
#include "engine/agreement.hpp"

namespace assay::optimize {
namespace {

using cost::CallWeight;
using engine::Interpreter;
using verify::Program;

constexpr std::uint32_t x86_64 = 0xc000003e;
constexpr std::uint32_t i386 = 0x40000003;
constexpr symbolic::Budget small{std::size_t{1} << 16, std::chrono::milliseconds(500)};

Program program_of(std::string_view text) { return *verify::accept(bpf::assemble(text).value()); }

std::vector<CallWeight> some_weights(sample::Random& random) {
  std::vector<CallWeight> weights;
  for (std::uint32_t i = 0; i < 20; ++i)
    weights.push_back({random.one_in(4) ? i386 : x86_64, random.below(300),
                       1'000U / (1 + i) * (1 + random.below(3)), 0, 0});
  return weights;
}

void expect_same(const Program& filter, const Candidate& candidate, sample::Random& random) {
  const Interpreter before(filter);
  const Interpreter after(candidate.program);
  auto records = sample::records(random, filter.instructions(), 100);
  for (const CallWeight& call : candidate.moved)
    records.push_back({call.nr, call.arch, 0, {random.next(), random.below(4)}});
  for (const auto& record : records) ASSERT_EQ(before.run(record), after.run(record));
}

// The prover would throw a wrong rewriting away; here none may be wrong to begin with.
TEST(Rewrite, RandomProgramsKeepTheirMeaning) {
  std::uint64_t written = 0;
  for (std::uint64_t index = 0; index < 400 / agreement::slowdown(); ++index) {
    sample::Random random(agreement::seed(), index);
    const Program program = sample::accepted_program(random, 64);
    symbolic::Manager manager(symbolic::Order::for_programs(std::span(&program, 1)), small);
    const auto meaning =
        symbolic::VerdictFunction::of(manager, program, {}, symbolic::Precision::Exact);
    if (!meaning) continue;
    const auto table = symbolic::ValueTable::of(*meaning);
    if (table.nodes.size() > 2'000) continue;
    const Plan plan{[](std::uint32_t, std::uint32_t nr) { return 1.0 / (1 + nr); },
                    {{x86_64, 1}, {x86_64, 0}, {i386, 1}}};
    const auto instructions = rewrite(table, plan);
    if (instructions.size() > bpf::max_instructions) continue;
    const auto accepted = verify::accept(instructions);
    ASSERT_TRUE(accepted) << index;
    ++written;
    const Interpreter before(program);
    const Interpreter after(*accepted);
    for (const auto& record : sample::records(random, program.instructions(), 48))
      ASSERT_EQ(before.run(record), after.run(record))
          << "seed " << agreement::seed() << ", index " << index;
  }
  EXPECT_GE(written, 250 / agreement::slowdown());
}

TEST(Candidates, OfTheCorpusAreProvenAndNotWorse) {
  const auto corpus = test::corpus_filters(ASSAY_CORPUS);
  if (corpus.empty()) GTEST_SKIP() << "no corpus of captured filters";
  std::size_t cheaper = 0, asked = 0;
  for (std::size_t i = 0; i < corpus.size(); i += 23 * agreement::slowdown()) {
    const auto& [file, program] = corpus[i];
    sample::Random random(agreement::seed(), i);
    const auto weights = some_weights(random);
    const auto found = candidates(std::span(&program, 1), weights);
    ASSERT_TRUE(found) << file;
    ASSERT_FALSE(found->empty()) << file;
    for (const Candidate& candidate : *found) expect_same(program, candidate, random);
    const auto before = cost::FilterCost::of(std::span(&program, 1));
    const cost::Bitmap bitmap(std::span(&program, 1));
    cheaper += found->front().mean.most <= mean_cost(weights, *before, bitmap).most ? 1 : 0;
    ++asked;
  }
  EXPECT_GE(cheaper * 10, asked * 9);
}

std::string long_list() {
  std::string text = "ld [4]\njne #0xc000003e, kill\nld [0]\n";
  for (int nr = 0; nr < 250; ++nr) text += "jeq #" + std::to_string(nr) + ", errno\n";
  return text + "ret #0x7fff0000\nerrno: ret #0x00050001\nkill: ret #0x80000000\n";
}

TEST(Candidates, OfALongListAreASearch) {
  const Program list = program_of(long_list());
  const std::vector<CallWeight> weights{{x86_64, 240, 90, 0, 0}, {x86_64, 3, 10, 0, 0}};
  const auto found = candidates(std::span(&list, 1), weights);
  ASSERT_TRUE(found);
  const Candidate& best = found->front();
  EXPECT_LE(best.mean.most, 7);
  EXPECT_LE(best.worst, 10U);
  EXPECT_EQ(best.chain_cost, verify::chain_cost(best.program));
  // Refusals run the filter: the one that comes most is tested in front.
  const auto hoist = std::find_if(found->begin(), found->end(), [](const Candidate& candidate) {
    return candidate.change == Change::Hoisted && candidate.moved.size() == 1;
  });
  ASSERT_NE(hoist, found->end());
  EXPECT_EQ(hoist->moved.front().nr, 240U);
  EXPECT_EQ(hoist->program.size(), list.size() + 5);
}

TEST(Candidates, OfAStackAreOneFilter) {
  const std::vector<Program> stack{
      program_of("ld [0]\njeq #1, +0, +1\nret #0x00050002\nret #0x7fff0000"),
      program_of("ld [0]\njeq #2, +1\njeq #1, +0, +1\nret #0x00050003\nret #0x7fff0000")};
  const auto found = candidates(stack, std::vector<CallWeight>{{x86_64, 1, 1, 0, 0}});
  ASSERT_TRUE(found);
  ASSERT_FALSE(found->empty());
  const engine::FilterStack before(stack);
  const Interpreter after(found->front().program);
  for (std::uint32_t nr = 0; nr < 5; ++nr)
    EXPECT_EQ(after.run(seccomp::Words{nr, x86_64}), before.run(seccomp::Words{nr, x86_64}).value);
}

// A filter that begins with A = 0 is another one behind tests that leave something in A.
TEST(Candidates, AreNotClaimedWithoutProof) {
  const Program program = program_of("jeq #0, +0, +1\nret #1\nret #2");
  const auto found =
      candidates(std::span(&program, 1), std::vector<CallWeight>{{x86_64, 1, 1, 0, 0}});
  ASSERT_TRUE(found);
  for (const Candidate& candidate : *found)
    EXPECT_EQ(Interpreter(candidate.program).run(seccomp::Words{7, i386}), 1U);
}

TEST(Candidates, AreNotGuessedWithoutABudget) {
  const Program program =
      program_of("ld [16]\ntax\nld [24]\nmul x\njeq #77, +0, +1\nret #1\nret #2");
  EXPECT_FALSE(candidates(std::span(&program, 1), {}, {}, small));
}

}  // namespace
}  // namespace assay::optimize
