// The running kernel's opinion on a witness, as room profile gets it: from whoever can ask one.
// This room makes no call of its own.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <tl/expected.hpp>

#include "assay/seccomp/seccomp_data.hpp"
#include "assay/seccomp/verdict.hpp"
#include "assay/verify/program.hpp"

namespace assay::profile {

// The verdict of a stack, oldest first, on a record; or why there is none: "arch".
using Opinion = std::function<tl::expected<seccomp::Verdict, std::string>(
    std::span<const verify::Program> oldest_first, const seccomp::SeccompData& record)>;

}  // namespace assay::profile
