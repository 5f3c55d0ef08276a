#include "assay/symbolic/question.hpp"

#include <gtest/gtest.h>

#include <chrono>

#include "assay/smt/solver.hpp"
#include "smt/programs.hpp"

namespace assay::smt {
namespace {

using std::chrono::milliseconds;
using symbolic::Answered;
using symbolic::Budget;
using symbolic::Comparison;
using symbolic::Condition;
using symbolic::DecidedBy;
using symbolic::DeciderFactory;
using symbolic::GaveUp;
using symbolic::Limit;
using symbolic::Manager;
using symbolic::Order;
using symbolic::Place;
using symbolic::Precision;
using symbolic::Term;
using symbolic::VerdictRange;

constexpr Budget small{std::size_t{1} << 14, milliseconds(2000)};
constexpr VerdictRange only_allow{allow, allow};

// Counts the deciders that were made.
struct Counted {
  int made = 0;
  DeciderFactory factory(const Limits& limits = {}) {
    return [this, limits] {
      ++made;
      return solver(limits)();
    };
  }
};

std::vector<Program> alone(const Program& one) { return {one}; }

TEST(Question, WhatTheDiagramsDecideMakesNoDecider) {
  const Program even =
      program({load(4), op(Operation::Jset, Operand::Immediate, 1, 1, 0), ret(allow), ret(refuse)});
  const Program never =
      program({load(0), op(Operation::And, Operand::Immediate, 0xff),
               op(Operation::Jeq, Operand::Immediate, 0x100, 0, 1), ret(allow), ret(refuse)});
  Counted counted;
  const auto factory = counted.factory();

  const Answered same = decide_equal(alone(even), alone(even), {}, Precision::Exact, {}, factory);
  ASSERT_TRUE(same);
  EXPECT_TRUE(same->yes);
  const Answered differ =
      decide_equal(alone(even), alone(never), {}, Precision::Exact, {}, factory);
  ASSERT_TRUE(differ && differ->witness);
  EXPECT_FALSE(differ->yes);
  EXPECT_EQ(differ->witness->at(4) & 1, 0U);

  Manager manager(Order::for_programs(alone(even)));
  const Condition odd = compare(Term::word(manager, 4).masked(1), Comparison::Equal, 1);
  const Answered possible =
      decide_possible(odd, alone(even), {&only_allow, 1}, {}, Precision::Normalised, factory);
  ASSERT_TRUE(possible);
  EXPECT_FALSE(possible->yes);

  const std::vector<Place> places{{3, std::nullopt}, {2, 3}, {2, 4}, {4, std::nullopt}};
  const auto reachable = decide_reachable(never, places, {}, {}, factory);
  ASSERT_EQ(reachable.size(), places.size());
  for (std::size_t i = 0; i < places.size(); ++i) {
    ASSERT_TRUE(reachable[i]);
    EXPECT_EQ(reachable[i]->yes, i >= 2);
    EXPECT_EQ(reachable[i]->by, DecidedBy::Diagrams);
  }
  EXPECT_EQ(counted.made, 0);
}

TEST(Question, AProductDiffersFromAConstant) {
  Counted counted;
  const auto a = alone(product());
  const auto b = alone(program({ret(refuse)}));
  const Answered answer = decide_equal(a, b, {}, Precision::Normalised, small, counted.factory());
  ASSERT_TRUE(answer && answer->witness);
  EXPECT_FALSE(answer->yes);
  EXPECT_EQ(answer->by, DecidedBy::Decider);
  EXPECT_EQ(counted.made, 1);
  const seccomp::Words& words = *answer->witness;
  EXPECT_EQ(words[4] * words[6], words[8]);
}

TEST(Question, AProductEqualsItself) {
  const auto a = alone(product());
  const Answered answer = decide_equal(a, a, {}, Precision::Normalised, small, solver());
  ASSERT_TRUE(answer);
  EXPECT_TRUE(answer->yes);
  EXPECT_EQ(answer->by, DecidedBy::Decider);
}

TEST(Question, AProductIsPossibleUnderAConditionOrNot) {
  const auto stack = alone(product());
  const auto possible = [&](std::uint32_t factor_bit, std::uint32_t value) {
    Manager manager(Order::for_programs(stack), small);
    const Condition given =
        compare(Term::word(manager, 4).masked(factor_bit), Comparison::Equal, 0) &
        compare(Term::word(manager, 6), Comparison::Greater, 0x12345) &
        compare(Term::word(manager, 4), Comparison::Greater, 0x10000) &
        compare(Term::word(manager, 8), Comparison::Equal, value);
    return decide_possible(given, stack, {&only_allow, 1}, {}, Precision::Normalised, solver());
  };
  // Any even first factor makes the product even.
  const Answered odd = possible(1, 0x87654321);
  ASSERT_TRUE(odd);
  EXPECT_FALSE(odd->yes);
  const Answered some = possible(2, 0x87654321);
  ASSERT_TRUE(some && some->witness);
  EXPECT_TRUE(some->yes);
  const seccomp::Words& words = *some->witness;
  EXPECT_EQ(words[4] * words[6], 0x87654321);
  EXPECT_GT(words[4], 0x10000U);
  EXPECT_GT(words[6], 0x12345U);
  EXPECT_EQ(words[4] & 2, 0U);
}

TEST(Question, BothSidesOfAProductAreReachable) {
  const std::vector<Place> places{{7, std::nullopt}, {8, std::nullopt}, {6, 7}, {6, 8}, {5, 7}};
  const auto answers = decide_reachable(product(), places, {}, small, solver());
  ASSERT_EQ(answers.size(), places.size());
  for (std::size_t i = 0; i < places.size(); ++i) {
    ASSERT_TRUE(answers[i]) << i;
    EXPECT_EQ(answers[i]->yes, i < 4) << i;
    EXPECT_EQ(answers[i]->witness.has_value(), i < 4) << i;
    EXPECT_EQ(answers[i]->by, DecidedBy::Decider);
  }
}

// Right or not decided, and in time.
TEST(Question, LimitsHoldOnWhatNobodyDecides) {
  for (const auto time : {milliseconds(400), milliseconds(800)}) {
    const auto start = std::chrono::steady_clock::now();
    const Answered answer =
        decide_equal(alone(product_of_sum()), alone(product_of_halves()), {}, Precision::Exact,
                     {std::size_t{1} << 14, milliseconds(100)}, solver({time}));
    const auto spent = std::chrono::steady_clock::now() - start;
    EXPECT_LT(spent, 2 * (time + milliseconds(100)));
    if (answer) {
      EXPECT_TRUE(answer->yes);
    } else {
      EXPECT_EQ(answer.error().decider, GaveUp::Time);
      EXPECT_NE(answer.error().diagrams.limit, Limit::None);
      EXPECT_GT(answer.error().diagrams.counters.nodes, 0U);
    }
  }
}

TEST(Question, MemoryIsLimitedToo) {
  const Answered answer =
      decide_equal(alone(product_of_sum()), alone(product_of_halves()), {}, Precision::Exact, small,
                   solver({milliseconds(20'000), std::size_t{1} << 20}));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().decider, GaveUp::Memory);
}

TEST(Question, ReachabilityOfManyPlacesSharesOneTimeLimit) {
  // Twenty branches that are never taken, which nobody proves.
  std::vector<Instruction> hard{load(4),
                                tax(),
                                load(6),
                                op(Operation::Add, Operand::X),
                                tax(),
                                load(8),
                                op(Operation::Mul, Operand::X),
                                op(Operation::St, Operand::Scratch, 1)};
  const auto halves = product_of_halves();
  hard.insert(hard.end(), halves.instructions().begin(), halves.instructions().end() - 1);
  hard.push_back(op(Operation::Ldx, Operand::Scratch, 1));
  std::vector<Place> places;
  for (int i = 0; i < 20; ++i) {
    hard.push_back(op(Operation::Add, Operand::Immediate, 1));
    hard.push_back(op(Operation::Jeq, Operand::X, 0, 0, 1));
    places.push_back({hard.size(), std::nullopt});
    hard.push_back(ret(refuse));
  }
  hard.push_back(ret(allow));
  const auto start = std::chrono::steady_clock::now();
  const auto answers =
      decide_reachable(program(hard), places, {}, small, solver({milliseconds(1000)}));
  EXPECT_LT(std::chrono::steady_clock::now() - start, milliseconds(2000) + 2 * small.time);
  ASSERT_EQ(answers.size(), places.size());
  for (const Answered& answer : answers) {
    if (answer) {
      EXPECT_FALSE(answer->yes);
    } else {
      EXPECT_EQ(answer.error().decider, GaveUp::Time);
    }
  }
}

TEST(Question, WithoutADeciderTheDiagramsAreAlone) {
  const auto a = alone(product());
  const auto b = alone(program({ret(refuse)}));
  const Answered equal = decide_equal(a, b, {}, Precision::Normalised, small, nullptr);
  ASSERT_FALSE(equal);
  EXPECT_EQ(equal.error().diagrams.limit, Limit::Nodes);
  EXPECT_FALSE(equal.error().decider);
  const Place place{7, std::nullopt};
  EXPECT_FALSE(decide_reachable(product(), {&place, 1}, {}, small, nullptr).at(0));
  Manager manager(Order::for_programs(a), small);
  EXPECT_FALSE(decide_possible(Condition::always(manager), a, {&only_allow, 1}, {},
                               Precision::Normalised, nullptr));
  // Nor may a condition be used whose manager was exhausted before.
  EXPECT_FALSE(decide_possible(Condition::always(manager), b, {&only_allow, 1}, {},
                               Precision::Normalised, solver()));
}

}  // namespace
}  // namespace assay::smt
