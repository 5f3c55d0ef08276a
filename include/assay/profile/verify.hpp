// Is a filter what its profile says? Over all inputs, or each difference with who decides
// there, a witness and the number of inputs.
//
//   const auto verified = verify(target, environment, programs);
//   verified->equal
//
// Inputs whose verdict no documentation settles (Meaning::ambiguous) are compared with nothing
// and counted apart.
#pragma once

#include <optional>
#include <span>
#include <tl/expected.hpp>
#include <vector>

#include "assay/profile/target.hpp"
#include "assay/text/difference.hpp"
#include "assay/verify/program.hpp"

namespace assay::profile {

// Which way a difference goes: more is permitted than was meant, less, or another answer of
// the same strength.
enum class Failing : std::uint8_t { Open, Closed, Otherwise };
inline constexpr std::array<std::string_view, 3> failing_names{"open", "closed", "otherwise"};
constexpr std::string_view name(Failing failing) {
  return failing_names[static_cast<std::size_t>(failing)];
}

struct Discrepancy {
  text::Scope scope;
  text::Rule where;  // numbers and condition; the verdict means nothing
  seccomp::Verdict intended;
  seccomp::Verdict actual;
  Failing failing{};
  std::optional<Source> source;  // of what was intended; none in a stack of several
  seccomp::Words witness{};
  symbolic::Count count;
};

struct Verification {
  bool equal = false;
  symbolic::Count ambiguous;  // inputs left out of the comparison
  // All differences, where they can be told.
  std::vector<Discrepancy> discrepancies;
  // Why they are not told, or not all: the last one above is then an example.
  std::optional<text::Unexplained> untold;
};

struct VerifyOptions {
  bool pure = false;
  symbolic::Budget budget;
  seccomp::Semantics semantics;
};

// Programs are a stack, oldest first.
tl::expected<Verification, Meaningless> verify(const Target& target, const Environment& environment,
                                               std::span<const verify::Program> programs,
                                               const VerifyOptions& options = {});

// Only whether they are the same, in the quickest order.
struct Quick {
  bool equal = false;
  std::optional<seccomp::Words> witness;  // of a difference
  bool ambiguous = false;                 // somewhere
};
tl::expected<Quick, Meaningless> verify_quickly(const RuleSet& rules,
                                                const Environment& environment,
                                                const verify::Program& program,
                                                const VerifyOptions& options = {});

}  // namespace assay::profile
