#include "assay/symbolic/verdict_function.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "assay/bpf/assemble.hpp"
#include "assay/sample/constants.hpp"
#include "assay/sample/program.hpp"
#include "assay/seccomp/arch.hpp"
#include "assay/seccomp/special.hpp"
#include "assay/verify/accept.hpp"
#include "symbolic/proof.hpp"

namespace assay::symbolic {
namespace {

using seccomp::Action;
using seccomp::Verdict;
using seccomp::Words;
using verify::Program;

constexpr Verdict allow{0x7fff0000};
constexpr Verdict refuse{0x00050001};
constexpr Verdict kill{0x80000000};

Program program_of(std::string_view text) { return *verify::accept(bpf::assemble(text).value()); }

Manager manager_for(const Program& program) {
  return Manager(Order::for_programs(std::span(&program, 1)));
}

TEST(VerdictFunction, StrictModeIsThatOfTheKernel) {
  Manager manager(Order::fixed());
  const auto strict = VerdictFunction::strict(manager);
  ASSERT_TRUE(strict);
  EXPECT_EQ(strict->verdicts(), (std::vector<Verdict>{{0}, allow}));
  for (const seccomp::ArchInfo& arch : seccomp::arches)
    for (std::uint32_t nr = 0; nr < 1'100; ++nr) {
      const seccomp::SeccompData data{nr | arch.nr_bit, arch.audit, 0, {}};
      const bool runs = seccomp::strict_verdict(data) == seccomp::StrictVerdict::Runs;
      ASSERT_EQ(strict->at(seccomp::words(data, arch.order)), runs ? allow : Verdict{0})
          << arch.token << " " << nr;
    }
}

TEST(VerdictFunction, OfCasesTheFirstThatHolds) {
  for (std::uint64_t index = 0; index < 200; ++index) {
    sample::Random random(61, index);
    Manager manager(Order::fixed());
    std::vector<VerdictFunction::Case> cases;
    for (std::uint32_t i = random.below(6); i > 0; --i) {
      const std::uint32_t first = random.below(40);
      cases.emplace_back(
          in_range(Term::word(manager, random.below(2)), first, first + random.below(20)),
          random.pick(std::array{allow, refuse, kill}));
    }
    const auto function = VerdictFunction::of_cases(manager, cases, refuse);
    ASSERT_TRUE(function);
    for (std::uint32_t nr = 0; nr < 64; ++nr)
      for (std::uint32_t arch = 0; arch < 64; ++arch) {
        const Words words{nr, arch};
        const auto at = std::find_if(cases.begin(), cases.end(),
                                     [&](const auto& one) { return one.first.holds(words); });
        ASSERT_EQ(function->at(words), at == cases.end() ? refuse : at->second) << index;
      }
    EXPECT_EQ(manager.check(), std::nullopt);
  }
}

TEST(VerdictFunction, ThatItCannotTellApartIsOne) {
  const Program programs[] = {
      program_of("ld [0]\njeq #59, +0, +1\nret #0x7fff0000\nret #0x00050001"),
      program_of("ld [0]\nxor #59\njgt #0, +1, +0\nret #0x7fff1234\nret #0x00050001"),
      program_of(
          "ld [4]\ntax\nld [0]\nsub x\nadd x\njeq #59, +1, +0\nret #0x00050001\nret #0x7fff0000"),
  };
  Manager manager(Order::for_programs(programs));
  const auto first = VerdictFunction::of(manager, programs[0]);
  for (const Program& program : programs)
    EXPECT_TRUE(manager.equal(*first, *VerdictFunction::of(manager, program)));
  const auto exact = VerdictFunction::of(manager, programs[0], {}, Precision::Exact);
  const auto other = VerdictFunction::of(manager, programs[1], {}, Precision::Exact);
  EXPECT_FALSE(manager.equal(*exact, *other));
  EXPECT_EQ(exact->differs(*other).count(), Count::power_of_two(480));
  EXPECT_EQ(fingerprint(std::span(&programs[0], 1)).value(),
            fingerprint(std::span(&programs[1], 1)).value());
}

TEST(VerdictFunction, DiffersWhereOneBitIsOff) {
  const Program a = program_of("ld [16]\njge #7, +0, +1\nret #0\nret #0x7fff0000");
  const Program b = program_of("ld [16]\njgt #7, +0, +1\nret #0\nret #0x7fff0000");
  const Program both[] = {a, b};
  Manager manager(Order::for_programs(both));
  const Condition differs =
      VerdictFunction::of(manager, a)->differs(*VerdictFunction::of(manager, b));
  EXPECT_TRUE(manager.equal(differs, compare(Term::word(manager, 4), Comparison::Equal, 7)));
}

TEST(VerdictFunction, ReturnsOfAHaveEveryMeaningOnce) {
  const Program program = program_of("ld [0]\nret a");
  Manager manager = manager_for(program);
  const auto function = VerdictFunction::of(manager, program);
  ASSERT_TRUE(function);
  // TRAP and TRACE with 65,536 data each, ERRNO with 4,096, five others without.
  EXPECT_EQ(function->verdicts().size(), 2U * 65'536 + 4'096 + 5);
  EXPECT_EQ(function->where(Verdict{0x00050fff}).count(),
            [] {  // 4095 and everything above
              Count count;
              for (std::uint32_t i = 0; i < 0x10000 - 4095; ++i)
                count = count + Count::power_of_two(480);
              return count;
            }());
}

TEST(VerdictFunction, ReturnsOfALimitedAAreFew) {
  const Program program = program_of("ld [0]\njgt #3, +1, +0\nret a\nret #9");
  Manager manager = manager_for(program);
  const auto function = VerdictFunction::of(manager, program, {}, Precision::Exact);
  ASSERT_TRUE(function);
  EXPECT_EQ(function->verdicts(), (std::vector<Verdict>{{0}, {1}, {2}, {3}, {9}}));
}

// Groups of a word's values: the rest of the function is the same within one, and other in
// each; all values are in one.
void expect_groups(Manager& manager, const VerdictFunction& function, std::size_t word,
                   sample::Random& random, std::span<const std::uint32_t> constants) {
  const auto groups = function.groups_of(word);
  ASSERT_TRUE(groups);
  std::vector<Condition::Range> all;
  for (std::size_t i = 0; i < groups->size(); ++i) {
    const auto& group = (*groups)[i];
    for (std::size_t j = i + 1; j < groups->size(); ++j)
      ASSERT_FALSE(manager.equal(group.rest, (*groups)[j].rest));
    for (const Condition::Range& range : group.values) {
      all.push_back(range);
      for (const std::uint32_t value : {range.first, range.last})
        ASSERT_TRUE(manager.equal(function.with_word(word, value), group.rest));
    }
  }
  std::sort(all.begin(), all.end(), [](auto& p, auto& q) { return p.first < q.first; });
  std::uint64_t next = 0;
  for (const Condition::Range& range : all) {
    ASSERT_EQ(range.first, next);
    next = std::uint64_t{range.last} + 1;
  }
  ASSERT_EQ(next, std::uint64_t{1} << 32);
  for (int i = 0; i < 10; ++i) {
    const std::uint32_t value = sample::near(random, random.pick(constants));
    for (const auto& group : *groups)
      for (const Condition::Range& range : group.values)
        if (value >= range.first && value <= range.last) {
          ASSERT_TRUE(manager.equal(function.with_word(word, value), group.rest));
        }
  }
}

TEST(VerdictFunction, GroupsTheValuesOfAWord) {
  for (std::uint64_t index = 0; index < 200; ++index) {
    sample::Random random(62, index);
    Manager manager(index % 2 == 0 ? Order::fixed() : Order({}));
    std::vector<std::uint32_t> constants{0, 0xffffffff};
    const auto drawn = [&] {
      constants.push_back(sample::any_constant(random));
      const Term word = Term::word(manager, 3 + random.below(3));
      return compare(random.one_in(3) ? word.masked(constants.front()) : word,
                     random.pick(std::array{Comparison::Equal, Comparison::Less}),
                     constants.back());
    };
    std::vector<VerdictFunction::Case> cases;
    for (std::uint32_t i = 1 + random.below(6); i > 0; --i)
      cases.emplace_back(drawn() & !drawn(), random.pick(std::array{allow, refuse, kill}));
    const auto function = VerdictFunction::of_cases(manager, cases, refuse);
    ASSERT_TRUE(function);
    for (std::size_t word = 3; word < 7; ++word) {
      expect_groups(manager, *function, word, random, constants);
      ASSERT_FALSE(HasFatalFailure()) << index << ", word " << word;
    }
    ASSERT_FALSE(manager.exhausted());
    ASSERT_EQ(manager.check(), std::nullopt);
  }
}

// Whatever the budget is: the right answer or none.
TEST(VerdictFunction, IsNeverWrongUnderATinyBudget) {
  std::uint64_t decided = 0;
  std::uint64_t not_decided = 0;
  for (std::uint64_t index = 0; index < 4'000; ++index) {
    sample::Random random(63, index);
    const Program program = sample::accepted_program(random, 40);
    const Order order = Order::for_programs(std::span(&program, 1));
    Manager large(order, {1 << 15, test::small_budget.time});
    const auto truth = VerdictFunction::of(large, program);
    if (!truth) continue;
    const Budget tiny{500 + random.below(400), test::small_budget.time};
    Manager small(order, tiny);
    const auto function = VerdictFunction::of(small, program);
    EXPECT_LE(small.counters().nodes, 2 * tiny.nodes);
    ++(function ? decided : not_decided);
    if (!function) {
      EXPECT_TRUE(small.exhausted());
      continue;
    }
    ASSERT_EQ(function->verdicts(), truth->verdicts()) << index;
    for (const Verdict verdict : truth->verdicts()) {
      const auto witness = truth->where(verdict).witness();
      ASSERT_TRUE(witness);
      ASSERT_EQ(function->at(*witness), verdict) << index;
      for (int i = 0; i < 4; ++i) {
        const Words words = test::neighbour(random, *witness);
        ASSERT_EQ(function->at(words), truth->at(words)) << index;
      }
      if (large.exhausted()) break;
    }
  }
  EXPECT_GT(decided, 500U);
  EXPECT_GT(not_decided, 300U);
}

TEST(VerdictFunction, AProductOfWordsIsNotDecidedAndSaysWhy) {
  const Program program =
      program_of("ld [16]\ntax\nld [24]\nmul x\ntax\nld [32]\njeq x, +0, +1\nret #0\nret #1");
  Manager manager(Order::for_programs(std::span(&program, 1)), {1 << 16, test::small_budget.time});
  const auto function = VerdictFunction::of(manager, program);
  ASSERT_FALSE(function);
  EXPECT_EQ(function.error().limit, Limit::Nodes);
  EXPECT_GE(function.error().counters.nodes, std::size_t{1} << 16);
}

// With every table. Powers of two, at which these are fullest for what they take.
TEST(VerdictFunction, TakesNoMoreMemoryThanItsNodesWeigh) {
  const Program program =
      program_of("ld [16]\ntax\nld [24]\nmul x\ntax\nld [32]\njeq x, +0, +1\nret #0\nret a");
  for (const std::size_t nodes : {std::size_t{1} << 16, std::size_t{1} << 18}) {
    Manager manager(Order::fixed(), {nodes, test::small_budget.time});
    ASSERT_FALSE(VerdictFunction::of(manager, program));
    EXPECT_GE(manager.bytes(), nodes * node_bytes / 2);
    EXPECT_LE(manager.bytes(), nodes * node_bytes + (std::size_t{1} << 18));
  }
}

TEST(VerdictFunction, OfAnEmptyStackAllowsEverything) {
  Manager manager(Order::fixed());
  const auto function = VerdictFunction::of_stack(manager, std::span<const Program>{});
  ASSERT_TRUE(function);
  EXPECT_EQ(function->constant(), allow);
}

}  // namespace
}  // namespace assay::symbolic
