// The running kernel's verdict on a witness, for what is refuted in user space.
#pragma once

#include <tl/expected.hpp>

#include "assay/profile/confirm.hpp"
#include "exit_status.hpp"

namespace assay::tool {

// A status after a complaint where this kernel cannot be asked.
tl::expected<profile::Opinion, ExitStatus> running_kernel();
// Opened at the first question, whose thread then is the only one to ask. Where this kernel cannot
// be asked, that is why there is no answer.
profile::Opinion running_kernel_if_possible();

}  // namespace assay::tool
