#include "assay/audit/confirm.hpp"

#include "assay/seccomp/arch.hpp"

namespace assay::audit {

using seccomp::SeccompData;
using seccomp::Verdict;

namespace {

std::vector<Exhibit*> exhibits_of(std::vector<Finding>& findings) {
  std::vector<Exhibit*> all;
  for (Finding& finding : findings)
    for (Exhibit& exhibit : finding.evidence.calls) all.push_back(&exhibit);
  return all;
}

}  // namespace

tl::expected<Confirmation, kernel::Failure> confirm(kernel::Oracle& oracle, const Target& target,
                                                    std::vector<Finding>& findings) {
  const seccomp::Semantics& semantics = target.surroundings.machine.semantics;
  Confirmation result;
  std::vector<Exhibit*> asked;
  std::vector<SeccompData> records;
  for (Exhibit* const exhibit : exhibits_of(findings)) {
    const auto order = seccomp::byte_order(exhibit->words[1]);
    const SeccompData record = seccomp::from_words(exhibit->words, order);
    if (kernel::Oracle::not_askable(record)) {
      ++result.not_askable;
      continue;
    }
    asked.push_back(exhibit);
    records.push_back(record);
  }
  if (asked.empty() || target.filters.empty()) return result;
  std::vector<std::vector<Verdict>> values(asked.size());  // of each record, oldest filter first
  std::vector<bool> answered(asked.size(), true);
  for (const Filter& filter : target.filters) {
    const auto answers = oracle.value(filter.program, records);
    if (!answers) return tl::unexpected(answers.error());
    for (std::size_t i = 0; i < asked.size(); ++i) {
      answered[i] = answered[i] && (*answers)[i].has_value();
      if (answered[i]) values[i].push_back({*(*answers)[i]});
    }
  }
  for (std::size_t i = 0; i < asked.size(); ++i) {
    if (!answered[i]) {
      ++result.not_askable;
      continue;
    }
    asked[i]->kernel = seccomp::strongest(values[i], semantics).normalised(semantics);
    ++(asked[i]->kernel == asked[i]->verdict ? result.confirmed : result.mismatches);
  }
  return result;
}

}  // namespace assay::audit
