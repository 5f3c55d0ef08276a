// Puts the calls of findings before the running kernel: each must get there the verdict that
// the finding shows. No call is carried out (kernel/oracle.hpp).
#pragma once

#include <tl/expected.hpp>
#include <vector>

#include "assay/audit/audit.hpp"
#include "assay/kernel/oracle.hpp"

namespace assay::audit {

struct Confirmation {
  std::size_t confirmed = 0;
  std::size_t mismatches = 0;
  std::size_t not_askable = 0;  // of an arch that this machine has not, or a number without filter
};

// Fills Exhibit::kernel in.
tl::expected<Confirmation, kernel::Failure> confirm(kernel::Oracle& oracle, const Target& target,
                                                    std::vector<Finding>& findings);

}  // namespace assay::audit
