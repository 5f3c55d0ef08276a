// Random rule sets as people give them to a generator of filters: several rules for one call,
// several conditions in a rule, all comparisons, values at and around the edges of 32 and 64
// bits and of each other, several verdicts and architectures.
//
// Room profile turns them into profiles. Deterministic in the state of Random.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "assay/sample/random.hpp"
#include "assay/seccomp/arch.hpp"
#include "assay/seccomp/verdict.hpp"

namespace assay::sample {

// In the order of the comparisons of libseccomp: NE LT LE EQ GE GT MASKED_EQ.
inline constexpr std::uint8_t rule_comparisons = 7;
inline constexpr std::uint8_t masked_comparison = 6;

struct DrawnCondition {
  std::uint8_t argument = 0;
  std::uint8_t comparison = 0;
  std::uint64_t value = 0;  // the mask of the last comparison
  std::uint64_t value_two = 0;
};

struct DrawnRule {
  std::string_view call;
  seccomp::Verdict verdict;
  std::vector<DrawnCondition> conditions;  // each of another argument
  std::uint8_t priority = 0;               // of the call
};

struct DrawnRules {
  seccomp::Verdict otherwise;
  std::vector<seccomp::Arch> arches;  // the machine's own first
  bool tree = false;
  std::vector<DrawnRule> rules;  // none with the verdict `otherwise`
};

struct RuleShape {
  std::size_t most_rules = 6;
  std::size_t most_conditions = 3;  // of one rule
  std::size_t most_calls = 3;
  bool several_arches = true;
};

DrawnRules rules(Random& random, const RuleShape& shape = {});

// 0, 2^31, 2^32, 2^63 and their neighbours, single bits, anything.
std::uint64_t any_wide_value(Random& random);

}  // namespace assay::sample
