// What people ask of the results of many machines: how many different filters, behind how many
// processes; which findings, how often; what is new since the last time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "assay/fleet/store.hpp"

namespace assay::fleet {

struct FilterCount {
  std::string fingerprint;
  std::uint64_t processes = 0;  // on all hosts
  std::uint64_t targets = 0;    // processes, and files
  std::string example;          // one of them
  bool fresh = false;           // not in the results that are compared with
};

struct FindingCount {
  std::string rule;
  std::string severity;
  std::string message;  // of one of them
  std::uint64_t targets = 0;
  bool fresh = false;
};

struct Summary {
  std::vector<FilterCount> filters;    // the most processes first
  std::vector<FindingCount> findings;  // by severity, then by targets
  std::uint64_t results = 0;
  bool compared = false;
};

// `before`: the file of an older store, if any.
tl::expected<Summary, StoreError> summary_of(Store& store,
                                             const std::optional<std::string>& before);

}  // namespace assay::fleet
