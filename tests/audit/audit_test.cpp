// Every rule raises where it should and is silent where it should not: rows of tests/data/audit,
// a file each rule.
//
//   -> raised [SEVERITY]     or   -> silent
//   -> fact NAME=VALUE       ia32, x32, compat, a sysctl; handler, caps, nnp of a process
//   -> semantics NAME
//   -> shows TEXT            a part of the message
//   -> if TEXT: yes|no|unknown    a requirement, and whether it is known to hold
#include "assay/audit/audit.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "assay/engine/filter_stack.hpp"
#include "corpus.hpp"
#include "data_cases.hpp"
#include "policy_text.hpp"

namespace assay::audit {
namespace {

std::string rule_of(const test::Case& row) { return row.name.substr(0, row.name.find('.')); }

std::optional<bool> truth(const std::string& value) {
  return value == "yes" ? std::optional(true) : value == "no" ? std::optional(false) : std::nullopt;
}

void set_fact(Surroundings& surroundings, const std::string& fact) {
  const auto equals = fact.find('=');
  const std::string name = fact.substr(0, equals);
  const std::string value = fact.substr(equals + 1);
  const auto process = [&]() -> Process& {
    if (!surroundings.process) surroundings.process.emplace();
    return *surroundings.process;
  };
  if (name == "ia32") {
    surroundings.machine.ia32 = truth(value);
  } else if (name == "x32") {
    surroundings.machine.x32 = truth(value);
  } else if (name == "compat") {
    surroundings.machine.compat = truth(value);
  } else if (name == "handler") {
    process().sigsys_handler = truth(value);
  } else if (name == "nnp") {
    process().no_new_privs = truth(value);
  } else if (name == "caps") {
    process().capabilities = test::parse_number(value);
  } else if (name == "libc") {
    surroundings.libc = value == "musl" ? Libc::Musl : Libc::Glibc;
  } else if (name == "installed") {
    surroundings.installed = value == "after-start" ? Installed::AfterStart : Installed::BeforeExec;
  } else {
    surroundings.machine.sysctls[name] = static_cast<std::int64_t>(test::parse_number(value));
  }
}

struct Expected {
  bool raised = false;
  std::string severity;
  std::string shows;
  std::vector<Requirement> requirements;
  Target target;
};

std::vector<Filter> named(const std::vector<verify::Program>& programs) {
  std::vector<Filter> filters;
  for (const auto& program : programs)
    filters.push_back({"filter" + std::to_string(filters.size()), program, std::nullopt});
  return filters;
}

Expected read(const test::Case& row) {
  Expected expected;
  expected.target.name = row.name;
  std::string body = row.body;
  const auto threads = body.find("=thread\n");
  if (threads != std::string::npos) {
    expected.target.other_threads = {
        named(test::filters_of(std::string_view(body).substr(threads + 8), row.name))};
    body.resize(threads);
  }
  if (body.find("nothing") != 0) expected.target.filters = named(test::filters_of(body, row.name));
  for (const std::string& line : row.expected) {
    const auto words = test::split(line);
    if (words[0] == "raised") {
      expected.raised = true;
      if (words.size() > 1) expected.severity = words[1];
    } else if (words[0] == "fact") {
      set_fact(expected.target.surroundings, words[1]);
    } else if (words[0] == "semantics") {
      expected.target.surroundings.machine.semantics = *seccomp::find_semantics(words[1]);
    } else if (words[0] == "shows") {
      expected.shows = line.substr(6);
    } else if (words[0] == "if") {
      const auto colon = line.rfind(": ");
      expected.requirements.push_back({line.substr(3, colon - 3), truth(line.substr(colon + 2))});
    } else {
      EXPECT_EQ(words[0], "silent") << row.name;
    }
  }
  return expected;
}

void check_evidence(const Finding& finding, const Target& target) {
  std::vector<verify::Program> programs;
  for (const Filter& filter : target.filters) programs.push_back(filter.program);
  const auto& semantics = target.surroundings.machine.semantics;
  const engine::FilterStack stack(programs, semantics);
  for (const Exhibit& exhibit : finding.evidence.calls)
    EXPECT_EQ(stack.run(exhibit.words).normalised(semantics), exhibit.verdict) << finding.rule;
  if (finding.evidence.kind == EvidenceKind::Witness) {
    EXPECT_FALSE(finding.evidence.calls.empty()) << finding.rule;
  }
  if (finding.evidence.kind == EvidenceKind::Proof) {
    EXPECT_FALSE(finding.evidence.statement.empty()) << finding.rule;
    EXPECT_FALSE(finding.evidence.checked.empty()) << finding.rule;
  }
  EXPECT_FALSE(finding.help.empty()) << finding.rule;
}

class Rows : public testing::TestWithParam<test::Case> {};

TEST_P(Rows, RaiseTheRuleOrKeepItSilent) {
  const std::string rule = rule_of(GetParam());
  ASSERT_NE(find_rule(rule), nullptr) << rule;
  const Expected expected = read(GetParam());
  const auto outline = audit(expected.target);
  ASSERT_TRUE(outline);
  const auto found = std::find_if(outline->findings.begin(), outline->findings.end(),
                                  [&](const Finding& finding) { return finding.rule == rule; });
  const bool raised = found != outline->findings.end();
  std::string message;
  if (raised) message = found->message;
  EXPECT_EQ(raised, expected.raised) << message;
  if (!raised) return;
  if (!expected.severity.empty()) {
    EXPECT_EQ(name(found->severity), expected.severity) << message;
  }
  EXPECT_NE(found->message.find(expected.shows), std::string::npos) << message;
  for (const Requirement& requirement : expected.requirements)
    EXPECT_EQ(std::count(found->requirements.begin(), found->requirements.end(), requirement), 1)
        << requirement.text;
  for (const Finding& finding : outline->findings) check_evidence(finding, expected.target);
}

INSTANTIATE_TEST_SUITE_P(Data, Rows, testing::ValuesIn(test::cases("audit")),
                         [](const auto& row) { return test::test_name(row.param); });

TEST(Rules, AreEachRaisedAndKeptSilentByARow) {
  std::map<std::string, std::set<bool>> seen;
  for (const test::Case& row : test::cases("audit")) {
    const bool raised = std::any_of(row.expected.begin(), row.expected.end(),
                                    [](const auto& line) { return line.starts_with("raised"); });
    seen[rule_of(row)].insert(raised);
  }
  for (const Rule& rule : rules())
    EXPECT_EQ(seen[std::string(rule.id)].size(), 2U) << rule.id << " needs a row of each kind";
}

class PublicBugs : public testing::TestWithParam<test::Case> {};

TEST_P(PublicBugs, RaiseTheRuleThatNamesThem) {
  Target target;
  target.name = GetParam().name;
  target.filters = named(test::filters_of(GetParam().body, GetParam().name));
  for (const std::string& line : GetParam().expected) {
    const auto words = test::split(line);
    if (words[0] != "machine") continue;
    target.surroundings.machine.semantics = *seccomp::find_semantics("linux-6.18-" + words[1]);
  }
  const auto outline = audit(target);
  ASSERT_TRUE(outline);
  const auto found = std::find_if(
      outline->findings.begin(), outline->findings.end(),
      [&](const Finding& finding) { return finding.rule == GetParam().expected.back(); });
  EXPECT_NE(found, outline->findings.end());
}

INSTANTIATE_TEST_SUITE_P(Data, PublicBugs, testing::ValuesIn(test::cases("audit-bugs")),
                         [](const auto& row) { return test::test_name(row.param); });

TEST(Audit, AsksOnlyTheRulesThatAreWanted) {
  Target target;
  target.name = "x";
  target.filters = named(test::filters_of("execve: ERRNO(EPERM)\ndefault: ALLOW\n", "here"));
  Options options;
  options.only = {"door-exec"};
  const auto only = audit(target, options);
  ASSERT_TRUE(only);
  ASSERT_EQ(only->findings.size(), 1U);
  EXPECT_EQ(only->findings[0].rule, "door-exec");
  options = {};
  options.ignore = {"door-exec"};
  const auto without = audit(target, options);
  ASSERT_TRUE(without);
  for (const Finding& finding : without->findings) EXPECT_NE(finding.rule, "door-exec");
}

TEST(Audit, SaysWhenTheBudgetIsUsedUp) {
  Target target;
  target.name = "x";
  target.filters = named(test::filters_of("execve: ERRNO(EPERM)\ndefault: ALLOW\n", "here"));
  Options options;
  options.budget.nodes = 10;
  const auto outline = audit(target, options);
  ASSERT_FALSE(outline);
  EXPECT_EQ(outline.error().limit, symbolic::Limit::Nodes);
}

TEST(Audit, IsTheSameEachTime) {
  Target target;
  target.name = "x";
  target.filters =
      named(test::filters_of("arch x86_64\nexecve: ERRNO(EPERM)\nsocket arg0 == 38: ERRNO(EPERM)\n"
                             "default: ALLOW\nother: ALLOW\n",
                             "here"));
  const auto first = audit(target);
  const auto second = audit(target);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->findings, second->findings);
  EXPECT_TRUE(
      std::is_sorted(first->findings.begin(), first->findings.end(),
                     [](const Finding& a, const Finding& b) { return a.severity > b.severity; }));
}

// audit() ends the program when the interpreter does not agree with a witness.
TEST(AuditOfTheCorpus, ConfirmsEveryWitness) {
  const auto stacks = test::corpus_stacks(ASSAY_CORPUS);
  if (stacks.empty()) GTEST_SKIP() << "no corpus at " << ASSAY_CORPUS;
  std::size_t witnesses = 0;
  for (const test::CorpusStack& stack : stacks) {
    Target target;
    target.name = "stack";
    for (const test::CorpusFilter& filter : stack)
      target.filters.push_back({filter.file, filter.program, std::nullopt});
    const auto outline = audit(target);
    ASSERT_TRUE(outline) << stack.front().file;
    for (const Finding& finding : outline->findings) {
      check_evidence(finding, target);
      witnesses += finding.evidence.calls.size();
    }
  }
  EXPECT_GT(witnesses, 1000U);
}

}  // namespace
}  // namespace assay::audit
