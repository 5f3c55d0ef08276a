// What is odd about a profile, with the place: readers, intent and compile all add to one list.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "assay/profile/place.hpp"

namespace assay::profile {

enum class FindingKind : std::uint8_t {
  UnknownCall,          // no arch has a call of that name
  CallNotOnArch,        // none of the profile's arches has it
  DroppedCall,          // the libseccomp in use does not know the name: the rule is lost
  Duplicate,            // the same rule again
  DefaultRule,          // says what the default says; the runtime skips it
  DeadRule,             // decides for no input
  Contradiction,        // two rules, one condition, two verdicts: refused
  Ambiguous,            // rules of different verdicts overlap, and nothing says which holds
  ImpossibleCondition,  // conditions that nothing satisfies, or that always hold
  SplitConditions,      // conditions on one argument that the runtime takes as alternatives
  Multiplexed,          // socketcall or ipc reach the call past the rule's conditions
  NarrowArgument,       // a value that does not fit the argument of an arch
  Ignored,              // a field or entry that this runtime does not look at
  Obsolete,             // an old spelling, with what a runtime makes of it
  Refused,              // the runtime would not start with this
  Unmodelled,           // has an effect that is not part of the answer
  NewCall,              // a call newer than the profile knows, and what it gets
};
std::string_view name(FindingKind kind);  // "unknown-call"

enum class Severity : std::uint8_t { Note, Warning, Error };
std::string_view name(Severity severity);

struct Finding {
  FindingKind kind{};
  Severity severity = Severity::Warning;
  Place place;
  std::string message;  // one sentence without a full stop, safe to print
  friend bool operator==(const Finding&, const Finding&) = default;
};

using Findings = std::vector<Finding>;

}  // namespace assay::profile
