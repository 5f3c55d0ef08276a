#include "assay/text/difference.hpp"

#include <gtest/gtest.h>

#include "assay/text/assembly.hpp"
#include "assay/text/verdict.hpp"
#include "assay/verify/accept.hpp"

namespace assay::text {
namespace {

using symbolic::Condition;
using symbolic::Manager;
using symbolic::Order;
using symbolic::VerdictFunction;
using verify::Program;

const char* const filters[] = {
    "ret #ALLOW",
    "ret #KILL_PROCESS",
    "ld [nr]\njeq #59, +0, +1\nret #ERRNO(1)\nret #ALLOW",
    "ld [nr]\njeq #59, +0, +1\nret #ERRNO(2)\nret #ALLOW",
    "ld [nr]\njge #512, +0, +1\nret #KILL_PROCESS\nret #LOG",
    "ld [arch]\njeq #AUDIT_ARCH_X86_64, +0, +4\nld [nr]\njeq #257, +0, +2\nld [args[2].lo]\n"
    "jset #3, +1, +0\nret #ALLOW\nret #ERRNO(13)",
    "ld [arch]\njeq #AUDIT_ARCH_S390X, +0, +4\nld [nr]\njeq #5, +0, +2\nld [args[1].hi]\n"
    "jset #3, +1, +0\nret #ALLOW\nret #TRAP(7)",
    "ld [args[0].lo]\njge #100, +0, +1\nret #LOG\nret #ALLOW",
};

Program program(std::string_view text) { return verify::accept(assemble(text).value()).value(); }

constexpr Told unequal{};
constexpr Told weaker{true, {}};

void expect_whole(const Told& told, const char* first, const char* second) {
  SCOPED_TRACE(std::string(first) + "\n---\n" + second);
  Manager manager{Order::fixed()};
  const auto a = VerdictFunction::of(manager, program(first)).value();
  const auto b = VerdictFunction::of(manager, program(second)).value();
  const auto differences = differences_of(a, b, told);
  ASSERT_TRUE(differences);
  Condition all = Condition::never(manager);
  for (const Difference& difference : *differences) {
    EXPECT_FALSE(difference.inputs.is_never());
    EXPECT_FALSE(difference.inputs.meets(all)) << "said twice";
    EXPECT_TRUE(told(difference.a, difference.b));
    EXPECT_TRUE(difference.inputs.implies(a.where(difference.a) & b.where(difference.b)));
    EXPECT_TRUE(difference.inputs.implies(inputs_of(manager, difference.where.condition)));
    all = all | difference.inputs;
  }
  EXPECT_TRUE(manager.equal(all, differing(a, b, told)));
  EXPECT_EQ(manager.check(), std::nullopt);
}

TEST(Difference, IsWholeAndSaidOnce) {
  for (const char* const a : filters)
    for (const char* const b : filters) {
      expect_whole(unequal, a, b);
      expect_whole(weaker, a, b);
    }
}

TEST(Difference, NamesCallsConditionsAndVerdicts) {
  Manager manager{Order::fixed()};
  const auto a = VerdictFunction::of(manager, program(filters[5])).value();
  const auto b = VerdictFunction::of(manager, program(filters[0])).value();
  const auto differences = differences_of(a, b, unequal).value();
  ASSERT_EQ(differences.size(), 1U);
  EXPECT_EQ(name(differences[0].scope), "x86_64");
  const auto calls = syscalls_of(differences[0].scope, differences[0].where);
  ASSERT_EQ(calls.size(), 1U);
  EXPECT_EQ(calls[0].name, "openat");
  EXPECT_EQ(to_text(differences[0].where.condition), "(arg2 & 0x3) != 0");
  EXPECT_EQ(to_text(differences[0].a), "ERRNO(13)");
  EXPECT_EQ(to_text(differences[0].b), "ALLOW");
}

TEST(Difference, OfThousandsOfVerdictsHasNoShortForm) {
  Manager manager{Order::fixed()};
  const auto a = VerdictFunction::of(manager, program("ld [nr]\nret a")).value();
  const auto b = VerdictFunction::of(manager, program("ret #LOG")).value();
  const auto differences = differences_of(a, b, unequal);
  ASSERT_FALSE(differences);
  EXPECT_EQ(differences.error().budget.limit, symbolic::Limit::None);
  EXPECT_FALSE(differing(a, b, unequal).is_never());
  EXPECT_TRUE(differing(a, b, weaker).implies(a.where(seccomp::Verdict{0x7fff0000})));
}

// Of the functions, of what tells them apart, of neither: whatever the budget is spent on.
TEST(Difference, IsNotDecidedWithinALittleBudget) {
  std::size_t without = 0;
  symbolic::Budget budget;
  for (budget.nodes = 600;; budget.nodes += 16) {
    Manager manager{Order::fixed(), budget};
    const auto a = VerdictFunction::of(manager, program(filters[6]));
    const auto b = VerdictFunction::of(manager, program(filters[7]));
    if (!a || !b) continue;
    const auto differences = differences_of(*a, *b, unequal);
    if (differences) break;
    ++without;
    EXPECT_EQ(differences.error().budget.limit, symbolic::Limit::Nodes);
  }
  EXPECT_GT(without, 0U);
}

}  // namespace
}  // namespace assay::text
