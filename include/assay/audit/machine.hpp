// The surroundings of a live process, read from /proc, and what the running kernel can be
// called through.
#pragma once

#include <filesystem>

#include "assay/audit/surroundings.hpp"

namespace assay::audit {

// The sysctls that rules ask for, the kernel's version, and on x86_64 whether it takes 32-bit
// and x32 calls: a child asks for its pid through each.
Machine running_machine(const std::filesystem::path& proc = "/proc");

// Nothing is required to be readable; what is not stays unknown.
Process process_of(int pid, const std::filesystem::path& proc = "/proc");

}  // namespace assay::audit
