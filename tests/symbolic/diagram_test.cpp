// Operations against truth tables.
#include "symbolic/diagram.hpp"

#include <gtest/gtest.h>

#include "symbolic/truth_table.hpp"

namespace assay::symbolic {
namespace {

using test::Function;
using test::Table;
using test::Tabulation;
using test::Variables;

constexpr std::uint64_t rounds = 300;

struct Drawn {
  explicit Drawn(std::uint64_t index, std::size_t more = 80)
      : random(7, index),
        variables(test::drawn_variables(random, 1 + random.below(test::most_variables), 512)),
        pool(test::drawn_functions(random, diagram, variables, more)) {}

  Table table(Edge f) const { return Tabulation(diagram, variables).of(f); }
  Function any() { return random.pick(pool); }

  sample::Random random;
  Diagram diagram;
  Variables variables;
  std::vector<Function> pool;
};

TEST(Diagram, FunctionsHaveTheirTruthTables) {
  for (std::uint64_t index = 0; index < rounds; ++index) {
    const Drawn drawn(index);
    for (const Function& f : drawn.pool) ASSERT_EQ(drawn.table(f.edge), f.table) << index;
    ASSERT_EQ(drawn.diagram.check(), std::nullopt);
    ASSERT_FALSE(drawn.diagram.exhausted());
  }
}

TEST(Diagram, EqualFunctionsAreEqualEdges) {
  for (std::uint64_t index = 0; index < rounds; ++index) {
    const Drawn drawn(index);
    for (const Function& f : drawn.pool)
      for (const Function& g : drawn.pool) ASSERT_EQ(f.edge == g.edge, f.table == g.table) << index;
  }
}

TEST(Diagram, MeetIsWhetherTheConjunctionHolds) {
  for (std::uint64_t index = 0; index < rounds; ++index) {
    Drawn drawn(index);
    const std::size_t before = drawn.diagram.counters().nodes;
    for (const Function& f : drawn.pool)
      for (const Function& g : drawn.pool)
        ASSERT_EQ(drawn.diagram.meet(f.edge, g.edge), (f.table & g.table).any()) << index;
    EXPECT_EQ(drawn.diagram.counters().nodes, before);
  }
}

Table with(const Table& table, std::size_t variable, bool value) {
  Table result;
  for (std::size_t row = 0; row < test::table_rows; ++row) {
    const std::size_t bit = std::size_t{1} << variable;
    result[row] = table[value ? row | bit : row & ~bit];
  }
  return result;
}

TEST(Diagram, RestrictFixesOneBit) {
  for (std::uint64_t index = 0; index < rounds; ++index) {
    Drawn drawn(index);
    for (int i = 0; i < 10; ++i) {
      const Function f = drawn.any();
      const auto count = static_cast<std::uint32_t>(drawn.variables.levels.size());
      const std::size_t v = drawn.random.below(count);
      const bool value = drawn.random.one_in(2);
      const Edge restricted = drawn.diagram.restrict(f.edge, drawn.variables.levels[v], value);
      ASSERT_EQ(drawn.table(restricted), with(f.table, v, value)) << index;
    }
    ASSERT_EQ(drawn.diagram.check(), std::nullopt);
  }
}

TEST(Diagram, SupportIsWhatChangesTheAnswer) {
  for (std::uint64_t index = 0; index < rounds / 3; ++index) {
    const Drawn drawn(index);
    for (std::size_t i = 0; i < drawn.pool.size(); i += 5) {
      const Function& f = drawn.pool[i];
      std::vector<bool> levels = drawn.diagram.support(f.edge);
      levels.resize(512);
      std::vector<bool> expected(512);
      for (std::size_t v = 0; v < drawn.variables.levels.size(); ++v)
        expected[drawn.variables.levels[v]] = with(f.table, v, false) != with(f.table, v, true);
      ASSERT_EQ(levels, expected) << index;
    }
  }
}

struct DrawnChain {
  DrawnChain(sample::Random& random, const Variables& variables) : end(random.one_in(2)) {
    for (const std::uint32_t level : variables.levels)
      if (random.one_in(2)) links.push_back({level, random.one_in(2), random.one_in(2)});
  }
  Chain chain() const { return {links, end}; }
  Table table(const Variables& variables) const {
    Table result;
    for (std::size_t row = 0; row < test::table_rows; ++row) result[row] = answer(variables, row);
    return result;
  }
  bool answer(const Variables& variables, std::size_t row) const {
    for (const Link& link : links)
      if ((row >> variables.at(link.level) & 1) != std::size_t{link.on}) return link.left;
    return end;
  }
  std::vector<Link> links;
  bool end;
};

TEST(Diagram, AChainAnswersAtItsLinks) {
  for (std::uint64_t index = 0; index < rounds; ++index) {
    Drawn drawn(index, 0);
    const DrawnChain chain(drawn.random, drawn.variables);
    ASSERT_EQ(drawn.table(drawn.diagram.of(chain.chain())), chain.table(drawn.variables)) << index;
    ASSERT_EQ(drawn.diagram.check(), std::nullopt);
  }
}

TEST(Diagram, SplitIsTwoConjunctions) {
  for (std::uint64_t index = 0; index < 4 * rounds; ++index) {
    Drawn drawn(index);
    for (int i = 0; i < 10; ++i) {
      const Function f = drawn.any();
      const DrawnChain chain(drawn.random, drawn.variables);
      const Diagram::Halves halves = drawn.diagram.split(f.edge, chain.chain());
      const Edge whole = drawn.diagram.of(chain.chain());
      ASSERT_EQ(halves.holds, drawn.diagram.conjunction(f.edge, whole)) << index;
      ASSERT_EQ(halves.fails, drawn.diagram.conjunction(f.edge, !whole)) << index;
    }
    ASSERT_EQ(drawn.diagram.check(), std::nullopt);
  }
}

TEST(Diagram, LiteralsAreSingleVariables) {
  Diagram diagram;
  const Edge p = diagram.variable(3);
  const Edge q = diagram.variable(5);
  EXPECT_TRUE(diagram.is_literal(p));
  EXPECT_TRUE(diagram.is_literal(!p));
  EXPECT_FALSE(diagram.is_literal(yes));
  EXPECT_FALSE(diagram.is_literal(no));
  EXPECT_FALSE(diagram.is_literal(diagram.conjunction(p, q)));
  EXPECT_FALSE(diagram.is_literal(diagram.exclusive(p, q)));
}

// The middle bit of a product of two numbers, which no order keeps small.
void exhaust(Diagram& diagram) {
  Edge carry = no;
  for (std::uint32_t i = 0; i < 24 && !diagram.exhausted(); ++i)
    for (std::uint32_t j = 0; j < 24 && !diagram.exhausted(); ++j) {
      const Edge both =
          diagram.conjunction(diagram.variable(i), diagram.variable(24 + (i * j) % 24));
      carry = diagram.choice(both, diagram.exclusive(carry, diagram.variable(48 + (i + j) % 24)),
                             carry);
    }
}

TEST(Diagram, StaysWithinItsNodesAndSaysSo) {
  Diagram diagram({1000, std::chrono::milliseconds(10'000)});
  exhaust(diagram);
  ASSERT_TRUE(diagram.exhausted());
  EXPECT_EQ(diagram.not_decided().limit, Limit::Nodes);
  EXPECT_LE(diagram.counters().nodes, 1000U);
  EXPECT_EQ(diagram.check(), std::nullopt);
  EXPECT_EQ(diagram.conjunction(diagram.variable(1), diagram.variable(2)), no);
}

// An edge has no room for more, whatever the budget says.
TEST(Diagram, HasNoMoreNodesThanEdgesCanName) {
  const Diagram diagram({~std::size_t{0}, std::chrono::milliseconds(10'000)});
  EXPECT_EQ(diagram.most_nodes(), std::size_t{1} << 30);
}

TEST(Diagram, WhatElseIsChargedSharesTheBudget) {
  Diagram diagram({1000, std::chrono::milliseconds(10'000)});
  EXPECT_TRUE(diagram.charge(900));
  diagram.refund(900);
  EXPECT_TRUE(diagram.charge(900));
  EXPECT_EQ(diagram.counters().nodes, 901U);
  EXPECT_FALSE(diagram.charge(100));
  EXPECT_EQ(diagram.not_decided().limit, Limit::Nodes);
}

TEST(Diagram, StaysWithinItsTimeAndSaysSo) {
  Diagram diagram({std::size_t{1} << 24, std::chrono::milliseconds(0)});
  exhaust(diagram);
  ASSERT_TRUE(diagram.exhausted());
  EXPECT_EQ(diagram.not_decided().limit, Limit::Time);
  EXPECT_EQ(diagram.check(), std::nullopt);
}

}  // namespace
}  // namespace assay::symbolic
