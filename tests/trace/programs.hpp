// Programs of the tests, from assembly.
#pragma once

#include <string_view>

#include "assay/symbolic/budget.hpp"
#include "assay/verify/program.hpp"

namespace assay::trace {

verify::Program program(std::string_view assembly);

// Enough for most random programs, and soon over for the others.
inline constexpr symbolic::Budget quick{std::size_t{1} << 16, std::chrono::milliseconds(50)};

// x86_64 alone, else killed: ERRNO(38) for clone3, socket for AF_UNIX alone (the whole first
// argument), personality 0 alone (its lower half), ERRNO(1) for ptrace; all else allowed.
extern const std::string_view guarded;

}  // namespace assay::trace
