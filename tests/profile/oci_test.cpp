// Container profiles in JSON: what is read, what is told about it, and what is refused, with
// its line.
#include "assay/profile/oci.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "assay/text/verdict.hpp"

namespace assay::profile {
namespace {

using seccomp::Arch;

Environment environment(Runtime runtime = Runtime::Runc, Arch host = Arch::x86_64) {
  return {runtime, host, {6, 18}, default_capabilities()};
}

Profile profile_of(std::string_view text, const OciOptions& options = {{}, environment()}) {
  const Read read = read_oci(text, "test.json", options);
  if (read) return *read;
  ADD_FAILURE() << "line " << read.error().place.line << ": found " << read.error().found
                << ", expected " << read.error().expected;
  return {};
}

ReadError error_of(std::string_view text, const OciOptions& options = {{}, environment()}) {
  const Read read = read_oci(text, "test.json", options);
  return read ? ReadError{} : read.error();
}

std::string with_entry(const std::string& entry, const std::string& more = "") {
  return "{\"defaultAction\": \"SCMP_ACT_ERRNO\"" + more + ",\n\"syscalls\": [\n" + entry + "]}";
}

bool tells(const Profile& profile, FindingKind kind, std::uint32_t line) {
  return std::any_of(profile.findings.begin(), profile.findings.end(), [&](const Finding& each) {
    return each.kind == kind && each.place.line == line;
  });
}

std::string verdict(const Rule& rule) { return text::to_text(rule.verdict); }

TEST(Oci, RulesKeepTheirLines) {
  const Profile profile = profile_of(
      "{\n"
      " \"defaultAction\": \"SCMP_ACT_ERRNO\", \"defaultErrnoRet\": 38,\n"
      " \"architectures\": [\"SCMP_ARCH_X86_64\", \"SCMP_ARCH_X86\"],\n"
      " \"syscalls\": [\n"
      "  {\n"
      "   \"names\": [\"read\",\n"
      "             \"write\"], \"action\": \"SCMP_ACT_ALLOW\",\n"
      "   \"args\": [{\"index\": 2, \"value\": 18446744073709551615,\n"
      "              \"valueTwo\": 7, \"op\": \"SCMP_CMP_MASKED_EQ\"}]}]}\n");
  EXPECT_EQ(profile.format, Format::Oci);
  ASSERT_EQ(profile.filters.size(), 1U);
  const RuleSet& rules = profile.filters[0];
  EXPECT_EQ(text::to_text(rules.otherwise), "ERRNO(38)");
  EXPECT_EQ(rules.place.line, 2U);
  EXPECT_EQ(rules.arches, (std::vector{Arch::x86_64, Arch::x86}));
  ASSERT_EQ(rules.rules.size(), 1U);
  const Rule& rule = rules.rules[0];
  EXPECT_EQ(rule.place.line, 5U);
  ASSERT_EQ(rule.calls.size(), 2U);
  EXPECT_EQ(rule.calls[0].place.line, 6U);
  EXPECT_EQ(rule.calls[1].place.line, 7U);
  EXPECT_EQ(verdict(rule), "ALLOW");
  ASSERT_EQ(rule.conditions.size(), 1U);
  EXPECT_EQ(rule.conditions[0].place.line, 8U);
  EXPECT_EQ(rule.conditions[0].value, ~std::uint64_t{0});
  EXPECT_EQ(rule.conditions[0].op, Operator::MaskedEqual);
  EXPECT_TRUE(profile.findings.empty());
}

TEST(Oci, ActionsTakeTheirErrno) {
  struct Row {
    const char* fields;
    const char* verdict;
  };
  for (const Row& row : std::initializer_list<Row>{
           {"\"action\": \"SCMP_ACT_ERRNO\"", "ERRNO(1)"},
           {"\"action\": \"SCMP_ACT_ERRNO\", \"errnoRet\": 0", "ERRNO(0)"},
           {"\"action\": \"SCMP_ACT_ERRNO\", \"errnoRet\": 65574", "ERRNO(38)"},
           {"\"action\": \"SCMP_ACT_TRACE\", \"errnoRet\": 9", "TRACE(9)"},
           {"\"action\": \"SCMP_ACT_TRACE\"", "TRACE(1)"},
           {"\"action\": \"SCMP_ACT_KILL\"", "KILL_THREAD"},
           {"\"action\": \"SCMP_ACT_KILL_PROCESS\"", "KILL_PROCESS"},
           {"\"action\": \"SCMP_ACT_NOTIFY\"", "USER_NOTIF"},
           {"\"ACTION\": \"SCMP_ACT_LOG\"", "LOG"}}) {
    const Profile profile =
        profile_of(with_entry("{\"names\": [\"read\"], " + std::string(row.fields) + "}"));
    ASSERT_EQ(profile.filters.size(), 1U) << row.fields;
    EXPECT_EQ(verdict(profile.filters[0].rules.at(0)), row.verdict);
  }
}

TEST(Oci, AnErrnoWithoutUseIsTold) {
  const std::string text =
      with_entry("{\"names\": [\"read\"], \"action\": \"SCMP_ACT_ALLOW\", \"errnoRet\": 5}");
  EXPECT_TRUE(tells(profile_of(text), FindingKind::Ignored, 3));
  EXPECT_TRUE(tells(profile_of(text, {{}, environment(Runtime::Crun)}), FindingKind::Refused, 3));
}

TEST(Oci, WhatTutorialsShowIsReadWithAWarning) {
  const Profile old = profile_of(
      "{ // the policy\n\"defaultAction\": \"SCMP_ACT_ERRNO\",\n\"architectures\": [\"amd64\"],\n"
      "\"syscalls\": [\n{\"name\": \"read\", \"action\": \"SCMP_ACT_ALLOW\"}]}");
  EXPECT_TRUE(tells(old, FindingKind::Refused, 1));   // comments
  EXPECT_TRUE(tells(old, FindingKind::Refused, 3));   // amd64
  EXPECT_TRUE(tells(old, FindingKind::Obsolete, 5));  // name
  ASSERT_EQ(old.filters.size(), 1U);
  EXPECT_EQ(old.filters[0].arches, std::vector{Arch::x86_64});
  EXPECT_EQ(old.filters[0].rules.at(0).calls.at(0).name, "read");
}

TEST(Oci, WhatNoRuntimeStartsWithIsAnErrorWithItsLine) {
  struct Row {
    std::string text;
    std::uint32_t line;
    const char* found;
  };
  for (const Row& row : std::initializer_list<Row>{
           {with_entry("{\"names\": [\"read\"]}"), 3, "no action"},
           {with_entry("{\"names\": [\"read\"], \"action\": \"allow\"}"), 3, "'allow'"},
           {with_entry("{\"names\": [\"read\"], \"action\": \"SCMP_ACT_LOG\",\n \"args\": [\n"
                       "{\"index\": 0, \"value\": 1}]}"),
            5, "no op"},
           {with_entry("{\"names\": [\"read\"], \"action\": \"SCMP_ACT_LOG\",\n \"args\": [\n"
                       "{\"index\": 0, \"value\": -1, \"op\": \"SCMP_CMP_EQ\"}]}"),
            5, "value: -1"},
           {with_entry("{\"names\": [\"read\"], \"name\": \"read\", \"action\": \"SCMP_ACT_LOG\"}"),
            3, "name beside names"},
           {"{\"defaultAction\": \"SCMP_ACT_ALLOW\",\n \"architectures\": [\"SCMP_ARCH_VAX\"]}", 2,
            "'SCMP_ARCH_VAX'"},
           {"[]", 1, "a list"},
           {"{\"defaultAction\": \"SCMP_ACT_ALLOW\"", 1, "the end of the text"},
           {"{\n\"defaultAction\" \"x\"}", 2, "'\""}}) {
    const ReadError error = error_of(row.text);
    EXPECT_EQ(error.place.line, row.line) << row.text;
    EXPECT_NE(error.found.find(row.found), std::string::npos) << row.text << ": " << error.found;
  }
  EXPECT_EQ(error_of(with_entry("{\"names\": [\"read\"], \"action\": \"allow\"}")).suggestion,
            "SCMP_ACT_ALLOW");
}

TEST(Oci, HostileTextIsBounded) {
  EXPECT_NE(error_of(std::string(1'000'000, '[')).found, "");
  EXPECT_NE(error_of("{\"a\":" + std::string(1'000'000, '[')).found, "");
  std::string many = "[";
  for (int i = 0; i < 500'000; ++i) many += "0,";
  EXPECT_EQ(error_of(many + "0]").found, "more values");
  EXPECT_NE(error_of(std::string(profile_limit + 1, ' ')).found, "");
}

const std::string map =
    ", \"archMap\": [{\"architecture\": \"SCMP_ARCH_X86_64\",\"subArchitectures\": "
    "[\"SCMP_ARCH_X86\", \"SCMP_ARCH_X32\"]}, {\"architecture\": \"SCMP_ARCH_AARCH64\", "
    "\"subArchitectures\": [\"SCMP_ARCH_ARM\"]}]";

TEST(Oci, OnlyTheHostsElementOfArchMapCounts) {
  const std::string text = with_entry("{\"names\": [\"read\"], \"action\": \"SCMP_ACT_LOG\"}", map);
  const auto arches = [&](Arch host, Format format = Format::Docker) {
    return profile_of(text, {format, environment(Runtime::Runc, host)}).filters.at(0).arches;
  };
  EXPECT_EQ(arches(Arch::x86_64), (std::vector{Arch::x86_64, Arch::x86, Arch::x32}));
  EXPECT_EQ(arches(Arch::aarch64, Format::Podman), (std::vector{Arch::aarch64, Arch::arm}));
  EXPECT_TRUE(arches(Arch::riscv64).empty());
  EXPECT_TRUE(arches(Arch::x86_64, Format::Oci).empty());
}

TEST(Oci, TemplatesChooseByCapabilityArchAndKernel) {
  const auto entries = [](const std::string& filter, Format format, const Environment& where) {
    const std::string text =
        with_entry("{\"names\": [\"read\"], \"action\": \"SCMP_ACT_ALLOW\", " + filter + "}");
    return profile_of(text, {format, where}).filters.at(0).rules.size();
  };
  const Environment here = environment();
  Environment admin = here;
  admin.capabilities.emplace_back("CAP_SYS_ADMIN");
  Environment old = here;
  old.kernel = {4, 7};
  const std::string cap = "\"includes\": {\"caps\": [\"CAP_SYS_ADMIN\"]}";
  EXPECT_EQ(entries(cap, Format::Docker, here), 0U);
  EXPECT_EQ(entries(cap, Format::Docker, admin), 1U);
  EXPECT_EQ(entries(cap, Format::Oci, here), 1U);  // what containerd does with it
  const std::string no_cap = "\"excludes\": {\"caps\": [\"CAP_SYS_ADMIN\"]}";
  EXPECT_EQ(entries(no_cap, Format::Podman, here), 1U);
  EXPECT_EQ(entries(no_cap, Format::Podman, admin), 0U);
  const std::string kernel = "\"includes\": {\"minKernel\": \"4.8\"}";
  EXPECT_EQ(entries(kernel, Format::Docker, old), 0U);
  EXPECT_EQ(entries(kernel, Format::Docker, here), 1U);
  EXPECT_EQ(entries(kernel, Format::Podman, old), 1U);  // not looked at
  const std::string arch = "\"includes\": {\"arches\": [\"amd64\"]}";
  EXPECT_EQ(entries(arch, Format::Docker, here), 1U);
  EXPECT_EQ(entries(arch, Format::Docker, environment(Runtime::Runc, Arch::x32)), 0U);
}

TEST(Oci, FormsAreToldByTheirKeys) {
  const auto format = [](const std::string& text) { return profile_of(text).format; };
  EXPECT_EQ(format(with_entry("{\"names\": [\"read\"], \"action\": \"SCMP_ACT_LOG\"}")),
            Format::Oci);
  EXPECT_EQ(format(with_entry("{\"names\": [\"read\"], \"action\": \"SCMP_ACT_LOG\"}", map)),
            Format::Docker);
  EXPECT_EQ(format(with_entry("{\"names\": [\"read\"], \"action\": \"SCMP_ACT_ERRNO\", "
                              "\"errno\": \"ENOSYS\"}")),
            Format::Podman);
  const Profile bundle = profile_of(
      "{\"ociVersion\": \"1.0\", \"linux\": {\"seccomp\": {\"defaultAction\": \"SCMP_ACT_LOG\"}}}");
  EXPECT_EQ(bundle.format, Format::Oci);
  EXPECT_EQ(text::to_text(bundle.filters.at(0).otherwise), "LOG");
}

TEST(Oci, ErrnoNamesOfContainersCommonWin) {
  const Profile profile = profile_of(with_entry(
      "{\"names\": [\"read\"], \"action\": \"SCMP_ACT_ERRNO\", \"errnoRet\": 1, \"errno\": "
      "\"ENOSYS\"}"));
  EXPECT_EQ(verdict(profile.filters.at(0).rules.at(0)), "ERRNO(38)");
  EXPECT_TRUE(tells(profile, FindingKind::Contradiction, 3));
}

TEST(Oci, AProfileWithoutAnythingMeansNoFilter) {
  EXPECT_TRUE(profile_of("{}").filters.empty());
  EXPECT_EQ(error_of("{}", {{}, environment(Runtime::Crun)}).found, "no defaultAction");
}

}  // namespace
}  // namespace assay::profile
