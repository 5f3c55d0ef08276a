#include "assay/profile/systemd.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <set>

#include "assay/profile/systemd_intent.hpp"
#include "assay/profile/systemd_stack.hpp"
#include "assay/text/verdict.hpp"
#include "assay/verify/accept.hpp"
#include "call_questions.hpp"

namespace assay::profile {
namespace {

using symbolic::Manager;
using symbolic::VerdictFunction;

std::vector<UnitText> texts_of(const std::string& body) {
  std::vector<UnitText> texts{{"row.service", "[Service]\n"}};
  std::istringstream lines(body);
  for (std::string line; std::getline(lines, line);) {
    if (line == "---")
      texts.push_back({"row.service.d/" + std::to_string(texts.size()) + ".conf", "[Service]\n"});
    else
      texts.back().text += line + "\n";
  }
  return texts;
}

Unit unit_of(const std::string& body) {
  const auto texts = texts_of(body);
  auto unit = read_unit(texts, CallGroups::shipped());
  EXPECT_TRUE(unit);
  return *unit;
}

std::string shown(const Finding& finding) {
  return "finding " + std::to_string(finding.place.file) + ":" +
         std::to_string(finding.place.line) + ":" + std::to_string(finding.place.column) + " " +
         std::string(name(finding.kind));
}

class SystemdOptions : public testing::TestWithParam<test::Case> {};

TEST_P(SystemdOptions, MeanWhatTheRowSays) {
  const Unit unit = unit_of(GetParam().body);
  Manager manager(symbolic::Order::fixed());
  const auto meant = systemd_intent(manager, unit.sandbox, {});
  ASSERT_TRUE(meant);
  std::multiset<std::string> findings;
  for (const std::string& line : GetParam().expected) {
    if (const auto question = test::call_question(line)) {
      EXPECT_EQ(text::to_text(meant->at(question->words)), question->verdict) << line;
    } else {
      findings.insert(line);
    }
  }
  std::multiset<std::string> found;
  for (const Finding& finding : unit.findings) found.insert(shown(finding));
  EXPECT_EQ(found, findings);
}

TEST_P(SystemdOptions, AreCompiledToWhatTheyMean) {
  const Unit unit = unit_of(GetParam().body);
  const auto compiled = compile_systemd(systemd_filters(unit, {}));
  ASSERT_TRUE(compiled) << describe(compiled.error());
  std::vector<verify::Program> stack;
  for (const SystemdProgram& program : *compiled)
    stack.push_back(*verify::accept(program.instructions));
  Manager manager(symbolic::Order::fixed());
  const auto meant = systemd_intent(manager, unit.sandbox, {});
  const auto made = VerdictFunction::of_stack(manager, stack);
  ASSERT_TRUE(meant && made);
  const auto difference = meant->differs(*made).witness();
  EXPECT_TRUE(manager.equal(*meant, *made))
      << "arch " << std::hex << (*difference)[1] << " nr " << (*difference)[0];
}

INSTANTIATE_TEST_SUITE_P(Rows, SystemdOptions, testing::ValuesIn(test::cases("profile/units")),
                         [](const auto& row) { return test::test_name(row.param); });

TEST(Systemd, RefusesUnitsThatSystemdDoesNotLoad) {
  const auto kind = [](std::string name, std::string text) {
    const std::vector<UnitText> texts{{std::move(name), std::move(text)}};
    return read_unit(texts, CallGroups::shipped());
  };
  EXPECT_FALSE(kind("a.timer", "[Timer]\n"));
  EXPECT_FALSE(kind("a.service", "[Service\n"));
  EXPECT_EQ(kind("a.service", "[Unit]\n\n[Serv").error().place.line, 3U);
  EXPECT_TRUE(kind("a.socket", "[Socket]\nProtectClock=yes\n")
                  ->sandbox.restricts(SystemdOption::ProtectClock));
  // Another section than the unit's own.
  EXPECT_EQ(kind("a.socket", "[Service]\nProtectClock=yes\n")->findings.size(), 1U);
}

TEST(Systemd, OfABrokenDropInWhatStandsAboveCounts) {
  const std::vector<UnitText> texts{
      {"a.service", "[Service]\n"},
      {"b.conf", "[Service]\nProtectClock=yes\n[x\nProtectHostname=1"}};
  const auto unit = read_unit(texts, CallGroups::shipped());
  ASSERT_TRUE(unit);
  EXPECT_TRUE(unit->sandbox.restricts(SystemdOption::ProtectClock));
  EXPECT_FALSE(unit->sandbox.restricts(SystemdOption::ProtectHostname));
  ASSERT_EQ(unit->findings.size(), 1U);
  EXPECT_EQ(unit->findings[0].place, (Place{1, 3, 1}));
}

// A rule that says what the default says makes libseccomp refuse, and systemd give up.
TEST(Systemd, AnErrorNumberThatIsTheDefaultStopsTheUnit) {
  const Unit unit = unit_of(
      "SystemCallFilter=read write\nSystemCallFilter=~read:EPERM\nSystemCallErrorNumber=EPERM\n");
  const auto compiled = compile_systemd(systemd_filters(unit, {}));
  ASSERT_FALSE(compiled);
  EXPECT_EQ(compiled.error().option, SystemdOption::SystemCallFilter);
  EXPECT_EQ(compiled.error().call, "read");
}

TEST(Systemd, PureIntentHasNoRulesThatNobodyWrote) {
  const Unit unit = unit_of("SystemCallArchitectures=native\nSystemCallFilter=~socket:EPERM\n");
  Manager manager(symbolic::Order::fixed());
  const auto pure = systemd_intent(manager, unit.sandbox, {}, true);
  const auto whole = systemd_intent(manager, unit.sandbox, {});
  ASSERT_TRUE(pure && whole);
  const auto differing = pure->differs(*whole);
  // The number -1 is one of x32.
  EXPECT_EQ(differing.values_of(0)->size(), 1U);
  EXPECT_EQ(differing.values_of(0)->front().first, 0xffffffff);
}

TEST(Systemd, OldKernelsKillAThread) {
  const Unit unit = unit_of("SystemCallFilter=~read\n");
  Environment old;
  old.kernel = {4, 13};
  Manager manager(symbolic::Order::fixed());
  const auto read = *test::call_question("x86_64 read KILL_THREAD");
  EXPECT_EQ(text::to_text(systemd_intent(manager, unit.sandbox, old)->at(read.words)),
            read.verdict);
}

TEST(Systemd, OtherMachinesHaveOtherAbis) {
  const Unit unit = unit_of(
      "SystemCallFilter=~@mount\nSystemCallErrorNumber=EPERM\nRestrictSUIDSGID=yes\n"
      "MemoryDenyWriteExecute=yes\nRestrictNamespaces=yes\nRestrictRealtime=yes\n"
      "RestrictAddressFamilies=AF_UNIX\nSystemCallArchitectures=native\n");
  for (const auto host :
       {seccomp::Arch::aarch64, seccomp::Arch::arm, seccomp::Arch::riscv64, seccomp::Arch::x86}) {
    Environment environment;
    environment.host = host;
    const auto compiled = compile_systemd(systemd_filters(unit, environment));
    ASSERT_TRUE(compiled) << describe(host).token;
    std::vector<verify::Program> stack;
    for (const SystemdProgram& program : *compiled)
      stack.push_back(*verify::accept(program.instructions));
    Manager manager(symbolic::Order::fixed());
    const auto meant = systemd_intent(manager, unit.sandbox, environment);
    const auto made = VerdictFunction::of_stack(manager, stack);
    ASSERT_TRUE(meant && made);
    EXPECT_TRUE(manager.equal(*meant, *made)) << describe(host).token;
  }
  EXPECT_TRUE(systemd_arches(seccomp::Arch::s390x).empty());
}

TEST(SystemdGroups, TheShippedTableSaysWhoseItIs) {
  const CallGroups& groups = CallGroups::shipped();
  EXPECT_NE(groups.origin().find("252"), std::string::npos);
  EXPECT_EQ(groups.calls("default").size(), 63U);
  EXPECT_EQ(groups.members("sandbox"), nullptr);
  const auto service = groups.calls("system-service");
  EXPECT_GT(service.size(), 300U);
  EXPECT_EQ(std::set<std::string>(service.begin(), service.end()).size(), service.size());
}

std::string printed_by(const char* command) {
  std::string text;
  FILE* const pipe = popen(command, "r");
  if (pipe == nullptr) return text;
  std::array<char, 4096> buffer{};
  for (std::size_t size = 0; (size = fread(buffer.data(), 1, buffer.size(), pipe)) > 0;)
    text.append(buffer.data(), size);
  return pclose(pipe) == 0 ? text : std::string();
}

TEST(SystemdGroups, TheShippedTableIsThatOfTheInstalledSystemd) {
  const std::string version = printed_by("systemd-analyze --version 2>/dev/null");
  if (!version.starts_with("systemd 252 "))
    GTEST_SKIP() << "the table is of systemd 252, installed is: " << version.substr(0, 40);
  const auto installed =
      CallGroups::parse(printed_by("systemd-analyze syscall-filter 2>/dev/null"), "installed");
  ASSERT_TRUE(installed);
  const CallGroups& shipped = CallGroups::shipped();
  ASSERT_EQ(shipped.names(), installed->names());
  for (const std::string_view group : shipped.names())
    EXPECT_EQ(*shipped.members(group), *installed->members(group)) << group;
}

TEST(SystemdGroups, AreReadFromWhatSystemdAnalyzePrints) {
  const auto groups = CallGroups::parse(
      "@a\n    # What it is for\n    read\n    @b\n\n@b\n    # More\n    write\n    @a\n"
      "# Ungrouped:\n#   close\n",
      "mine");
  ASSERT_TRUE(groups);
  EXPECT_EQ(groups->origin(), "mine");
  EXPECT_EQ(groups->calls("a"), (std::vector<std::string>{"read", "write"}));  // not for ever
  EXPECT_TRUE(groups->calls("c").empty());
  struct Row {
    std::string_view text;
    std::uint32_t line;
  };
  for (const Row& row :
       {Row{"", 0}, Row{"read\n", 1}, Row{"@a\n  re ad\n", 2}, Row{"\n  read", 2}}) {
    const auto bad = CallGroups::parse(row.text, "mine");
    ASSERT_FALSE(bad) << row.text;
    EXPECT_EQ(bad.error().place.line, row.line) << row.text;
  }
}

}  // namespace
}  // namespace assay::profile
