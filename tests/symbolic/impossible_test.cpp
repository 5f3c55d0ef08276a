// No false alarm: what can never happen is called impossible, however it is written; and what
// can, is not.
#include <gtest/gtest.h>

#include <functional>
#include <iostream>

#include "assay/engine/interpreter.hpp"
#include "assay/sample/constants.hpp"
#include "assay/symbolic/analysis.hpp"
#include "assay/verify/accept.hpp"
#include "data_cases.hpp"

namespace assay::symbolic {
namespace {

using bpf::Instruction;
using verify::Program;

class Impossible : public testing::TestWithParam<assay::test::Case> {};

TEST_P(Impossible, IsWhatTheRowSays) {
  const auto program = verify::accept(assay::test::assembled(GetParam()));
  ASSERT_TRUE(program);
  Manager manager(Order::for_programs(std::span(&*program, 1)));
  const auto analysis = Analysis::of(manager, *program);
  ASSERT_TRUE(analysis);
  std::vector<std::string> found;
  std::string unreachable;
  for (std::size_t pc = 0; pc < program->size(); ++pc)
    if (!analysis->reachable(pc)) unreachable += " " + std::to_string(pc);
  if (!unreachable.empty()) found.push_back("unreachable" + unreachable);
  std::string returns;
  for (const seccomp::Verdict verdict : analysis->function(Precision::Exact)->verdicts())
    returns += " " + std::to_string(verdict.value);
  found.push_back("returns" + returns);
  EXPECT_EQ(found, GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(Rows, Impossible,
                         testing::ValuesIn(assay::test::cases("symbolic/impossible")),
                         [](const auto& row) { return assay::test::test_name(row.param); });

// --- rewritten facts ---

constexpr std::uint32_t surprise = 0x00050001;
constexpr std::uint32_t expected = 0x7fff0000;

// A number carried through steps that lose nothing: equal before is equal after.
class Rewriting {
 public:
  explicit Rewriting(sample::Random& random) : random_(random) {}

  std::vector<Instruction> instructions;
  std::uint32_t after(std::uint32_t k) const {
    for (const auto& step : steps_) k = step(k);
    return k;
  }

  void add() {
    const std::uint32_t c = sample::any_constant(random_);
    switch (random_.below(8)) {
      case 0: return step({{0x04, 0, 0, c}}, [c](std::uint32_t v) { return v + c; });
      case 1: return step({{0x14, 0, 0, c}}, [c](std::uint32_t v) { return v - c; });
      case 2: return step({{0xa4, 0, 0, c}}, [c](std::uint32_t v) { return v ^ c; });
      case 3: return step({{0x84, 0, 0, 0}}, [](std::uint32_t v) { return 0 - v; });
      case 4: {  // odd factors have an inverse; larger ones make large diagrams
        const std::uint32_t factor = 2 * random_.below(5) + 1;
        return step({{0x24, 0, 0, factor}}, [factor](std::uint32_t v) { return v * factor; });
      }
      case 5: {
        const std::uint32_t cell = random_.below(16);
        return step({{0x02, 0, 0, cell}, {0x80, 0, 0, 0}, {0x60, 0, 0, cell}},
                    [](std::uint32_t v) { return v; });
      }
      case 6:  // its parts, put together again
        return step({{0x02, 0, 0, 3},
                     {0x54, 0, 0, c},
                     {0x07, 0, 0, 0},
                     {0x60, 0, 0, 3},
                     {0x54, 0, 0, ~c},
                     {0x0c, 0, 0, 0}},
                    [](std::uint32_t v) { return v; });
      default:  // k - (k - A)
        return step({{0x07, 0, 0, 0},
                     {0x00, 0, 0, c},
                     {0x1c, 0, 0, 0},
                     {0x07, 0, 0, 0},
                     {0x00, 0, 0, c},
                     {0x1c, 0, 0, 0}},
                    [](std::uint32_t v) { return v; });
    }
  }

 private:
  template <class OnNumber>
  void step(std::initializer_list<Instruction> code, OnNumber on_number) {
    instructions.insert(instructions.end(), code);
    steps_.emplace_back(on_number);
  }
  sample::Random& random_;
  std::vector<std::function<std::uint32_t(std::uint32_t)>> steps_;
};

// Is the word k? Rewritten, the answer must be the same; `slip` makes it another question.
Program asking_twice(sample::Random& random, std::uint32_t slip) {
  const std::uint32_t offset = 4 * random.below(16);
  const std::uint32_t k = sample::any_constant(random);
  Rewriting rewriting(random);
  for (std::uint32_t i = 1 + random.below(5); i > 0; --i) rewriting.add();
  const auto& body = rewriting.instructions;
  const std::uint32_t image = rewriting.after(k) ^ slip;
  const auto length = static_cast<std::uint8_t>(body.size());

  std::vector<Instruction> program{{0x20, 0, 0, offset},
                                   {0x15, 0, static_cast<std::uint8_t>(length + 3), k}};
  program.insert(program.end(), body.begin(), body.end());
  program.insert(program.end(),
                 {{0x15, 1, 0, image}, {0x06, 0, 0, surprise}, {0x06, 0, 0, expected}});
  program.insert(program.end(), body.begin(), body.end());
  program.insert(program.end(),
                 {{0x15, 0, 1, image}, {0x06, 0, 0, surprise}, {0x06, 0, 0, expected}});
  return *verify::accept(program);
}

// A range, moved and shrunk: what was above k stays at least as high as k does.
Program ordered_twice(sample::Random& random, std::uint32_t slip) {
  const std::uint32_t offset = 4 * random.below(16);
  std::uint32_t k = (sample::any_constant(random) & 0x3fffffff) | 1;
  std::vector<Instruction> program{{0x20, 0, 0, offset}, {0x35, 1, 0, k}, {0x06, 0, 0, expected}};
  for (std::uint32_t i = 1 + random.below(3); i > 0; --i) {
    const std::uint32_t c = 1 + random.below(9);
    switch (random.below(3)) {
      case 0:
        program.push_back({0x74, 0, 0, c});
        k >>= c;
        break;
      case 1:
        program.push_back({0x34, 0, 0, c});
        k /= c;
        break;
      default: program.push_back({0x44, 0, 0, 1U << c}); break;
    }
  }
  program.insert(program.end(),
                 {{0x35, 1, 0, k + slip}, {0x06, 0, 0, surprise}, {0x06, 0, 0, expected}});
  return *verify::accept(program);
}

using Maker = Program (*)(sample::Random& random, std::uint32_t slip);

void expect_no_surprise(Maker make, std::uint64_t count) {
  std::uint64_t possible = 0;
  for (std::uint64_t index = 0; index < count; ++index) {
    sample::Random random(41, index);
    const Program program = make(random, 0);
    Manager manager(Order::for_programs(std::span(&program, 1)));
    const auto analysis = Analysis::of(manager, program);
    ASSERT_TRUE(analysis) << index;
    const auto function = analysis->function();
    ASSERT_TRUE(function) << index;
    ASSERT_TRUE(function->where(seccomp::Verdict{surprise}).is_never()) << index;
    for (std::size_t pc = 0; pc < program.size(); ++pc) {
      const bool surprising = program[pc].code == 0x06 && program[pc].k == surprise;
      ASSERT_EQ(analysis->reachable(pc), !surprising) << index << ", " << pc;
    }

    // One bit off, and what was impossible has a witness.
    sample::Random again(41, index);
    const Program other = make(again, 1);
    Manager other_manager(Order::for_programs(std::span(&other, 1)));
    const auto wrong = VerdictFunction::of(other_manager, other);
    ASSERT_TRUE(wrong) << index;
    const auto witness = wrong->where(seccomp::Verdict{surprise}).witness();
    if (!witness) continue;
    ++possible;
    ASSERT_EQ(engine::Interpreter(other).run(*witness), surprise) << index;
  }
  std::cout << count << " without a surprise, " << possible << " with one once a bit is changed\n";
  EXPECT_GT(2 * possible, count);
}

TEST(RewrittenFacts, StayTrueAndFalse) { expect_no_surprise(asking_twice, 200); }

TEST(RewrittenFacts, StayOrdered) { expect_no_surprise(ordered_twice, 200); }

}  // namespace
}  // namespace assay::symbolic
