#include "assay/profile/table_test.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "assay/bpf/assemble.hpp"
#include "assay/text/assembly.hpp"
#include "assay/text/verdict.hpp"
#include "assay/verify/accept.hpp"
#include "data_cases.hpp"
#include "profile/branch_coverage.hpp"

namespace assay::profile {
namespace {

class UnreadableTables : public testing::TestWithParam<test::Case> {};

TEST_P(UnreadableTables, SayWhere) {
  const auto table = read_table(GetParam().body);
  ASSERT_FALSE(table);
  const ReadError& error = table.error();
  EXPECT_EQ(std::to_string(error.place.line) + ":" + std::to_string(error.place.column) + " " +
                error.found,
            GetParam().expected.front())
      << error.expected;
}

INSTANTIATE_TEST_SUITE_P(Rows, UnreadableTables, testing::ValuesIn(test::cases("profile/tables")),
                         [](const auto& row) { return test::test_name(row.param); });

// A profile of two rules, and what runc loads for it.
struct Subject {
  Target target;
  Environment environment;
  std::vector<verify::Program> filters;
};

Subject subject() {
  Subject result;
  RuleSet rules;
  rules.otherwise = {value_of(seccomp::Action::Errno, 1)};
  rules.arches = {seccomp::Arch::x86_64, seccomp::Arch::x86, seccomp::Arch::x32};
  Rule plain;
  plain.calls = {{"read", {}}, {"write", {}}, {"ioctl", {}}};
  plain.verdict = {value_of(seccomp::Action::Allow)};
  plain.place = {0, 3, 0};
  Rule conditional;
  conditional.calls = {{"socket", {}}};
  conditional.verdict = plain.verdict;
  conditional.conditions = {{0, Operator::Less, 16, 0, Width::Whole, {}}};
  conditional.place = {0, 4, 0};
  rules.rules = {plain, conditional};
  result.target.filters = {rules};
  const auto compiled = compile(result.target, result.environment);
  for (const Filter& filter : *compiled)
    result.filters.push_back(*verify::accept(filter.instructions));
  return result;
}

TableResult run(const std::string& rows) {
  const Subject of = subject();
  const auto table = read_table("cases:\n" + rows);
  EXPECT_TRUE(table) << (table ? "" : table.error().found);
  return *run_table(*table, &of.target, of.environment, of.filters);
}

// "x86_64 ok", "x86_64 ERRNO(1)", "x86_64 none"
std::vector<std::string> outcomes(const std::string& rows) {
  std::vector<std::string> result;
  for (const CaseResult& each : run(rows).results) {
    std::string text(describe(each.arch).token);
    if (each.passed()) text += " ok";
    if (each.inputs.is_zero()) text += " none";
    for (const Violation& violation : each.violations)
      text += " " + text::to_text(violation.verdict);
    result.push_back(text);
  }
  return result;
}

using Outcomes = std::vector<std::string>;

TEST(TableTest, RowsSpeakOfAllTheirInputs) {
  EXPECT_EQ(outcomes("- {call: read, expect: ALLOW}"), Outcomes{"x86_64 ok"});
  EXPECT_EQ(outcomes("- {call: open, expect: ERRNO(EPERM)}"), Outcomes{"x86_64 ok"});
  EXPECT_EQ(outcomes("- {call: socket, args: {0: 0..15}, expect: ALLOW}"), Outcomes{"x86_64 ok"});
  EXPECT_EQ(outcomes("- {call: socket, args: {0: 0..16}, expect: ALLOW}"),
            Outcomes{"x86_64 ERRNO(1)"});
  EXPECT_EQ(outcomes("- {call: socket, args: {0: AF_PACKET}, expect: ALLOW}"),
            Outcomes{"x86_64 ERRNO(1)"});
  EXPECT_EQ(outcomes("- {call: socket, args: {0: \"*\"}, expect: ALLOW}"),
            Outcomes{"x86_64 ERRNO(1)"});
  EXPECT_EQ(outcomes("- {call: socket, expect: [ALLOW, ERRNO(EPERM)]}"), Outcomes{"x86_64 ok"});
  EXPECT_EQ(outcomes("- {call: socket, expect: \"ALLOW, ERRNO\"}"), Outcomes{"x86_64 ok"});
  EXPECT_EQ(outcomes("- {call: open, expect: ERRNO(ENOSYS)}"), Outcomes{"x86_64 ERRNO(1)"});
}

TEST(TableTest, SeveralCallsAndArches) {
  EXPECT_EQ(outcomes("- {call: [read, write], arch: [x86_64, x86, x32], expect: ALLOW}"),
            (Outcomes{"x86_64 ok", "x86 ok", "x32 ok"}));
  EXPECT_EQ(outcomes("- {call: [read, open], expect: ALLOW}"), Outcomes{"x86_64 ERRNO(1)"});
  EXPECT_EQ(outcomes("- {call: read, arch: aarch64, expect: KILL_THREAD}"), Outcomes{"aarch64 ok"});
  EXPECT_EQ(outcomes("- {call: \"*\", arch: aarch64, expect: KILL_THREAD}"),
            Outcomes{"aarch64 ok"});
  // runc answers ENOSYS above the highest number that it knows.
  EXPECT_EQ(outcomes("- {call: 1000..2000, expect: ERRNO(ENOSYS)}"), Outcomes{"x86_64 ok"});
  EXPECT_EQ(outcomes("- {call: 0x10, expect: ALLOW}"), Outcomes{"x86_64 ok"});  // ioctl
  EXPECT_EQ(outcomes("- {call: \"0..1\", arch: x32, expect: ALLOW}"), Outcomes{"x32 ok"});
}

TEST(TableTest, ARowWithoutInputsIsNoSuccess) {
  EXPECT_EQ(outcomes("- {call: mmap2, expect: ALLOW}"), Outcomes{"x86_64 none"});
  EXPECT_EQ(outcomes("- {call: read, args: {0: 5..4}, expect: ALLOW}"), Outcomes{"x86_64 none"});
  EXPECT_EQ(run("- {call: mmap2, expect: ALLOW}").failed(), 1U);
}

TEST(TableTest, NumbersAreAsWideAsTheAbi) {
  EXPECT_EQ(outcomes("- {call: socket, args: {0: 0x100000001}, expect: ERRNO}"),
            Outcomes{"x86_64 ok"});
  EXPECT_EQ(outcomes("- {call: socket, arch: x32, args: {0: 0x100000001}, expect: ALLOW}"),
            Outcomes{"x32 ok"});
  EXPECT_EQ(outcomes("- {call: socket, args: {0: -1}, expect: ERRNO}"), Outcomes{"x86_64 ok"});
  EXPECT_EQ(outcomes("- {call: socket, args: {0: \"-1..15\"}, expect: ERRNO}"),
            Outcomes{"x86_64 ALLOW"});
  // Of a negative int both forms: all 64 bits set, or 32.
  const auto result = run("- {call: ioctl, args: {0: -1}, expect: ERRNO}");
  ASSERT_EQ(result.results[0].violations.size(), 1U);
  EXPECT_EQ(result.results[0].inputs, symbolic::Count::power_of_two(512 - 64 - 64 + 1));
}

TEST(TableTest, ConditionsNarrowARow) {
  EXPECT_EQ(outcomes("- {call: socket, when: arg0 < 16 && arg1 == 3, expect: ALLOW}"),
            Outcomes{"x86_64 ok"});
  EXPECT_EQ(outcomes("- {call: socket, args: {0: 0..20}, when: arg0 >= 16, expect: ALLOW}"),
            Outcomes{"x86_64 ERRNO(1)"});
}

TEST(TableTest, AViolationHasAWitness) {
  const auto result = run("- {call: socket, args: {0: 10..20, 1: 7}, expect: ALLOW}");
  ASSERT_EQ(result.results[0].violations.size(), 1U);
  const seccomp::Words& words = result.results[0].violations[0].witness;
  EXPECT_GE(words[4], 16U);
  EXPECT_LE(words[4], 20U);
  EXPECT_EQ(words[6], 7U);
}

TEST(TableTest, TellsWhatIsNotCovered) {
  const auto some = run("- {call: read, expect: ALLOW}");
  EXPECT_EQ(some.rules.covered, 1U);
  EXPECT_EQ(some.rules.total, 2U);
  ASSERT_EQ(some.rules.missed.size(), 1U);
  EXPECT_EQ(some.rules.missed[0].place.line, 4U);
  EXPECT_EQ(some.rules.missed[0].what, "socket");
  EXPECT_LT(some.branches.covered, some.branches.total);
  const auto all =
      run("- {call: \"*\", arch: [x86_64, x86, x32, aarch64], "
          "expect: [ALLOW, ERRNO, KILL_THREAD]}");
  EXPECT_EQ(all.failed(), 0U);
  EXPECT_EQ(all.rules.covered, 2U);
  EXPECT_EQ(all.branches.covered, all.branches.total)
      << all.branches.missed.front().what << std::hex << " arch "
      << all.branches.missed.front().witness[1] << " nr " << all.branches.missed.front().witness[0];
  EXPECT_GT(all.branches.total, 10U);
}

// Branch coverage walks the filter by itself: over all inputs it must find what the analysis does.
TEST(TableTest, AllInputsTakeEveryBranchThatIsFeasible) {
  for (const verify::Program& filter : subject().filters) {
    symbolic::Manager manager(symbolic::Order::fixed());
    const auto taken = branches_taken(manager, filter, symbolic::Condition::always(manager));
    const auto analysis = symbolic::Analysis::of(manager, filter);
    ASSERT_TRUE(taken && analysis);
    std::vector<symbolic::Analysis::Edge> feasible;
    for (const auto& edge : analysis->edges())
      if (bpf::is_branch(filter.opcode(edge.from).operation) && analysis->feasible(edge))
        feasible.push_back(edge);
    ASSERT_EQ(taken->size(), feasible.size());
    for (const auto& edge : feasible)
      EXPECT_NE(std::find(taken->begin(), taken->end(), edge), taken->end());
  }
}

TEST(TableTest, OfAUnitEachOptionIsARule) {
  const std::vector<UnitText> texts{
      {"a.service", "[Service]\nProtectClock=yes\nLockPersonality=yes\n"}};
  Subject of;
  of.target.unit = *read_unit(texts, CallGroups::shipped());
  of.environment.runtime = Runtime::Systemd;
  const auto compiled = compile(of.target, of.environment);
  for (const Filter& filter : *compiled) of.filters.push_back(*verify::accept(filter.instructions));
  const auto table = read_table("cases:\n- {call: adjtimex, expect: ERRNO(EPERM)}\n");
  const auto result = run_table(*table, &of.target, of.environment, of.filters);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->failed(), 0U);
  EXPECT_EQ(result->rules.covered, 1U);
  EXPECT_EQ(result->rules.total, 2U);
  EXPECT_EQ(result->rules.missed[0].what, "LockPersonality=");
  EXPECT_EQ(result->rules.missed[0].place.line, 3U);
}

}  // namespace
}  // namespace assay::profile
