// The rules of one filter as their author wrote them, whatever the format: which calls, under
// which conditions, get which verdict, and what all others get.
//
//   {.otherwise = ERRNO(1), .rules = {{.calls = {{"personality"}}, .verdict = ALLOW,
//                                      .conditions = {{.index = 0, .value = 8}}}}}
//
// Nothing is resolved here: names are not numbers yet, an entry that a runtime will skip is
// still there, and an argument may have several conditions. What a runtime makes of it, intent
// and compile say, each by itself. Plain values, freely shared.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "assay/profile/place.hpp"
#include "assay/seccomp/arch.hpp"
#include "assay/seccomp/verdict.hpp"

namespace assay::profile {

// All comparisons are unsigned.
enum class Operator : std::uint8_t {
  NotEqual,
  Less,
  LessEqual,
  Equal,
  GreaterEqual,
  Greater,
  MaskedEqual,     // (argument & value) == (value_two & value)
  MaskedNotEqual,  // its negation: minijail's "any of these bits"
};
std::string_view name(Operator op);  // "NE", as in SCMP_CMP_NE

// How much of the argument is compared.
enum class Width : std::uint8_t {
  Whole,    // all that the arch's arguments have
  LowWord,  // 32 bits on every arch
};

struct ArgumentCondition {
  std::uint32_t index = 0;  // 0 to 5 in a sound profile
  Operator op = Operator::Equal;
  std::uint64_t value = 0;  // the mask of the masked operators
  std::uint64_t value_two = 0;
  Width width = Width::Whole;
  Place place;
  friend bool operator==(const ArgumentCondition&, const ArgumentCondition&) = default;
};

struct Call {
  std::string name;
  Place place;
  friend bool operator==(const Call&, const Call&) = default;
};

struct Rule {
  std::vector<Call> calls;
  seccomp::Verdict verdict;
  std::vector<ArgumentCondition> conditions;  // all of them; none: always
  std::vector<seccomp::Arch> arches;          // only there; none: all of the set
  Place place;
  friend bool operator==(const Rule&, const Rule&) = default;
};

// What several rules for one call mean together.
enum class Combination : std::uint8_t {
  Union,       // libseccomp's manual: each adds to the others, one without condition to all
  FirstMatch,  // in their order, as in minijail's chains
};

struct RuleSet {
  std::string name;  // a thread, an option, a container; empty where there is only one
  seccomp::Verdict otherwise;
  std::vector<seccomp::Arch> arches;  // in the order listed; the runtime may add its own
  std::vector<Rule> rules;            // in the order of the text
  Combination combination = Combination::Union;
  // Of calls of an arch that the filter does not know; none: as the runtime has it.
  std::optional<seccomp::Verdict> bad_arch;
  std::vector<std::string> flags;  // SECCOMP_FILTER_FLAG_*
  bool listener = false;           // somebody waits for USER_NOTIF
  Place place;                     // of the default action
  friend bool operator==(const RuleSet&, const RuleSet&) = default;
};

}  // namespace assay::profile
