// Arithmetic on functions against arithmetic on numbers, for every assignment of a few
// variables of which the operands' bits are made.
#include "symbolic/word.hpp"

#include <gtest/gtest.h>

#include "assay/sample/constants.hpp"
#include "symbolic/truth_table.hpp"

namespace assay::symbolic {
namespace {

using bpf::Operation;
using seccomp::ShiftRule;
using test::Function;
using test::Table;
using test::Variables;

constexpr std::size_t variables_of_word = 7;
constexpr std::size_t assignments = std::size_t{1} << variables_of_word;

// A word next to its value for each assignment.
struct Operand {
  Word word;
  std::array<std::uint32_t, assignments> values{};
};

Operand drawn_operand(sample::Random& random, const std::vector<Function>& pool) {
  Operand result;
  const std::uint32_t base = sample::any_constant(random);
  const std::uint32_t constant_in = 1 + random.below(12);
  for (std::size_t bit = 0; bit < 32; ++bit) {
    const bool set = (base >> bit & 1) != 0;
    const Function f = random.below(12) < constant_in ? pool[set ? 0 : 1] : random.pick(pool);
    result.word.bits[bit] = f.edge;
    for (std::size_t i = 0; i < assignments; ++i)
      if (f.table[i]) result.values[i] |= 1U << bit;
  }
  return result;
}

std::uint32_t on_numbers(Operation operation, std::uint32_t a, std::uint32_t b, ShiftRule rule) {
  const std::uint32_t count = seccomp::shift_count(rule, b);
  switch (operation) {
    case Operation::Add: return a + b;
    case Operation::Sub: return a - b;
    case Operation::Mul: return a * b;
    case Operation::Div: return b == 0 ? 0 : a / b;
    case Operation::Or: return a | b;
    case Operation::And: return a & b;
    case Operation::Xor: return a ^ b;
    case Operation::Lsh: return count < 32 ? a << count : 0;
    case Operation::Rsh: return count < 32 ? a >> count : 0;
    default: return 0 - a;
  }
}

bool on_numbers(Operation comparison, std::uint32_t a, std::uint32_t b) {
  switch (comparison) {
    case Operation::Jeq: return a == b;
    case Operation::Jgt: return a > b;
    case Operation::Jge: return a >= b;
    default: return (a & b) != 0;
  }
}

std::uint32_t at(test::Tabulation& tabulation, const Word& word, std::size_t assignment) {
  std::uint32_t value = 0;
  for (std::size_t bit = 0; bit < 32; ++bit)
    if (tabulation.of(word.bits[bit])[assignment]) value |= 1U << bit;
  return value;
}

constexpr auto operations = std::to_array<Operation>(
    {Operation::Add, Operation::Sub, Operation::Mul, Operation::Div, Operation::Or, Operation::And,
     Operation::Xor, Operation::Lsh, Operation::Rsh, Operation::Neg});
constexpr auto comparisons =
    std::to_array<Operation>({Operation::Jeq, Operation::Jgt, Operation::Jge, Operation::Jset});
constexpr auto rules = std::to_array<ShiftRule>(
    {ShiftRule::Modulo32, ShiftRule::Modulo64ZeroAbove31, ShiftRule::Modulo256ZeroAbove31});

struct Drawn {
  explicit Drawn(std::uint64_t index)
      : random(5, index),
        variables(test::drawn_variables(random, variables_of_word, 64)),
        pool(test::drawn_functions(random, diagram, variables, 20)),
        a(drawn_operand(random, pool)),
        b(drawn_operand(random, pool)) {}
  sample::Random random;
  Diagram diagram;
  Variables variables;
  std::vector<Function> pool;
  Operand a;
  Operand b;
};

TEST(Word, ArithmeticIsThatOfNumbers) {
  for (std::uint64_t index = 0; index < 150; ++index) {
    Drawn drawn(index);
    test::Tabulation tabulation(drawn.diagram, drawn.variables);
    for (const Operation operation : operations) {
      for (const ShiftRule rule : rules) {
        const Word result = arithmetic(drawn.diagram, operation, drawn.a.word, drawn.b.word, rule);
        for (std::size_t i = 0; i < assignments; ++i) {
          if (operation == Operation::Div && drawn.b.values[i] == 0) continue;
          ASSERT_EQ(at(tabulation, result, i),
                    on_numbers(operation, drawn.a.values[i], drawn.b.values[i], rule))
              << index << ", operation " << static_cast<int>(operation) << ", " << drawn.a.values[i]
              << ", " << drawn.b.values[i];
        }
        if (operation != Operation::Lsh && operation != Operation::Rsh) break;
      }
    }
    ASSERT_EQ(drawn.diagram.check(), std::nullopt);
  }
}

TEST(Word, ComparisonsAreThoseOfNumbers) {
  for (std::uint64_t index = 0; index < 400; ++index) {
    Drawn drawn(index);
    test::Tabulation tabulation(drawn.diagram, drawn.variables);
    for (const Operation comparison : comparisons) {
      const Table table =
          tabulation.of(compare(drawn.diagram, comparison, drawn.a.word, drawn.b.word));
      for (std::size_t i = 0; i < assignments; ++i)
        ASSERT_EQ(table[i], on_numbers(comparison, drawn.a.values[i], drawn.b.values[i]))
            << index << ", comparison " << static_cast<int>(comparison);
    }
  }
}

TEST(Word, ChoiceTakesOneOfBoth) {
  for (std::uint64_t index = 0; index < 100; ++index) {
    Drawn drawn(index);
    const Function condition = drawn.random.pick(drawn.pool);
    const Word result = choice(drawn.diagram, condition.edge, drawn.a.word, drawn.b.word);
    test::Tabulation tabulation(drawn.diagram, drawn.variables);
    for (std::size_t i = 0; i < assignments; ++i)
      ASSERT_EQ(at(tabulation, result, i),
                condition.table[i] ? drawn.a.values[i] : drawn.b.values[i]);
  }
}

TEST(Word, ConstantsAreConstant) {
  for (const std::uint32_t value : sample::boundary_constants)
    EXPECT_EQ(Word::constant(value).constant(), value);
  Diagram diagram;
  Word word = Word::constant(9);
  word.bits[4] = diagram.variable(0);
  EXPECT_EQ(word.constant(), std::nullopt);
}

// Bits that are constants or variables, rising or not, perhaps one twice.
Word drawn_literals(sample::Random& random, Diagram& diagram, bool rising) {
  Word word;
  std::uint32_t level = 0;
  for (std::size_t bit = 32; bit-- > 0;) {
    level += random.below(3);
    if (random.one_in(4)) {
      word.bits[bit] = random.one_in(2) ? yes : no;
      continue;
    }
    const Edge variable = diagram.variable(rising ? ++level : random.below(80));
    word.bits[bit] = random.one_in(2) ? variable : !variable;
  }
  return word;
}

TEST(CompareChain, IsTheComparison) {
  std::size_t chains = 0;
  for (std::uint64_t index = 0; index < 20'000; ++index) {
    sample::Random random(6, index);
    Diagram diagram;
    const bool rising = !random.one_in(4);
    const Word word = drawn_literals(random, diagram, rising);
    const std::uint32_t k = sample::any_constant(random);
    for (const Operation comparison : comparisons) {
      const auto links = compare_chain(diagram, comparison, word, k);
      ASSERT_TRUE(links || !rising) << index;
      if (!links) continue;
      ++chains;
      ASSERT_EQ(diagram.of(links->chain()), compare(diagram, comparison, word, Word::constant(k)))
          << index << ", comparison " << static_cast<int>(comparison) << ", k " << k;
    }
  }
  EXPECT_GT(chains, 60'000U);
}

TEST(CompareChain, WantsVariables) {
  Diagram diagram;
  Word word = Word::constant(0);
  word.bits[3] = diagram.conjunction(diagram.variable(1), diagram.variable(2));
  EXPECT_FALSE(compare_chain(diagram, Operation::Jeq, word, 8));
}

}  // namespace
}  // namespace assay::symbolic
