// What libseccomp is known to do otherwise than it is meant: still so in the version where it was
// seen, and never what the intent says.
#include <gtest/gtest.h>

#include "assay/engine/interpreter.hpp"
#include "assay/names/syscalls.hpp"
#include "assay/profile/generator.hpp"
#include "assay/profile/intent.hpp"
#include "assay/profile/oci.hpp"
#include "assay/text/verdict.hpp"
#include "assay/verify/accept.hpp"
#include "data_cases.hpp"

namespace assay::profile {
namespace {

using seccomp::Arch;

// "ARCH CALL [argN=VALUE ...]" of the first words.
seccomp::SeccompData record_of(std::span<const std::string> words) {
  const Arch arch = seccomp::find_arch(words[0]).value();
  seccomp::SeccompData data{
      names::syscall_number(arch, words[1]).value(), describe(arch).audit, 0, {}};
  for (const std::string& word : words.subspan(2))
    data.args.at(static_cast<std::size_t>(word.at(3) - '0')) = test::parse_number(word.substr(5));
  return data;
}

struct Question {
  seccomp::SeccompData record;
  std::string meant;
  std::string returned;
};

struct Fault {
  std::vector<std::string> versions;
  Arch host = Arch::x86_64;
  std::vector<Question> questions;
};

Fault fault_of(const test::Case& row) {
  Fault fault;
  for (const std::string& line : row.expected) {
    const std::vector<std::string> words = test::split(line);
    if (words[0] == "seen") {
      fault.versions.assign(words.begin() + 1, words.end());
    } else if (words[0] == "host") {
      fault.host = seccomp::find_arch(words[1]).value();
    } else {
      const std::size_t size = words.size();
      fault.questions.push_back(
          {record_of(std::span(words).first(size - 2)), words[size - 2], words[size - 1]});
    }
  }
  return fault;
}

class LibseccompFaults : public testing::TestWithParam<test::Case> {};

TEST_P(LibseccompFaults, AreWhatTheyWere) {
  const Fault fault = fault_of(GetParam());
  const Environment environment{Runtime::Libseccomp, fault.host, {6, 18}, {}};
  const Read read = read_oci(GetParam().body, "row", {Format::Oci, environment});
  ASSERT_TRUE(read) << read.error().found;
  Request request;
  request.rules = read->filters.at(0);
  request.host = fault.host;
  symbolic::Manager manager(symbolic::Order::fixed());
  const auto meaning = intent(manager, request.rules, environment);
  ASSERT_TRUE(meaning);
  const auto filter = libseccomp_generator()(request);
  ASSERT_TRUE(filter);
  const auto program = verify::accept(*filter);
  ASSERT_TRUE(program);
  const bool seen = std::find(fault.versions.begin(), fault.versions.end(), libseccomp_version()) !=
                    fault.versions.end();
  for (const Question& question : fault.questions) {
    const auto words = seccomp::words(question.record, seccomp::byte_order(question.record.arch));
    EXPECT_FALSE(meaning->ambiguous.holds(words));
    EXPECT_EQ(text::to_text(meaning->function.at(words)), question.meant);
    const seccomp::Verdict actual{engine::Interpreter(*program).run(words)};
    if (seen) {
      EXPECT_EQ(text::to_text(actual), question.returned);
    }
  }
  if (seen) {
    EXPECT_EQ(judge(request, libseccomp_generator()).outcome, Outcome::Different);
  }
}

INSTANTIATE_TEST_SUITE_P(Rows, LibseccompFaults,
                         testing::ValuesIn(test::cases("profile/generators")),
                         [](const auto& row) { return test::test_name(row.param); });

}  // namespace
}  // namespace assay::profile
