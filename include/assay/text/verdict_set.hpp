// Which verdicts a question is about: "ERRNO(EPERM)", "ERRNO" for any data, several with
// commas between. KILL_PROCESS includes values of no action where those kill the process,
// unless UNKNOWN is named as well: then values are taken as they are.
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "assay/seccomp/verdict.hpp"
#include "assay/symbolic/decider.hpp"

namespace assay::text {

struct VerdictSet {
  std::vector<symbolic::VerdictRange> ranges;  // of verdicts in this precision
  symbolic::Precision precision = symbolic::Precision::Normalised;

  // Of a verdict as a filter returns it.
  bool contains(seccomp::Verdict verdict, const seccomp::Semantics& semantics) const;
};

// The error is a sentence: "found 'ALOW', expected ...".
tl::expected<VerdictSet, std::string> parse_verdicts(std::string_view text,
                                                     const seccomp::Semantics& semantics);

}  // namespace assay::text
