// The meaning of rules, asked at single inputs; equality over all inputs is verify's affair.
#include "assay/profile/intent.hpp"

#include <gtest/gtest.h>

#include "assay/names/syscalls.hpp"

namespace assay::profile {
namespace {

using seccomp::Action;
using seccomp::Arch;
using seccomp::SeccompData;
using seccomp::value_of;
using seccomp::Verdict;
using symbolic::Manager;
using symbolic::Order;

constexpr Verdict allow{value_of(Action::Allow)};
constexpr Verdict kill_thread{value_of(Action::KillThread)};
constexpr Verdict error(std::uint16_t number) { return {value_of(Action::Errno, number)}; }

ArgumentCondition arg(std::uint32_t index, Operator op, std::uint64_t value,
                      std::uint64_t value_two = 0) {
  return {index, op, value, value_two, Width::Whole, {}};
}

Rule rule(std::string_view call, Verdict verdict, std::vector<ArgumentCondition> conditions = {}) {
  return {{{std::string(call), {}}}, verdict, std::move(conditions), {}, {}};
}

RuleSet set(Verdict otherwise, std::vector<Rule> rules, std::vector<Arch> arches = {}) {
  RuleSet result;
  result.otherwise = otherwise;
  result.rules = std::move(rules);
  result.arches = std::move(arches);
  return result;
}

SeccompData call(std::string_view name, std::array<std::uint64_t, 6> args = {},
                 Arch arch = Arch::x86_64) {
  return {names::syscall_number(arch, name).value(), describe(arch).audit, 0, args};
}

class Asked {
 public:
  explicit Asked(const RuleSet& rules, Runtime runtime = Runtime::Libseccomp,
                 IntentOptions options = {})
      : manager_(Order::fixed()),
        meaning_(intent(manager_, rules, {.runtime = runtime, .capabilities = {}}, options)) {}

  Verdict operator()(const SeccompData& data) const {
    return meaning_.value().function.at(words(data, seccomp::byte_order(data.arch)));
  }
  bool ambiguous(const SeccompData& data) const {
    return meaning_.value().ambiguous.holds(words(data, seccomp::byte_order(data.arch)));
  }
  bool ambiguous() const { return !meaning_.value().ambiguous.is_never(); }
  const Findings& refusals() const { return meaning_.error().refusals; }
  bool refused() const { return !meaning_.has_value(); }
  const Meaning& meaning() const { return meaning_.value(); }

 private:
  Manager manager_;
  tl::expected<Meaning, Meaningless> meaning_;
};

TEST(Intent, RulesForOneCallAreAUnion) {
  const Asked verdict(set(error(1), {rule("personality", allow, {arg(0, Operator::Equal, 0)}),
                                     rule("personality", allow, {arg(0, Operator::Equal, 8)})}));
  EXPECT_EQ(verdict(call("personality", {0})), allow);
  EXPECT_EQ(verdict(call("personality", {8})), allow);
  EXPECT_EQ(verdict(call("personality", {4})), error(1));
  EXPECT_FALSE(verdict.ambiguous());
}

TEST(Intent, ConditionsOfOneRuleAllHold) {
  const Asked verdict(
      set(error(1),
          {rule("socket", allow, {arg(0, Operator::Equal, 16), arg(2, Operator::NotEqual, 9)})}));
  EXPECT_EQ(verdict(call("socket", {16, 0, 1})), allow);
  EXPECT_EQ(verdict(call("socket", {16, 0, 9})), error(1));
  EXPECT_EQ(verdict(call("socket", {1, 0, 1})), error(1));
}

TEST(Intent, ARuleWithoutConditionsDecidesAloneInEitherOrder) {
  const Rule some = rule("read", error(5), {arg(0, Operator::Equal, 1)});
  const Rule all = rule("read", error(6));
  for (const auto& rules : {std::vector{some, all}, std::vector{all, some}}) {
    const Asked verdict(set(allow, rules));
    EXPECT_EQ(verdict(call("read", {1})), error(6));
    EXPECT_FALSE(verdict.ambiguous());
  }
}

TEST(Intent, OfRulesWithoutConditionsTheFirstDecides) {
  const Asked verdict(set(allow, {rule("read", error(5)), rule("read", error(6))}));
  EXPECT_EQ(verdict(call("read")), error(5));
}

TEST(Intent, OneConditionWithTwoVerdictsIsRefused) {
  const Asked verdict(set(allow, {rule("read", error(5), {arg(0, Operator::Equal, 1)}),
                                  rule("read", error(6), {arg(0, Operator::Equal, 1)})}));
  ASSERT_TRUE(verdict.refused());
  ASSERT_EQ(verdict.refusals().size(), 1U);
  EXPECT_EQ(verdict.refusals()[0].kind, FindingKind::Contradiction);
}

TEST(Intent, OverlappingRulesOfDifferentVerdictsAreAmbiguousOnlyWhereTheyOverlap) {
  const Asked verdict(set(allow, {rule("read", error(5), {arg(0, Operator::LessEqual, 10)}),
                                  rule("read", error(6), {arg(0, Operator::GreaterEqual, 8)})}));
  EXPECT_TRUE(verdict.ambiguous(call("read", {8})));
  EXPECT_TRUE(verdict.ambiguous(call("read", {10})));
  EXPECT_FALSE(verdict.ambiguous(call("read", {7})));
  EXPECT_FALSE(verdict.ambiguous(call("write", {8})));
  EXPECT_EQ(verdict(call("read", {7})), error(5));
  EXPECT_EQ(verdict(call("read", {11})), error(6));
}

TEST(Intent, ComparisonsAreUnsignedOver64Bits) {
  const Asked verdict(set(error(1), {rule("read", allow, {arg(2, Operator::Greater, 5)})}));
  EXPECT_EQ(verdict(call("read", {0, 0, 0x1'0000'0000})), allow);
  EXPECT_EQ(verdict(call("read", {0, 0, ~std::uint64_t{0}})), allow);
  EXPECT_EQ(verdict(call("read", {0, 0, 5})), error(1));
}

TEST(Intent, TheComparedValueIsMaskedToo) {
  const Asked verdict(set(error(1), {rule("read", allow, {arg(0, Operator::MaskedEqual, 1, 3)})}));
  EXPECT_EQ(verdict(call("read", {1})), allow);
  EXPECT_EQ(verdict(call("read", {3})), allow);
  EXPECT_EQ(verdict(call("read", {2})), error(1));
}

TEST(Intent, ArchesThatTheFilterDoesNotKnowAreKilledWhateverTheDefault) {
  const RuleSet rules = set(allow, {});
  const SeccompData foreign{3, describe(Arch::x86).audit, 0, {}};
  const SeccompData x32{seccomp::x32_bit | 3, describe(Arch::x86_64).audit, 0, {}};
  const SeccompData skipped{0xffffffff, describe(Arch::x86_64).audit, 0, {}};
  const Asked verdict(rules);
  EXPECT_EQ(verdict(foreign), kill_thread);
  EXPECT_EQ(verdict(x32), kill_thread);
  EXPECT_EQ(verdict(skipped), allow);
  const Asked pure(rules, Runtime::Libseccomp, {.pure = true});
  EXPECT_EQ(pure(foreign), allow);
  EXPECT_EQ(pure(x32), allow);
  const Asked systemd(rules, Runtime::Systemd);
  EXPECT_EQ(systemd(foreign), allow);
}

TEST(Intent, NarrowArchesCompareTheLowWordWithTheLowWord) {
  const Asked verdict(set(error(1), {rule("read", allow, {arg(0, Operator::Equal, 0x1'0000'0005)})},
                          {Arch::x86_64, Arch::x32, Arch::x86}));
  EXPECT_EQ(verdict(call("read", {5})), error(1));
  EXPECT_EQ(verdict(call("read", {0x1'0000'0005})), allow);
  EXPECT_EQ(verdict(call("read", {5}, Arch::x86)), allow);
  EXPECT_EQ(verdict(call("read", {0x7'0000'0005}, Arch::x32)), allow);
}

TEST(Intent, ARuleForSocketAlsoSpeaksForSocketcall) {
  const RuleSet rules = set(error(1), {rule("socket", allow, {arg(0, Operator::Equal, 2)})},
                            {Arch::x86_64, Arch::x86});
  const Asked verdict(rules);
  EXPECT_EQ(verdict(call("socketcall", {1, 0x1000}, Arch::x86)), allow);
  EXPECT_EQ(verdict(call("socketcall", {2, 0x1000}, Arch::x86)), error(1));
  EXPECT_EQ(verdict(call("socket", {2}, Arch::x86)), allow);
  EXPECT_EQ(verdict(call("socket", {3}, Arch::x86)), error(1));
  const Asked pure(rules, Runtime::Libseccomp, {.pure = true});
  EXPECT_EQ(pure(call("socketcall", {1, 0x1000}, Arch::x86)), error(1));
}

TEST(Intent, RuncAnswersEnosysAboveTheHighestNumberNamed) {
  // mkdirat is skipped, as it has the default verdict, and still counts.
  const RuleSet rules = set(error(1), {rule("read", allow), rule("mkdirat", error(1))});
  const auto at = [](std::uint32_t nr) {
    return SeccompData{nr, describe(Arch::x86_64).audit, 0, {}};
  };
  const Asked runc(rules, Runtime::Runc);
  EXPECT_EQ(runc(call("read")), allow);
  EXPECT_EQ(runc(at(258)), error(1));
  EXPECT_EQ(runc(at(259)), error(38));
  EXPECT_EQ(runc(at(0x40000001)), kill_thread);
  EXPECT_EQ(runc(at(0xffffffff)), error(1));
  const Asked crun(rules, Runtime::Crun);
  EXPECT_EQ(crun(at(259)), error(1));
  const Asked permissive(set(allow, {rule("read", error(1))}), Runtime::Runc);
  EXPECT_EQ(permissive(at(259)), allow);
}

TEST(Intent, SeveralConditionsOnOneArgumentAreAlternativesForContainerRuntimes) {
  const RuleSet rules = set(
      error(1),
      {rule("socket", allow, {arg(0, Operator::NotEqual, 38), arg(0, Operator::NotEqual, 40)})});
  for (const Runtime runtime : {Runtime::Runc, Runtime::Crun})
    EXPECT_EQ(Asked(rules, runtime)(call("socket", {38})), allow) << name(runtime);
  const Asked pure(rules, Runtime::Runc, {.pure = true});
  EXPECT_EQ(pure(call("socket", {38})), error(1));
  EXPECT_TRUE(Asked(rules, Runtime::Libseccomp).refused());
}

TEST(Intent, ClausesExcludeEachOtherAndSayWhoDecides) {
  const RuleSet rules =
      set(error(1), {rule("read", allow), rule("socket", allow, {arg(0, Operator::Equal, 2)})},
          {Arch::x86});
  const Asked asked(rules, Runtime::Runc, {.clauses = true});
  const auto& clauses = asked.meaning().clauses;
  std::set<std::size_t> kinds;
  for (std::size_t i = 0; i < clauses.size(); ++i) {
    kinds.insert(clauses[i].source.index());
    for (std::size_t j = 0; j < i; ++j) EXPECT_FALSE(clauses[i].where.meets(clauses[j].where));
    EXPECT_EQ(asked.meaning().function.at(*clauses[i].where.witness()), clauses[i].verdict);
  }
  EXPECT_EQ(kinds, (std::set<std::size_t>{0, 1, 2}));
}

TEST(Intent, AStackTakesTheStrongestVerdict) {
  Manager manager(Order::fixed());
  const std::vector<RuleSet> stack{
      set(allow, {rule("read", error(5))}),
      set(allow, {rule("read", error(6)), rule("write", kill_thread)})};
  const auto meaning =
      intent_of_stack(manager, stack, {.runtime = Runtime::Libseccomp, .capabilities = {}});
  ASSERT_TRUE(meaning);
  const auto at = [&](const SeccompData& data) {
    return meaning->function.at(words(data, std::endian::little));
  };
  EXPECT_EQ(at(call("read")), error(6));  // a tie: the newest filter's data
  EXPECT_EQ(at(call("write")), kill_thread);
  EXPECT_EQ(at(call("close")), allow);
}

}  // namespace
}  // namespace assay::profile
