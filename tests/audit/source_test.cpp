// Lines: of an instruction where there is one, of what decides a call where that is known, and
// none where it is not.
#include "assay/audit/source.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <span>

#include "assay/audit/audit.hpp"
#include "assay/profile/compile.hpp"
#include "assay/profile/oci.hpp"
#include "assay/text/lines.hpp"
#include "assay/verify/accept.hpp"
#include "call_questions.hpp"

namespace assay::audit {
namespace {

using seccomp::Arch;
using seccomp::Verdict;

constexpr std::uint32_t allow = seccomp::value_of(seccomp::Action::Allow);
constexpr std::uint32_t eperm = seccomp::value_of(seccomp::Action::Errno, 1);

// Audited and located, each filter as the text of that name.
struct Text {
  const char* name;
  std::string_view text;
};
Outline located(std::span<const Text> texts, bool with_sources = true) {
  Target target;
  std::vector<std::shared_ptr<const Source>> sources;
  for (const Text& one : texts) {
    bpf::Lines lines;
    const auto instructions =
        text::decode(bpf::bytes_of(one.text), bpf::Format::Text, bpf::default_limit, &lines);
    target.filters.push_back({one.name, verify::accept(*instructions).value(), std::nullopt});
    sources.push_back(with_sources ? text_source(one.name, lines) : nullptr);
  }
  Outline outline = audit(target).value();
  locate(target, sources, outline);
  return outline;
}

const Finding* find(const Outline& outline, std::string_view rule) {
  const auto found = std::find_if(outline.findings.begin(), outline.findings.end(),
                                  [&](const Finding& one) { return one.rule == rule; });
  return found == outline.findings.end() ? nullptr : &*found;
}

Answer answer(const std::string& call, std::uint32_t value) {
  return {test::call_question(call + " ?")->words, Verdict{value}, 0};
}

constexpr const char* deny_execve = "ld [nr]\njeq #59, +0, +1\nret #ERRNO(1)\nret #ALLOW\n";
constexpr const char* deny_reboot = "ld [nr]\njeq #169, +0, +1\nret #ERRNO(1)\nret #ALLOW\n";

TEST(Source, OfATextIsTheLineOfEachInstruction) {
  const auto source = text_source("x", {2, 5});
  EXPECT_EQ(source->of_instruction(1), (Line{"x", 5}));
  EXPECT_EQ(source->of_instruction(2), std::nullopt);
  EXPECT_EQ(source->of_answer({{}, {}, 0}), (Line{"x", 2}));
  EXPECT_EQ(text_source("x", {}), nullptr);
}

TEST(Source, SaysWhereTheCallThatIsShownIsDecided) {
  const Text texts[] = {{"exec.txt", deny_execve}};
  const Outline outline = located(texts);
  const Finding* const finding = find(outline, "door-exec");
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->location.line, 4U);  // execveat is let through
  EXPECT_EQ(finding->location.file, "exec.txt");
  EXPECT_EQ(finding->location.insn, std::nullopt);
}

TEST(Source, SaysNothingWhereSeveralFiltersOfAStackAgree) {
  const Text texts[] = {{"reboot.txt", deny_reboot}, {"exec.txt", deny_execve}};
  const Outline outline = located(texts);
  const Finding* const finding = find(outline, "door-exec");
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->location.line, std::nullopt);
}

TEST(Source, OfAFilterWithoutTextIsNothing) {
  const Text texts[] = {{"exec.txt", deny_execve}};
  for (const Finding& finding : located(texts, false).findings)
    EXPECT_EQ(finding.location.line, std::nullopt) << finding.rule;
}

// Line 1 has the default action, 3 to 5 rules.
constexpr const char* profile_text = R"({"defaultAction": "SCMP_ACT_ERRNO",
 "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"], "syscalls": [
 {"names": ["read",
   "socket"], "action": "SCMP_ACT_ALLOW"},
 {"names": ["personality"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "value": 8, "op": "SCMP_CMP_EQ"}]}]})";

class SourceOfRules : public testing::Test {
 protected:
  std::optional<Line> line(const std::string& call, std::uint32_t value) const {
    return source_->of_answer(answer(call, value));
  }
  const profile::Environment environment_{profile::Runtime::Runc, Arch::x86_64, {6, 18}, {}};
  const profile::Read read_ =
      profile::read_oci(profile_text, "p.json", {profile::Format::Oci, environment_});
  const std::shared_ptr<const Source> source_ =
      rules_source(read_->filters.at(0), environment_, read_->files);
};

TEST_F(SourceOfRules, IsTheNameOfTheCallInTheRuleThatDecides) {
  EXPECT_EQ(line("x86_64 read", allow), (Line{"p.json", 3}));
  EXPECT_EQ(line("x86_64 socket", allow), (Line{"p.json", 4}));
  EXPECT_EQ(line("x86 read", allow), (Line{"p.json", 3}));
  EXPECT_EQ(line("x86_64 personality arg0=8", allow), (Line{"p.json", 5}));
}

TEST_F(SourceOfRules, IsTheDefaultActionWhereNoRuleHolds) {
  EXPECT_EQ(line("x86_64 personality arg0=9", eperm), (Line{"p.json", 1}));
  EXPECT_EQ(line("x86_64 write", eperm), (Line{"p.json", 1}));
}

TEST_F(SourceOfRules, IsNothingForRulesThatNobodyWrote) {
  constexpr std::uint32_t enosys = seccomp::value_of(seccomp::Action::Errno, 38);
  EXPECT_EQ(line("x86_64 clone3", enosys), std::nullopt);  // runc's, above the highest number
  EXPECT_EQ(line("aarch64 read", 0), std::nullopt);
}

TEST_F(SourceOfRules, IsNothingWhereTheFilterIsNotWhatTheRulesMean) {
  EXPECT_EQ(line("x86_64 write", allow), std::nullopt);
}

TEST_F(SourceOfRules, KnowsNoInstruction) { EXPECT_EQ(source_->of_instruction(0), std::nullopt); }

}  // namespace
}  // namespace assay::audit
