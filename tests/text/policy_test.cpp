#include "assay/text/policy.hpp"

#include <gtest/gtest.h>

#include <set>

#include "assay/sample/program.hpp"
#include "assay/text/assembly.hpp"
#include "assay/text/verdict.hpp"
#include "assay/verify/accept.hpp"
#include "corpus.hpp"
#include "data_cases.hpp"

namespace assay::text {
namespace {

using symbolic::Manager;
using symbolic::Order;
using symbolic::VerdictFunction;
using verify::Program;

Program program(std::string_view text) { return verify::accept(assemble(text).value()).value(); }

VerdictFunction function(Manager& manager, std::span<const Program> stack) {
  return VerdictFunction::of_stack(manager, stack).value();
}

Policy policy(std::string_view text, const PolicyOptions& options = {}) {
  Manager manager{Order::fixed()};
  const std::vector<Program> stack{program(text)};
  return policy_of(function(manager, stack), options).value();
}

// tests/data/policies: "-> NAME" is only a note; the body is a filter, a line "---", and the
// policy as it is printed.
class PolicyData : public testing::TestWithParam<test::Case> {};

TEST_P(PolicyData, IsPrinted) {
  const std::string& body = GetParam().body;
  const std::size_t cut = body.find("---\n");
  ASSERT_NE(cut, std::string::npos);
  EXPECT_EQ(to_text(policy(body.substr(0, cut))), body.substr(cut + 4));
}

INSTANTIATE_TEST_SUITE_P(All, PolicyData, testing::ValuesIn(test::cases("policies")),
                         [](const auto& each) { return test::test_name(each.param); });

// A policy's words as conditions: what a reader of the JSON document makes of them.
std::string scope_condition(const Scope& scope) {
  switch (scope.kind) {
    case Scope::Kind::Named:
      if (scope.arch == seccomp::Arch::x86_64) return "arch == x86_64 && !(arch == x32)";
      return "arch == " + name(scope);
    case Scope::Kind::Values: return "arch in {" + name(scope) + "}";
    case Scope::Kind::OtherBigEndian: {
      std::string list;
      for (const seccomp::ArchInfo& info : seccomp::arches)
        if (info.order == std::endian::big)
          list += (list.empty() ? "" : ",") + std::string(info.token);
      return "arch in {" + list + "}";
    }
    case Scope::Kind::Other: return "true";
  }
  return {};
}

std::string rule_condition(const Scope& scope, const Rule& rule) {
  std::string names;
  std::string numbers;
  for (const Syscalls& item : syscalls_of(scope, rule)) {
    const NumberRange& range = item.numbers;
    if (!item.name.empty()) {
      names += (names.empty() ? "" : ", ") + item.name;
    } else {
      numbers += (numbers.empty() ? "" : ", ") + std::to_string(range.first);
      if (range.last != range.first) numbers += ".." + std::to_string(range.last);
    }
  }
  std::string calls;
  if (!names.empty()) calls = "syscall in {" + names + "}";
  if (!numbers.empty()) calls += (calls.empty() ? "" : " || ") + ("nr in {" + numbers + "}");
  return scope_condition(scope) + " && (" + calls + ") && (" + to_text(rule.condition) + ")";
}

VerdictFunction read_back(Manager& manager, const Policy& policy) {
  std::vector<VerdictFunction::Case> cases;
  const auto add = [&](const std::string& condition, seccomp::Verdict verdict) {
    const auto read = parse_condition(condition);
    EXPECT_TRUE(read) << condition;
    const auto same_verdict = parse_verdict(to_text(verdict));
    EXPECT_EQ(same_verdict, verdict);
    cases.emplace_back(inputs_of(manager, read.value()), *same_verdict);
  };
  for (const ArchPolicy& arch : policy) {
    for (const Rule& rule : arch.rules) add(rule_condition(arch.scope, rule), rule.verdict);
    add(scope_condition(arch.scope), arch.otherwise);
  }
  return VerdictFunction::of_cases(manager, cases, {}).value();
}

testing::AssertionResult says_it_all(std::span<const Program> stack) {
  Manager manager{Order::fixed()};
  const VerdictFunction wanted = function(manager, stack);
  const auto policy = policy_of(wanted);
  if (!policy) return testing::AssertionFailure() << "unexplained: " << policy.error().where;
  if (!manager.equal(function_of(manager, *policy).value(), wanted))
    return testing::AssertionFailure() << "another function";
  if (!manager.equal(read_back(manager, *policy), wanted))
    return testing::AssertionFailure() << "another function when read back";
  for (std::size_t at = 0; at < policy->size(); ++at)
    for (std::size_t i = 0; i < (*policy)[at].rules.size(); ++i)
      for (std::size_t j = 0; j < i; ++j) {
        const Rule& a = (*policy)[at].rules[i];
        const Rule& b = (*policy)[at].rules[j];
        const std::endian order = std::endian::little;
        if (a.numbers == b.numbers &&
            inputs_of(manager, a.condition, order).meets(inputs_of(manager, b.condition, order)))
          return testing::AssertionFailure() << "rules overlap";
      }
  return testing::AssertionSuccess();
}

TEST(Policy, SaysAllOfEveryCorpusFilter) {
  const auto filters = test::corpus_filters(ASSAY_CORPUS);
  if (filters.empty()) GTEST_SKIP() << "no corpus at " << ASSAY_CORPUS;
  for (const auto& [file, filter] : filters)
    EXPECT_TRUE(says_it_all(std::span(&filter, 1))) << file;
  EXPECT_GE(filters.size(), 455U);
}

TEST(Policy, SaysAllOfEveryCorpusStack) {
  const auto stacks = test::corpus_stacks(ASSAY_CORPUS);
  if (stacks.empty()) GTEST_SKIP() << "no corpus at " << ASSAY_CORPUS;
  std::set<std::vector<std::string>> seen;
  for (const test::CorpusStack& stack : stacks) {
    std::vector<Program> programs;
    std::vector<std::string> files;
    for (const auto& [file, filter] : stack) {
      programs.push_back(filter);
      files.push_back(file);
    }
    if (!seen.insert(files).second) continue;
    EXPECT_TRUE(says_it_all(programs)) << files.front() << " and " << files.size() - 1 << " more";
  }
  EXPECT_GE(stacks.size(), 254U);
}

// Written differently, in another order of tests: the same policy.
TEST(Policy, IsOneForEqualFilters) {
  const char* const one = R"(
    ld [arch]
    jne #AUDIT_ARCH_X86_64, kill
    ld [nr]
    jeq #41, socket
    jeq #42, deny
    ja allow
  socket: ld [args[0].hi]
    jne #0, deny
    ld [args[0].lo]
    jeq #1, allow
    jeq #16, deny
    jge #10, deny, low
  low: jeq #2, allow, deny
  allow: ret #ALLOW
  deny: ret #ERRNO(13)
  kill: ret #KILL_PROCESS)";
  const char* const other = R"(
    ld [args[0].hi]
    st M[0]
    ld [args[0].lo]
    tax
    ld [nr]
    jeq #42, call
    jne #41, call
    ld M[0]
    jne #0, bad
    txa
    jeq #2, call
    jeq #1, call
  bad: ld [arch]
    jeq #AUDIT_ARCH_X86_64, deny, kill
  call: ld [arch]
    jne #AUDIT_ARCH_X86_64, kill
    ld [nr]
    jeq #42, deny
    ret #ALLOW
  deny: ret #ERRNO(13)
  kill: ret #KILL_PROCESS)";
  EXPECT_EQ(policy(one), policy(other));
  EXPECT_EQ(to_text(policy(one)), to_text(policy(other)));
}

TEST(Policy, OfOneArch) {
  const char* const filter = "ld [nr]\njne #0, ok\nret #ERRNO(1)\nok: ret #ALLOW";
  const Policy x86 = policy(filter, {seccomp::Arch::x86_64, seccomp::Arch::x86});
  ASSERT_EQ(x86.size(), 1U);
  EXPECT_EQ(name(x86[0].scope), "x86");
  EXPECT_EQ(syscalls_of(x86[0].scope, x86[0].rules.at(0)).at(0).name, "restart_syscall");
  const Policy machine = policy(filter, {seccomp::Arch::s390x, {}});
  ASSERT_EQ(machine.size(), 2U);
  EXPECT_EQ(name(machine[0].scope), "s390x");
}

TEST(Policy, PatternsOfBitsInArchAndNumber) {
  const std::vector<Program> stack{program(R"(
    ld [arch]
    and #3
    jne #1, other
    ret #LOG
  other: ld [nr]
    and #0xff
    jne #7, last
    ld [args[2].lo]
    jset #4, last
    ret #ERRNO(2)
  last: ret #ALLOW)")};
  EXPECT_TRUE(says_it_all(stack));
}

// Whatever a program does: a policy that says it all, or none.
TEST(Policy, OfRandomPrograms) {
  std::size_t explained = 0;
  constexpr std::uint64_t programs = 100;
  for (std::uint64_t index = 0; index < programs; ++index) {
    sample::Random random(11, index);
    const Program drawn = sample::accepted_program(random, 24);
    Manager manager{Order::fixed(), {1 << 18, std::chrono::seconds(2)}};
    const auto wanted = VerdictFunction::of(manager, drawn);
    if (!wanted) continue;
    const auto found = policy_of(*wanted);
    if (!found) continue;
    ++explained;
    const auto again = function_of(manager, *found);
    if (again) {
      EXPECT_TRUE(manager.equal(*again, *wanted)) << index;
    }
  }
  EXPECT_GT(explained, programs * 2 / 3);
}

TEST(Policy, NeverGuessesWhenTheBudgetIsSpent) {
  const std::vector<Program> stack{program(R"(
    ld [args[0].lo]
    tax
    ld [args[1].lo]
    mul x
    tax
    ld [args[2].lo]
    jeq x, yes
    ret #ALLOW
  yes: ret #TRAP(1))")};
  symbolic::Budget budget;
  budget.nodes = 100'000;
  Manager manager{Order::fixed(), budget};
  const auto decided = VerdictFunction::of_stack(manager, stack);
  ASSERT_FALSE(decided);
  EXPECT_EQ(decided.error().limit, symbolic::Limit::Nodes);
}

// A sum has no short form: said so, within the time.
TEST(Policy, SaysWhichRuleHasNoShortForm) {
  const std::vector<Program> stack{program(R"(
    ld [args[0].lo]
    tax
    ld [args[1].lo]
    add x
    tax
    ld [args[2].lo]
    jgt x, yes
    ret #ALLOW
  yes: ret #TRAP(1))")};
  Manager manager{Order::fixed()};
  const auto unexplained = policy_of(function(manager, stack));
  ASSERT_FALSE(unexplained);
  EXPECT_EQ(unexplained.error().where, "x32 every call");
}

}  // namespace
}  // namespace assay::text
