// The running kernel's verdict on a witness, for what is refuted in user space.
#pragma once

#include <tl/expected.hpp>

#include "assay/profile/confirm.hpp"
#include "exit_status.hpp"

namespace assay::tool {

// A status after a complaint where this kernel cannot be asked.
tl::expected<profile::Opinion, ExitStatus> running_kernel();

}  // namespace assay::tool
