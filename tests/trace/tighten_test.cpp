#include "assay/trace/tighten.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "assay/text/verdict.hpp"
#include "trace/programs.hpp"
#include "trace/rendered.hpp"

namespace assay::trace {
namespace {

using Json = nlohmann::json;

tl::expected<Tightened, Untightened> tightened(std::string_view assembly, std::string_view trace) {
  const verify::Program filter = program(assembly);
  Judge judge(std::span(&filter, 1));
  Usage usage(judge);
  for (const Call& call : read_all(Format::Strace, trace)) usage.take(call);
  return tighten(usage, std::span(&filter, 1));
}

// "close read: ALLOW; socket if arg0 == 1: ALLOW", then the default.
std::string in_words(const profile::RuleSet& rules) {
  std::string text;
  for (const profile::Rule& rule : rules.rules) {
    for (const profile::Call& call : rule.calls) text += call.name + " ";
    for (const auto& condition : rule.conditions)
      text += "arg" + std::to_string(condition.index) + " " +
              std::string(profile::name(condition.op)) + " " + std::to_string(condition.value) +
              "," + std::to_string(condition.value_two) + " ";
    text += text::to_text(rule.verdict) + "; ";
  }
  return text + text::to_text(rules.otherwise);
}

TEST(Tighten, AllowsWhatWasUsedAndKeepsWhatWasRefused) {
  const auto result = tightened(guarded,
                                "read(3, \"x\", 1) = 1\nclose(3) = 0\nread(4, \"x\", 1) = 1\n"
                                "clone3({flags=0}, 88) = -1 ENOSYS (x)\n"
                                "ptrace(PTRACE_TRACEME) = -1 EPERM (x)\n");
  ASSERT_TRUE(result);
  EXPECT_TRUE(result->proven());
  EXPECT_TRUE(result->left_out.empty());
  EXPECT_EQ(in_words(result->rules), "clone3 ERRNO(38); close read ALLOW; ERRNO(1)");
  EXPECT_EQ(result->rules.arches, std::vector{seccomp::Arch::x86_64});
}

TEST(Tighten, ArgumentsThatDecideAreAsTheyWereRecorded) {
  const auto result =
      tightened(guarded, "socket(AF_UNIX, SOCK_STREAM, 0) = 3\npersonality(0) = 0\n");
  ASSERT_TRUE(result);
  EXPECT_TRUE(result->proven());
  EXPECT_EQ(in_words(result->rules),
            "personality arg0 MASKED_EQ 4294967295,0 ALLOW; socket arg0 EQ 1,0 ALLOW; ERRNO(1)");
}

TEST(Tighten, WhereTheyWereNotRecordedTheFilterIsKept) {
  const auto result = tightened(guarded, "socket(AF_BEYOND, SOCK_STREAM, 0) = 3\n");
  ASSERT_TRUE(result);
  EXPECT_TRUE(result->proven());
  EXPECT_EQ(in_words(result->rules), "socket arg0 EQ 1,0 ALLOW; ERRNO(1)");
}

// A filter that kills some calls and allows the rest: those are killed as before.
TEST(Tighten, StrongerVerdictsStay) {
  const auto result = tightened(
      "ld [arch]\njne #AUDIT_ARCH_X86_64, +3\nld [nr]\njeq #169, +1, +0\njeq #101, +0, +1\n"
      "ret #KILL_PROCESS\nret #ALLOW\n",
      "close(3) = 0\n");
  ASSERT_TRUE(result);
  EXPECT_TRUE(result->proven());
  EXPECT_EQ(in_words(result->rules), "close ALLOW; ptrace reboot KILL_PROCESS; ERRNO(1)");
}

TEST(Tighten, WhatAProfileCannotSayIsLeftOutByName) {
  const auto result = tightened("ld [nr]\njge #1000, +0, +1\nret #LOG\nret #ALLOW\n",
                                "close(3) = 0\nsyscall_0x457(0x1, 0, 0, 0, 0, 0) = 0\n");
  ASSERT_TRUE(result);
  ASSERT_EQ(result->left_out.size(), 1U);
  EXPECT_EQ(result->left_out[0].number.nr, 0x457U);
  EXPECT_EQ(result->left_out[0].why, Inexpressible::Nameless);
  const auto pointer =
      tightened("ld [ip.lo]\njeq #7, +0, +1\nret #LOG\nret #ALLOW\n", "close(3) = 0\n");
  ASSERT_TRUE(pointer);
  ASSERT_EQ(pointer->left_out.size(), 1U);
  EXPECT_EQ(pointer->left_out[0].why, Inexpressible::InstructionPointer);
}

TEST(Tighten, NeedsACall) {
  const auto result = tightened(guarded, "");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error(), Untightened::NothingUsed);
}

TEST(Tighten, WritesOciProfiles) {
  const auto result = tightened(guarded,
                                "socket(AF_UNIX, SOCK_STREAM, 0) = 3\npersonality(0) = 0\n"
                                "clone3({flags=0}, 88) = -1 ENOSYS (x)\n");
  ASSERT_TRUE(result);
  const Json json = Json::parse(oci_json(result->rules));
  EXPECT_EQ(json, Json::parse(R"({
    "defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 1,
    "architectures": ["SCMP_ARCH_X86_64"],
    "syscalls": [
      {"names": ["clone3"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38},
      {"names": ["personality"], "action": "SCMP_ACT_ALLOW",
       "args": [{"index": 0, "value": 4294967295, "valueTwo": 0, "op": "SCMP_CMP_MASKED_EQ"}]},
      {"names": ["socket"], "action": "SCMP_ACT_ALLOW",
       "args": [{"index": 0, "value": 1, "op": "SCMP_CMP_EQ"}]}]})"));
}

}  // namespace
}  // namespace assay::trace
