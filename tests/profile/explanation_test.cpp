// A profile's filter is explained in hardly more conditions than its author wrote.
#include <gtest/gtest.h>

#include "assay/profile/compile.hpp"
#include "assay/profile/oci.hpp"
#include "assay/text/policy.hpp"
#include "assay/verify/accept.hpp"
#include "packaged_file.hpp"

namespace assay::profile {
namespace {

using symbolic::Manager;
using symbolic::VerdictFunction;
using Kind = text::Expression::Kind;

// Comparisons; each number of a list is one.
std::size_t conditions_of(const text::Expression& expression) {
  if (expression.kind == Kind::Always || expression.kind == Kind::Never) return 0;
  if (expression.kind == Kind::Among) return expression.numbers.size();
  if (expression.parts.empty()) return 1;
  std::size_t result = 0;
  for (const text::Expression& part : expression.parts) result += conditions_of(part);
  return result;
}

std::size_t conditions_of(const text::ArchPolicy& policy) {
  std::size_t result = 0;
  for (const text::Rule& rule : policy.rules) result += conditions_of(rule.condition);
  return result;
}

std::size_t conditions_of(const RuleSet& rules) {
  std::size_t result = 0;
  for (const Rule& rule : rules.rules) result += rule.calls.size() * rule.conditions.size();
  return result;
}

class InstalledProfile : public testing::TestWithParam<const char*> {};

TEST_P(InstalledProfile, IsExplainedInAsManyConditionsAsItHas) {
  const auto text = test::packaged_file(GetParam());
  if (!text) GTEST_SKIP() << GetParam() << " is neither installed nor unpacked";
  for (const Form form : {Form::Linear, Form::Tree}) {
    Environment environment;
    environment.runtime = Runtime::Crun;  // adds no rules of its own
    environment.capabilities = default_capabilities();
    const Read read = read_oci(*text, GetParam(), {{}, environment});
    ASSERT_TRUE(read);
    const RuleSet& rules = read->filters.at(0);
    const Compiled compiled = compile(rules, environment, form);
    ASSERT_TRUE(compiled);
    const auto program = verify::accept(*compiled);
    ASSERT_TRUE(program);
    Manager manager{symbolic::Order::fixed()};
    const auto function = VerdictFunction::of(manager, *program);
    ASSERT_TRUE(function);
    const auto policy = text::policy_of(*function);
    ASSERT_TRUE(policy);
    EXPECT_GE(policy->size(), 4U);  // x86_64, x32, x86 and all others
    for (const text::ArchPolicy& arch : *policy)
      EXPECT_LE(10 * conditions_of(arch), 13 * conditions_of(rules)) << name(arch.scope);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Debian, InstalledProfile,
    testing::Values("/usr/share/containers/seccomp.json",
                    "/usr/share/gocode/src/github.com/docker/docker/profiles/seccomp/"
                    "default.json"));

}  // namespace
}  // namespace assay::profile
