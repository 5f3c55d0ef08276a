#include "assay/smt/solver.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>
#include <map>
#include <thread>

#include "assay/sample/constants.hpp"
#include "assay/sample/mutant.hpp"
#include "assay/sample/program.hpp"
#include "assay/symbolic/analysis.hpp"
#include "smt/programs.hpp"

namespace assay::smt {
namespace {

using seccomp::Semantics;
using seccomp::Words;
using std::chrono::milliseconds;
using symbolic::Answered;
using symbolic::Comparison;
using symbolic::Condition;
using symbolic::Found;
using symbolic::InputSet;
using symbolic::Manager;
using symbolic::Order;
using symbolic::Place;
using symbolic::Precision;
using symbolic::Term;
using symbolic::VerdictRange;

constexpr std::uint64_t seed = 3;
constexpr symbolic::Budget budget{std::size_t{1} << 15, milliseconds(300)};
constexpr Limits limits{milliseconds(300)};

const std::vector<Semantics>& all_semantics() {
  static const std::vector<Semantics> all = [] {
    std::vector<Semantics> result;
    for (const auto* name : {"linux-6.18", "linux-3.5", "linux-4.9", "linux-4.14", "linux-5.4",
                             "linux-6.12-ppc64le-jit", "linux-6.12-arm-jit"})
      result.push_back(seccomp::find_semantics(name).value());
    return result;
  }();
  return all;
}

// Values by what they are normalised to: none of them gives another verdict.
TEST(Solver, NormalisesAsVerdictDoes) {
  const std::vector<Program> echo{program({load(0), op(Operation::Ret, Operand::A)})};
  std::vector<std::uint32_t> values(sample::boundary_constants.begin(),
                                    sample::boundary_constants.end());
  for (const auto& action : seccomp::actions)
    values.insert(values.end(), {action.value, action.value | 0x1000, action.value ^ 0x80000001});
  const auto decider = solver()();
  for (const Semantics& semantics : all_semantics()) {
    SCOPED_TRACE(semantics.name());
    Manager manager(Order::fixed());
    std::map<std::uint32_t, Condition> by_verdict;
    for (const std::uint32_t value : values) {
      const Condition is = compare(Term::word(manager, 0), Comparison::Equal, value);
      const auto [at, fresh] =
          by_verdict.try_emplace(seccomp::Verdict{value}.normalised(semantics).value, is);
      if (!fresh) at->second = at->second | is;
    }
    for (const auto& [verdict, given] : by_verdict) {
      std::vector<VerdictRange> others;
      if (verdict != 0) others.push_back({0, verdict - 1});
      if (verdict != 0xffffffff) others.push_back({verdict + 1, 0xffffffff});
      const Found none = decider->verdict(InputSet::of(given).value(), echo, others, semantics,
                                          Precision::Normalised);
      ASSERT_TRUE(none) << std::hex << verdict;
      EXPECT_FALSE(none->has_value()) << std::hex << verdict << " " << (**none)[0];
    }
  }
}

// What both decide they decide alike.
struct Tally {
  int diagrams = 0;
  int z3 = 0;
  int both = 0;
  int yes = 0;
  // `found` is an input for which the diagrams say that there is one, or not.
  void add(std::optional<bool> by_diagrams, const Found& found) {
    diagrams += by_diagrams.has_value();
    z3 += found.has_value();
    if (!by_diagrams || !found) return;
    ++both;
    yes += *by_diagrams;
    EXPECT_EQ(*by_diagrams, found->has_value());
  }
  // The test means something only if most was decided, with both answers.
  void expect_most_of(int asked) const {
    EXPECT_GE(both, asked / 2);
    EXPECT_GT(yes, 0);
    EXPECT_LT(yes, both);
    std::cout << asked << " questions, " << diagrams << " decided by diagrams, " << z3 << " by Z3, "
              << both << " by both, " << yes << " yes\n";
  }
};

struct Drawn {
  sample::Random random;
  const Semantics& semantics;
  Precision precision;
  std::vector<Program> stack;
  explicit Drawn(std::uint64_t index)
      : random(seed, index),
        semantics(all_semantics()[index % all_semantics().size()]),
        precision(index % 2 == 0 ? Precision::Normalised : Precision::Exact) {
    for (std::uint64_t i = 0; i <= index % 3; ++i)
      stack.push_back(sample::accepted_program(random, 12));
  }
};

TEST(Solver, AgreesWithDiagramsOnEquality) {
  constexpr int rounds = 400;
  Tally tally;
  const auto decider = solver(limits)();
  for (int index = 0; index < rounds; ++index) {
    SCOPED_TRACE(index);
    Drawn drawn(static_cast<std::uint64_t>(index));
    std::vector<Program> other = drawn.stack;
    if (const auto mutant = sample::accepted_mutant(drawn.random, other.back()))
      other.back() = verify::accept(mutant->instructions).value();
    const Answered by_diagrams =
        decide_equal(drawn.stack, other, drawn.semantics, drawn.precision, budget, nullptr);
    const Found found = decider->difference(drawn.stack, other, drawn.semantics, drawn.precision);
    tally.add(by_diagrams ? std::optional(!by_diagrams->yes) : std::nullopt, found);
    const auto expect_differ = [&](const std::optional<Words>& words) {
      if (!words) return;
      EXPECT_NE(verdict_of(drawn.stack, *words, drawn.semantics, drawn.precision),
                verdict_of(other, *words, drawn.semantics, drawn.precision));
    };
    if (by_diagrams) expect_differ(by_diagrams->witness);
    if (found) expect_differ(*found);
  }
  tally.expect_most_of(rounds);
}

Condition drawn_condition(Manager& manager, sample::Random& random) {
  const auto some = [&] {
    const Term word = Term::word(manager, random.below(seccomp::data_words));
    const auto comparison = static_cast<Comparison>(random.below(6));
    if (random.one_in(3))  // words that Order::fixed() interleaves
      return compare(Term::word(manager, 2 + random.below(14)), comparison,
                     Term::word(manager, 2 + random.below(14)));
    return compare(word.masked(sample::any_constant(random)), comparison,
                   sample::any_constant(random));
  };
  return (some() & some()) | !some();
}

TEST(Solver, AgreesWithDiagramsOnPossibleVerdicts) {
  constexpr int rounds = 400;
  Tally tally;
  const auto decider = solver(limits)();
  for (int index = 0; index < rounds; ++index) {
    SCOPED_TRACE(index);
    Drawn drawn(static_cast<std::uint64_t>(index) + 1000);
    // What the last instruction returns, perhaps, and a few others.
    const auto instructions = drawn.stack[0].instructions();
    const std::uint32_t first = instructions.back().k;
    const std::vector<VerdictRange> wanted{{first, first | 0xffff}, {0x50001, 0x50003}};
    Manager manager(Order::fixed(), budget);
    const Condition given = drawn_condition(manager, drawn.random);
    const auto set = InputSet::of(given);
    ASSERT_FALSE(manager.exhausted() || !set);
    const Answered by_diagrams =
        decide_possible(given, drawn.stack, wanted, drawn.semantics, drawn.precision, nullptr);
    const Found found =
        decider->verdict(*set, drawn.stack, wanted, drawn.semantics, drawn.precision);
    tally.add(by_diagrams ? std::optional(by_diagrams->yes) : std::nullopt, found);
    const auto expect_wanted = [&](const std::optional<Words>& words) {
      if (!words) return;
      const std::uint32_t value = verdict_of(drawn.stack, *words, drawn.semantics, drawn.precision);
      EXPECT_TRUE(given.holds(*words));
      EXPECT_TRUE(set->contains(*words));
      EXPECT_TRUE(std::any_of(wanted.begin(), wanted.end(), [&](const VerdictRange& range) {
        return range.first <= value && value <= range.last;
      }));
    };
    if (by_diagrams) expect_wanted(by_diagrams->witness);
    if (found) expect_wanted(*found);
  }
  tally.expect_most_of(rounds);
}

// Whether the input passes the place.
bool passes(const Program& program, const Words& words, const Semantics& semantics,
            const Place& place) {
  struct Walk : engine::Observer {
    std::vector<std::size_t> pcs;
    void on_instruction(const engine::State& state) override { pcs.push_back(state.pc); }
  } walk;
  engine::Interpreter(program, semantics).observe(words, walk);
  for (std::size_t i = 0; i < walk.pcs.size(); ++i)
    if (walk.pcs[i] == place.pc &&
        (!place.next || (i + 1 < walk.pcs.size() && walk.pcs[i + 1] == *place.next)))
      return true;
  return false;
}

std::vector<Place> all_places(const Program& program, const symbolic::Analysis& analysis) {
  std::vector<Place> places;
  for (std::size_t pc = 0; pc < program.size(); ++pc) places.push_back({pc, std::nullopt});
  for (const auto& edge : analysis.edges()) places.push_back({edge.from, edge.to});
  return places;
}

TEST(Solver, AgreesWithDiagramsOnReachability) {
  constexpr int rounds = 200;
  Tally tally;
  int asked = 0;
  const auto decider = solver(limits)();
  for (int index = 0; index < rounds; ++index) {
    SCOPED_TRACE(index);
    Drawn drawn(static_cast<std::uint64_t>(index) + 2000);
    const Program& program = drawn.stack[0];
    Manager manager(Order::for_programs(drawn.stack), budget);
    const auto analysis = symbolic::Analysis::of(manager, program, drawn.semantics);
    if (!analysis) continue;
    const std::vector<Place> places = all_places(program, *analysis);
    const auto answers = decide_reachable(program, places, drawn.semantics, budget, nullptr);
    const auto found = decider->passing(program, places, drawn.semantics);
    ASSERT_EQ(found.size(), places.size());
    asked += static_cast<int>(places.size());
    for (std::size_t i = 0; i < places.size(); ++i) {
      tally.add(answers[i] ? std::optional(answers[i]->yes) : std::nullopt, found[i]);
      for (const auto& words :
           {answers[i] ? answers[i]->witness : std::nullopt, found[i] ? *found[i] : std::nullopt})
        EXPECT_TRUE(!words || passes(program, *words, drawn.semantics, places[i])) << i;
    }
  }
  tally.expect_most_of(asked);
}

TEST(Solver, QuestionsRunInParallel) {
  const std::vector<Program> a{product()};
  const std::vector<Program> b{program({ret(refuse)})};
  std::array<std::optional<Found>, 4> found;
  {
    std::vector<std::jthread> threads;
    for (auto& mine : found)
      threads.emplace_back(
          [&mine, &a, &b] { mine = solver()()->difference(a, b, {}, Precision::Exact); });
  }
  for (const auto& one : found) EXPECT_TRUE(one && *one && **one);
}

TEST(InputSet, IsTheConditionItWasMadeOf) {
  sample::Random random(seed, 7);
  for (int i = 0; i < 50; ++i) {
    Manager manager(Order::fixed(), budget);
    const Condition condition = drawn_condition(manager, random);
    const auto set = InputSet::of(condition);
    ASSERT_TRUE(set);
    for (int j = 0; j < 200; ++j) {
      Words words{};
      for (std::uint32_t& word : words) word = sample::any_constant(random);
      EXPECT_EQ(set->contains(words), condition.holds(words));
    }
    const auto inside = condition.witness();
    EXPECT_TRUE(!inside || set->contains(*inside));
  }
}

}  // namespace
}  // namespace assay::smt
