// System calls on which no filter decides: strict mode, and the numbers that Linux takes
// past every filter.
#pragma once

#include <cstdint>

#include "assay/seccomp/seccomp_data.hpp"
#include "assay/seccomp/semantics.hpp"

namespace assay::seccomp {

enum class StrictVerdict : std::uint8_t { Runs, Killed };  // by SIGKILL, the thread alone

// SECCOMP_MODE_STRICT: read, write, exit and sigreturn of the ABI that makes the call
// (__secure_computing_strict(); the lists are arch/*/include/asm/seccomp.h). Modelled for
// x86_64 and i386.
StrictVerdict strict_verdict(const SeccompData& data, const Semantics& semantics = {});

// uretprobe (x86_64 number 335) and uprobe (336) run no filter and no strict check.
bool bypasses_filters(const SeccompData& data, const Semantics& semantics = {});

}  // namespace assay::seccomp
