#include "symbolic/value_diagram.hpp"

#include <gtest/gtest.h>

#include <set>

#include "symbolic/truth_table.hpp"

namespace assay::symbolic {
namespace {

using test::Variables;

constexpr std::size_t variables_of_function = 8;
constexpr std::size_t rows = std::size_t{1} << variables_of_function;
using Values = std::array<std::uint32_t, rows>;

struct ValueFunction {
  ValueEdge edge;
  Values values;
};

struct Drawn {
  explicit Drawn(std::uint64_t index)
      : random(9, index),
        variables(test::drawn_variables(random, variables_of_function, 512)),
        conditions(test::drawn_functions(random, diagram, variables, 40)) {
    for (std::uint32_t value = 0; value < 4; ++value) {
      Values all;
      all.fill(value);
      functions.push_back({value_diagram.leaf(value), all});
    }
    for (int i = 0; i < 25; ++i) functions.push_back(any_choice());
  }

  ValueFunction any_choice() {
    const test::Function condition = random.pick(conditions);
    const ValueFunction then = random.pick(functions);
    ValueFunction result = random.pick(functions);
    result.edge = value_diagram.choice(condition.edge, then.edge, result.edge);
    for (std::size_t row = 0; row < rows; ++row)
      if (condition.table[row]) result.values[row] = then.values[row];
    return result;
  }

  Values values(ValueEdge f) const {
    Values result;
    for (std::size_t row = 0; row < rows; ++row) {
      ValueEdge at = f;
      while (!value_diagram.is_leaf(at))
        at = (row >> variables.at(value_diagram.level(at)) & 1) != 0 ? value_diagram.high(at)
                                                                     : value_diagram.low(at);
      result[row] = value_diagram.value(at);
    }
    return result;
  }

  // Whether the condition holds exactly where a row is accepted.
  template <class Accepted>
  bool is(Edge condition, Accepted accepted) const {
    const test::Table table = test::Tabulation(diagram, variables).of(condition);
    for (std::size_t row = 0; row < rows; ++row)
      if (table[row] != accepted(row)) return false;
    return true;
  }

  sample::Random random;
  Diagram diagram;
  ValueDiagram value_diagram{diagram};
  Variables variables;
  std::vector<test::Function> conditions;
  std::vector<ValueFunction> functions;
};

constexpr std::uint64_t rounds = 60;

TEST(ValueDiagram, ChoiceTakesOneOfBoth) {
  for (std::uint64_t index = 0; index < rounds; ++index) {
    const Drawn drawn(index);
    for (const ValueFunction& f : drawn.functions) ASSERT_EQ(drawn.values(f.edge), f.values);
    ASSERT_EQ(drawn.value_diagram.check(), std::nullopt);
  }
}

TEST(ValueDiagram, EqualFunctionsAreEqualHandles) {
  for (std::uint64_t index = 0; index < rounds; ++index) {
    const Drawn drawn(index);
    for (const ValueFunction& f : drawn.functions)
      for (const ValueFunction& g : drawn.functions)
        ASSERT_EQ(f.edge == g.edge, f.values == g.values);
  }
}

TEST(ValueDiagram, WordsBecomeValuesWhereAConditionHolds) {
  for (std::uint64_t index = 0; index < rounds; ++index) {
    Drawn drawn(index);
    const std::uint32_t base = drawn.random.bits();
    Word word = Word::constant(base);
    Values expected;
    expected.fill(base);
    for (int i = 0; i < 6; ++i) {
      const std::size_t bit = drawn.random.below(32);
      const test::Function f = drawn.random.pick(drawn.conditions);
      word.bits[bit] = f.edge;
      for (std::size_t row = 0; row < rows; ++row)
        expected[row] = f.table[row] ? expected[row] | 1U << bit : expected[row] & ~(1U << bit);
    }
    const test::Function condition = drawn.random.pick(drawn.conditions);
    for (std::size_t row = 0; row < rows; ++row)
      if (!condition.table[row]) expected[row] = 0;
    ASSERT_EQ(drawn.values(drawn.value_diagram.of(condition.edge, word)), expected) << index;
  }
}

TEST(ValueDiagram, MapsAndCombinesRowByRow) {
  for (std::uint64_t index = 0; index < rounds; ++index) {
    Drawn drawn(index);
    const ValueFunction f = drawn.random.pick(drawn.functions);
    const ValueFunction g = drawn.random.pick(drawn.functions);
    const Values halved =
        drawn.values(drawn.value_diagram.mapped(f.edge, [](std::uint32_t v) { return v / 2; }));
    const auto both = [](std::uint32_t p, std::uint32_t q) { return 5 * p + q; };
    const Values combined = drawn.values(drawn.value_diagram.combined(f.edge, g.edge, both));
    for (std::size_t row = 0; row < rows; ++row) {
      ASSERT_EQ(halved[row], f.values[row] / 2);
      ASSERT_EQ(combined[row], both(f.values[row], g.values[row]));
    }
    ASSERT_EQ(drawn.value_diagram.check(), std::nullopt);
  }
}

TEST(ValueDiagram, WhereAndDifferAreConditions) {
  for (std::uint64_t index = 0; index < rounds; ++index) {
    Drawn drawn(index);
    const ValueFunction f = drawn.random.pick(drawn.functions);
    const ValueFunction g = drawn.random.pick(drawn.functions);
    const auto odd = [](std::uint32_t v) { return v % 2 == 1; };
    ASSERT_TRUE(drawn.is(drawn.value_diagram.where(f.edge, odd),
                         [&](std::size_t row) { return odd(f.values[row]); }));
    ASSERT_TRUE(drawn.is(drawn.value_diagram.differ(f.edge, g.edge),
                         [&](std::size_t row) { return f.values[row] != g.values[row]; }));
    ASSERT_EQ(drawn.diagram.check(), std::nullopt);
  }
}

TEST(ValueDiagram, ListsItsValues) {
  for (std::uint64_t index = 0; index < rounds; ++index) {
    const Drawn drawn(index);
    for (const ValueFunction& f : drawn.functions) {
      const std::set<std::uint32_t> expected(f.values.begin(), f.values.end());
      const auto found = drawn.value_diagram.values(f.edge);
      ASSERT_TRUE(std::equal(found.begin(), found.end(), expected.begin(), expected.end()));
    }
  }
}

TEST(ValueDiagram, RestrictFixesOneBit) {
  for (std::uint64_t index = 0; index < rounds; ++index) {
    Drawn drawn(index);
    const ValueFunction f = drawn.random.pick(drawn.functions);
    const std::size_t v = drawn.random.below(variables_of_function);
    const bool value = drawn.random.one_in(2);
    const Values found =
        drawn.values(drawn.value_diagram.restrict(f.edge, drawn.variables.levels[v], value));
    for (std::size_t row = 0; row < rows; ++row) {
      const std::size_t bit = std::size_t{1} << v;
      ASSERT_EQ(found[row], f.values[value ? row | bit : row & ~bit]);
    }
  }
}

}  // namespace
}  // namespace assay::symbolic
