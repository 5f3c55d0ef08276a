// A verdict function as a policy that people read: for each arch a default and rules, each for
// the system calls that are treated alike.
//
// Made from the function alone, so that filters of one meaning have one policy; nothing is
// left out, and function_of() gives the same function again. Rules of one arch exclude each
// other: what no rule takes has the default. Formats: docs/formats/policy.md.
#pragma once

#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "assay/symbolic/verdict_function.hpp"
#include "assay/text/condition.hpp"

namespace assay::text {

using NumberRange = symbolic::Condition::Range;

// Which values of arch (and, of x86_64 and x32, which half of the numbers) an entry is about.
struct Scope {
  enum class Kind : std::uint8_t {
    Named,           // one arch of seccomp::arches
    Values,          // numbers that no arch has, in `values`
    OtherBigEndian,  // arches that no entry names, where their byte order matters
    Other,           // all that no entry names
  };
  Kind kind = Kind::Other;
  seccomp::Arch arch{};
  std::vector<NumberRange> values;
  friend bool operator==(const Scope&, const Scope&) = default;
};

struct Rule {
  std::vector<NumberRange> numbers;  // rising; all of the scope's for "every number"
  bool rest = false;                 // those that the arch treats by default
  Expression condition;              // Always without one
  seccomp::Verdict verdict;
  friend bool operator==(const Rule&, const Rule&) = default;
};

struct ArchPolicy {
  Scope scope;
  seccomp::Verdict otherwise;  // of the arch's other inputs
  std::vector<Rule> rules;     // those without a condition first, then by number
  friend bool operator==(const ArchPolicy&, const ArchPolicy&) = default;
};

using Policy = std::vector<ArchPolicy>;

struct PolicyOptions {
  // Shown apart even where it is treated like any other, so that its calls have names.
  seccomp::Arch machine = seccomp::Arch::x86_64;
  std::optional<seccomp::Arch> only = {};  // nothing but this arch
};

// Why there is no policy: the manager's budget, or (limit None) a condition that has no short
// form, of the system calls named by `where`.
struct Unexplained {
  symbolic::NotDecided budget;
  std::string where;
};

// The function's manager must have Order::fixed(), which no program has an influence on.
tl::expected<Policy, Unexplained> policy_of(const symbolic::VerdictFunction& function,
                                            const PolicyOptions& options = {});

symbolic::VerdictFunction::Decided function_of(symbolic::Manager& manager, const Policy& policy);

// "x86_64"; "0x5..0x9" of values; "other-big-endian", "other".
std::string name(const Scope& scope);
// The inputs of entry `at`.
symbolic::Condition inputs_of(symbolic::Manager& manager, const Policy& policy, std::size_t at);
// All numbers that it can be asked about.
std::vector<NumberRange> numbers_of(const Scope& scope);

// A rule's numbers as a list: names where the arch has a call, else numbers.
struct Syscalls {
  std::string name;  // empty: numbers
  NumberRange numbers;
};
std::vector<Syscalls> syscalls_of(const Scope& scope, const Rule& rule);

std::string to_text(const Policy& policy, const seccomp::Semantics& semantics = {});

}  // namespace assay::text
