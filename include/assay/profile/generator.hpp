// Anything that maps rules to a filter: libseccomp, an external command, a function.
//
// One question is asked of all of them: is the filter what the rules mean, for every input?
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "assay/profile/compile.hpp"
#include "assay/profile/rule_set.hpp"
#include "assay/sample/rules.hpp"
#include "assay/seccomp/seccomp_data.hpp"
#include "assay/symbolic/budget.hpp"

namespace assay::profile {

// What a generator is given.
struct Request {
  RuleSet rules;
  seccomp::Arch host = seccomp::Arch::x86_64;
  bool tree = false;
  std::vector<std::uint8_t> priorities;  // of each rule's call; may be missing
  friend bool operator==(const Request&, const Request&) = default;
};

Request request_of(const sample::DrawnRules& drawn);

// Why there is no filter. Declined rules are the generator's right where the rules conflict.
struct Declined {
  bool broken = false;   // not the rules were at fault: no such command, nonsense
  bool hangs = false;    // no answer came within the limit
  bool crashes = false;  // it was killed by a signal
  std::string why = {};
  friend bool operator==(const Declined&, const Declined&) = default;
};

using Generator = std::function<tl::expected<Instructions, Declined>(const Request&)>;

// In this process. There are rules on which the version of Debian 12 never comes back: for rules
// of others, take the guarded one.
Generator libseccomp_generator();

struct GeneratorLimits {
  std::chrono::milliseconds processor{50};  // processor time for a request
  std::chrono::milliseconds clock{10'000};  // for one that waits for something
};
// In a child process, which is replaced when it has hung or crashed. One thread at a time. Make it
// before there are other threads: this forks, and children later do not come from this process.
Generator guarded(const Generator& generator, GeneratorLimits limits = {});
Generator guarded_libseccomp_generator(GeneratorLimits limits = {});

// A program that gets linux.seccomp as JSON on stdin and answers with a raw little-endian
// filter on stdout and exit 0, or says why not on stderr. Started without a shell; bounded in
// time and in what it may write.
Generator command_generator(std::vector<std::string> command,
                            std::chrono::milliseconds limit = std::chrono::seconds(10));

// The rules as linux.seccomp of the runtime-spec, with all architectures.
std::string to_oci_json(const RuleSet& rules, seccomp::Arch host);

enum class Outcome : std::uint8_t {
  Same,       // equal over all inputs
  SameSoFar,  // equal where the documentation decides, and it does not decide everywhere
  Refused,    // both say that the rules conflict
  LeftOpen,   // the generator declines, or takes, what is not clearly a conflict
  Different,  // another verdict than was meant
  Rejected,   // a filter that Linux does not accept
  Declines,   // rules without any conflict
  Hangs,      // whatever the rules
  Crashes,
  Broken,      // the generator did not work at all
  NotDecided,  // the budget
};
inline constexpr std::array<std::string_view, 11> outcome_names{
    "same",     "same-so-far", "refused", "left-open", "different",  "rejected",
    "declines", "hangs",       "crashes", "broken",    "not-decided"};
constexpr std::string_view name(Outcome outcome) {
  return outcome_names[static_cast<std::size_t>(outcome)];
}
constexpr bool is_disagreement(Outcome outcome) {
  return outcome == Outcome::Different || outcome == Outcome::Rejected ||
         outcome == Outcome::Declines || outcome == Outcome::Hangs || outcome == Outcome::Crashes;
}

struct Judgement {
  Outcome outcome{};
  // Of a difference.
  std::optional<seccomp::Words> witness = {};
  seccomp::Verdict intended = {};
  seccomp::Verdict actual = {};
  Instructions filter = {};
  std::string why = {};  // of a generator that declined
};

Judgement judge(const Request& request, const Generator& generator,
                const symbolic::Budget& budget = {});

// The same disagreement with the fewest rules, conditions and arches, in the plainest form; and
// then also with the smallest values, which takes longer.
Request simplified(Request request, const Generator& generator, const Judgement& judgement,
                   const symbolic::Budget& budget = {});
Request minimised(Request request, const Generator& generator, const Judgement& judgement,
                  const symbolic::Budget& budget = {});

// What simplified requests of one cause have in common: which kinds of comparison meet on which
// arguments, which verdicts are the same, arches and form; and whether the filter compares one
// word on one path and another on another. Whatever the values and the order of the rules.
std::string cause_of(const Request& simple, const Judgement& judgement,
                     const symbolic::Budget& budget = {});

// For people: the rules, one a line, "read arg0 <= 0x5 -> ERRNO(1)".
std::string to_text(const Request& request);

}  // namespace assay::profile
