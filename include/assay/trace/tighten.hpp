// The profile that allows just what a recording used, for filters that allow more.
//
//   Usage usage(judge); usage.take(call); ...
//   const auto tightened = tighten(usage, programs, semantics, budget);
//   oci_json(tightened->rules);
//
// Calls of the recording keep their verdicts, with the argument bits on which the filter's
// verdict depends as they were recorded; all others get the default. Two things are proven of
// what the runtime makes of it, with profile::intent: nothing gets a weaker action than the
// original gives it (a kill of the thread for one of the process aside, on ABIs that a profile
// does not list), and every recorded call that ran does so with the verdict that it had. One
// that was refused stays so; a runtime with an error of its own for calls newer than the profile
// may answer it with that.
#pragma once

#include <map>
#include <set>
#include <span>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "assay/profile/environment.hpp"
#include "assay/profile/rule_set.hpp"
#include "assay/symbolic/budget.hpp"
#include "assay/trace/judge.hpp"

namespace assay::trace {

// Which calls a recording has, told apart by the bits that decide.
class Usage {
 public:
  static constexpr std::size_t number_limit = 65536;
  static constexpr std::size_t pattern_limit = 32;  // of one number; with more, all are taken

  explicit Usage(Judge& judge) : judge_(judge) {}
  void take(const Call& call);

  struct Number {
    std::uint32_t arch;
    std::uint32_t nr;
    friend auto operator<=>(const Number&, const Number&) = default;
  };
  using Arguments = std::array<std::uint64_t, 6>;
  struct Patterns {
    std::set<Arguments> arguments;  // of the deciding bits
    bool all = false;               // some were not recorded, or too many
  };
  const std::map<Number, Patterns>& numbers() const { return numbers_; }
  std::uint64_t lost() const { return lost_; }  // calls of no number, or of too many
  Judge& judge() const { return judge_; }

 private:
  Judge& judge_;
  std::map<Number, Patterns> numbers_;
  std::uint64_t lost_ = 0;
};

// A call that no profile can allow as the filter does.
enum class Inexpressible : std::uint8_t {
  Nameless,            // a number without a name
  InstructionPointer,  // the verdict depends on it
  Conditions,          // arguments that no short list of conditions describes
  Verdict,             // one that a profile cannot give
};
std::string_view describe(Inexpressible why);

struct LeftOut {
  Usage::Number number;
  Inexpressible why{};
};

struct Tightened {
  profile::RuleSet rules;
  std::vector<LeftOut> left_out;  // recorded calls that get the default instead
  // Inputs that show what could not be proven: a weaker action than before, a recorded call
  // with another verdict. Both empty: proven.
  std::optional<seccomp::Words> weaker;
  std::optional<seccomp::Words> broken;
  bool proven() const { return !weaker && !broken; }
};

enum class Untightened : std::uint8_t {
  NotDecided,  // the budget was not enough
  NothingUsed,
  Refused,  // no runtime would load it
};

tl::expected<Tightened, Untightened> tighten(const Usage& usage,
                                             std::span<const verify::Program> oldest_first,
                                             const seccomp::Semantics& semantics = {},
                                             const symbolic::Budget& budget = {},
                                             const profile::Environment& environment = {});

// linux.seccomp of the OCI runtime-spec.
std::string oci_json(const profile::RuleSet& rules);

}  // namespace assay::trace
