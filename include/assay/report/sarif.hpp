// Findings of audits as SARIF 2.1.0, the form that code-scanning services read: one run, whose
// rules are the table of room audit and whose results are the findings.
//
// The document is written in pieces, so that ten thousand targets need no more memory than one:
//   out << sarif_begin(version);  for (...) out << sarif_results(target, first);  out <<
//   sarif_end();
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "assay/audit/finding.hpp"
#include "assay/audit/selection.hpp"

namespace assay::report {

struct SarifTarget {
  std::string_view name;
  std::span<const audit::Finding> findings;
  std::span<const audit::Suppressed> suppressed;
};

std::string sarif_begin(std::string_view version);
// `first` says that no result was written yet, and is set when one was.
std::string sarif_results(const SarifTarget& target, bool& first);
std::string sarif_end(std::span<const std::string> problems);

}  // namespace assay::report
