// Public bugs of what makes filters from profiles: verify() tells the faulty filter from the
// profile, with a witness, and the right one it takes for the same.
#include <gtest/gtest.h>

#include <array>

#include "assay/engine/interpreter.hpp"
#include "assay/profile/oci.hpp"
#include "assay/profile/verify.hpp"
#include "assay/text/assembly.hpp"
#include "assay/text/verdict.hpp"
#include "assay/verify/accept.hpp"
#include "call_questions.hpp"

namespace assay::profile {
namespace {

using seccomp::Arch;

verify::Program program_of(std::string_view assembly) {
  const auto instructions = text::assemble(assembly);
  EXPECT_TRUE(instructions) << to_string(instructions.error());
  return verify::accept(*instructions).value();
}

Target target_of(std::string_view profile, const Environment& environment) {
  const Read read = read_oci(profile, "profile", {Format::Oci, environment});
  EXPECT_TRUE(read) << read.error().found;
  return {{}, read->filters, {}};
}

Verification verified(const Target& target, const Environment& environment,
                      const verify::Program& program) {
  return verify(target, environment, {&program, 1}).value();
}

// Each difference is one: the filter runs so, and the rules are meant otherwise.
void expect_witnesses(const Verification& verification, const Target& target,
                      const Environment& environment, const verify::Program& program) {
  symbolic::Manager manager(symbolic::Order::fixed());
  const auto meaning = intent(manager, target, environment);
  ASSERT_TRUE(meaning);
  ASSERT_FALSE(verification.discrepancies.empty());
  for (const Discrepancy& each : verification.discrepancies) {
    const seccomp::Verdict returned{engine::Interpreter(program).run(each.witness)};
    EXPECT_EQ(returned.normalised(), each.actual);
    EXPECT_EQ(meaning->function.at(each.witness), each.intended);
    EXPECT_NE(each.intended, each.actual);
  }
}

struct Asked {
  test::CallQuestion question;  // what is meant
  std::string returned;
};

struct Bug {
  Environment environment{Runtime::Runc, Arch::x86_64, {6, 18}, {}};
  std::vector<Asked> asked;
  std::string profile;
  std::string faulty;
  std::string right;
};

std::string part(const std::string& body, const std::string& from, const std::string& to) {
  const std::size_t start = body.find(from) + from.size();
  return body.substr(start, to.empty() ? std::string::npos : body.find(to) - start);
}

Bug bug_of(const test::Case& row) {
  constexpr const char* faulty = "--- faulty\n";
  constexpr const char* right = "--- right\n";
  Bug bug;
  for (const std::string& line : row.expected) {
    const std::vector<std::string> words = test::split(line);
    if (words[0] == "runtime") {
      bug.environment.runtime = find_runtime(words[1]).value();
    } else if (words[0] == "host") {
      bug.environment.host = seccomp::find_arch(words[1]).value();
    } else {
      const std::size_t last = line.rfind(' ');
      bug.asked.push_back({test::call_question(line.substr(0, last)).value(), words.back()});
    }
  }
  bug.profile = part(row.body, "", faulty);
  bug.faulty = part(row.body, faulty, right);
  bug.right = part(row.body, right, "");
  return bug;
}

class PublicBugs : public testing::TestWithParam<test::Case> {};

TEST_P(PublicBugs, AreDifferencesAndWhatWasMeantIsNone) {
  const Bug bug = bug_of(GetParam());
  const Target target = target_of(bug.profile, bug.environment);
  const verify::Program faulty = program_of(bug.faulty);
  const Verification found = verified(target, bug.environment, faulty);
  EXPECT_FALSE(found.equal);
  expect_witnesses(found, target, bug.environment, faulty);
  symbolic::Manager manager(symbolic::Order::fixed());
  const auto meaning = intent(manager, target, bug.environment);
  ASSERT_TRUE(meaning);
  for (const auto& [question, returned] : bug.asked) {
    EXPECT_EQ(text::to_text(meaning->function.at(question.words)), question.verdict);
    const seccomp::Verdict actual{engine::Interpreter(faulty).run(question.words)};
    EXPECT_EQ(text::to_text(actual), returned);
  }
  const Verification same = verified(target, bug.environment, program_of(bug.right));
  EXPECT_TRUE(same.equal);
  EXPECT_TRUE(same.discrepancies.empty());
  EXPECT_TRUE(same.ambiguous.is_zero());
}

INSTANTIATE_TEST_SUITE_P(Rows, PublicBugs, testing::ValuesIn(test::cases("profile/public-bugs")),
                         [](const auto& row) { return test::test_name(row.param); });

// CVE-2019-9893 of libseccomp before 2.4.0 (issue 139): an order of 64 bits is asked for with
// two orders of 32 bits, both of which must hold. A compiler as small as the bug.
enum class Order { BothHalves, HighFirst };

std::string order_of(Operator op, std::uint64_t value, Order order) {
  const std::string high = std::to_string(value >> 32);
  const std::string low = std::to_string(value & 0xffffffff);
  // < and <= are the negations of >= and >.
  const bool negated = op == Operator::Less || op == Operator::LessEqual;
  const bool equal = op == Operator::GreaterEqual || op == Operator::Less;
  const std::string yes = negated ? "allow" : "deny";
  const std::string no = negated ? "deny" : "allow";
  const std::string halves = order == Order::BothHalves ? "jge #" + high + ", +0, " + no + "\n"
                                                        : "jgt #" + high + ", " + yes + "\njne #" +
                                                              high + ", " + no + "\n";
  return "ld [args[0].hi]\n" + halves + "ld [args[0].lo]\n" + (equal ? "jge #" : "jgt #") + low +
         ", " + yes + ", " + no + "\n";
}

verify::Program filter_of(Operator op, std::uint64_t value, Order order) {
  return program_of(
      "ld [arch]\njne #AUDIT_ARCH_X86_64, kill\nld [nr]\njlt #X32_SYSCALL_BIT, known\n"
      "jne #0xffffffff, kill\nknown: jne #x86_64.read, allow\n" +
      order_of(op, value, order) +
      "allow: ret #ALLOW\ndeny: ret #ERRNO(1)\nkill: ret #KILL_THREAD\n");
}

Target denied(Operator op, std::uint64_t value, const Environment& environment) {
  return target_of(R"({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["read"],
      "action": "SCMP_ACT_ERRNO", "args": [{"index": 0, "value": )" +
                       std::to_string(value) + R"(, "op": "SCMP_CMP_)" + std::string(name(op)) +
                       "\"}]}]}",
                   environment);
}

const Environment libseccomp{Runtime::Libseccomp, Arch::x86_64, {6, 18}, {}};
constexpr std::array orders{Operator::Less, Operator::LessEqual, Operator::GreaterEqual,
                            Operator::Greater};

TEST(OrdersOf64Bits, DifferWhenBothHalvesMustHold) {
  for (const Operator op : orders)
    for (const std::uint64_t value : {0x5ULL, 0x100000005ULL, 0xffffffff00000001ULL}) {
      SCOPED_TRACE(std::string(name(op)) + " " + std::to_string(value));
      const bool topmost = value >> 32 == 0xffffffff;  // no higher half can be missed
      const Target target = denied(op, value, libseccomp);
      const verify::Program faulty = filter_of(op, value, Order::BothHalves);
      const Verification found = verified(target, libseccomp, faulty);
      EXPECT_EQ(found.equal, topmost);
      if (!topmost) expect_witnesses(found, target, libseccomp, faulty);
      const verify::Program right = filter_of(op, value, Order::HighFirst);
      EXPECT_TRUE(verified(target, libseccomp, right).equal);
    }
}

TEST(OrdersOf64Bits, FailOpenForAValueWhoseLowHalfIsSmall) {
  const Target target = denied(Operator::Greater, 5, libseccomp);
  const Verification found =
      verified(target, libseccomp, filter_of(Operator::Greater, 5, Order::BothHalves));
  ASSERT_EQ(found.discrepancies.size(), 1U);
  EXPECT_EQ(found.discrepancies[0].failing, Failing::Open);
  const auto asked = test::call_question("x86_64 read arg0=0x100000000 ERRNO(1)").value();
  symbolic::Manager manager(symbolic::Order::fixed());
  EXPECT_EQ(text::to_text(intent(manager, target, libseccomp)->function.at(asked.words)),
            asked.verdict);
  EXPECT_EQ(
      engine::Interpreter(filter_of(Operator::Greater, 5, Order::BothHalves)).run(asked.words),
      seccomp::value_of(seccomp::Action::Allow));
}

TEST(OrdersOf64Bits, AreRightByLuckWhereTheLowHalfDecidesNothing) {
  for (const Operator op : {Operator::Less, Operator::GreaterEqual}) {
    const verify::Program lucky = filter_of(op, 0x200000000, Order::BothHalves);
    EXPECT_TRUE(verified(denied(op, 0x200000000, libseccomp), libseccomp, lucky).equal);
  }
}

}  // namespace
}  // namespace assay::profile
