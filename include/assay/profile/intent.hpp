// What a profile means: the verdict straight from the rules, as a VerdictFunction.
//
// Written from the documentation of the formats and runtimes, with the condition builder, and
// knowing nothing of the language of filters, of engines or of any compiler of profiles: it is
// the other opinion to compile(). What a runtime adds on its own is an implicit rule, named in
// Implicit and left out when `pure`. Sources: docs/profiles.md.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <tl/expected.hpp>
#include <variant>
#include <vector>

#include "assay/profile/environment.hpp"
#include "assay/profile/finding.hpp"
#include "assay/profile/rule_set.hpp"
#include "assay/symbolic/verdict_function.hpp"

namespace assay::profile {

// Rules that no profile states.
enum class Implicit : std::uint8_t {
  BadArch,      // calls of an arch that the filter does not know
  ForeignAbi,   // x32 numbers where only x86_64 is known, and the reverse
  NewerCall,    // runc answers ENOSYS above the highest number that the profile names
  Multiplexer,  // socketcall and ipc, by the subcode of a call that a rule names
};
inline constexpr std::array<std::string_view, 4> implicit_names{"bad-arch", "foreign-abi",
                                                                "newer-call", "multiplexer"};
constexpr std::string_view name(Implicit implicit) {
  return implicit_names[static_cast<std::size_t>(implicit)];
}

struct DefaultAction {};
struct RuleIndex {
  std::size_t rule;  // of RuleSet::rules
};
// What decides for some inputs.
using Source = std::variant<DefaultAction, RuleIndex, Implicit>;

// Inputs of one verdict from one source; the clauses of a meaning exclude each other.
struct Clause {
  symbolic::Condition where;
  seccomp::Verdict verdict;  // normalised
  Source source;
};

struct Meaning {
  symbolic::VerdictFunction function;
  // Inputs for which rules of different verdicts hold and no documentation says which decides;
  // what `function` says there means nothing.
  symbolic::Condition ambiguous;
  std::vector<Clause> clauses;
};

// Why there is no meaning: the runtime refuses the rules (with the findings that say why), or
// the budget was not enough.
struct Meaningless {
  Findings refusals;
  symbolic::NotDecided budget;
};

struct IntentOptions {
  bool pure = false;     // without implicit rules: what is not named gets the default action
  bool clauses = false;  // keep them, for those who tell differences apart
};

tl::expected<Meaning, Meaningless> intent(symbolic::Manager& manager, const RuleSet& rules,
                                          const Environment& environment,
                                          const IntentOptions& options = {});

// Of one filter after the other, oldest first, as a thread has them; clauses only of a single
// one.
tl::expected<Meaning, Meaningless> intent_of_stack(symbolic::Manager& manager,
                                                   std::span<const RuleSet> oldest_first,
                                                   const Environment& environment,
                                                   const IntentOptions& options = {});

}  // namespace assay::profile
