// What each runtime does with the rules it is given, as one table: which entries it skips,
// which it refuses, what it adds. Sources: docs/profiles.md.
#pragma once

#include <cstddef>
#include <cstdint>

#include "assay/profile/environment.hpp"
#include "assay/seccomp/verdict.hpp"

namespace assay::profile {

enum class Answer : std::uint8_t { Skip, Refuse };

// Several conditions on one argument in one rule.
enum class SameArgument : std::uint8_t {
  All,  // as they stand
  Any,  // each condition of the rule, on whatever argument, becomes a rule of its own
  Refuse,
};

// A rule without conditions beside rules with conditions, for one call.
enum class Unconditional : std::uint8_t { Wins, Lost };

struct Conventions {
  Runtime runtime;
  Answer default_rule;  // a rule whose verdict is the default one
  Answer unknown_call;
  Answer empty_call;
  SameArgument same_argument;
  Unconditional unconditional = Unconditional::Wins;
  std::size_t conditions_read = 64;  // of one rule; the rest is not looked at
  bool libseccomp = true;            // made with it: multiplexers, ABIs, names as it has them
  bool adds_host = true;             // the machine's own arch is always in the filter
  bool low_word_only_equal = false;  // Width::LowWord is looked at for Operator::Equal alone
  bool newer_call_stub = false;      // runc
  bool notify_by_default = true;     // whether USER_NOTIF may be the default, or asked on write
  std::uint32_t bad_arch = 0;        // value of the verdict; 0 is KILL_THREAD
};

const Conventions& conventions_of(Runtime runtime);

}  // namespace assay::profile
