// The rules of FilterKind::Arguments as C++, compiled with everything else: what a translation of
// a filter to machine code reaches at best, record by record.
#pragma once

#include <cstdint>

#include "assay/seccomp/seccomp_data.hpp"

namespace assay::bench {

std::uint32_t arguments_as_native_code(const seccomp::Words& words);

}  // namespace assay::bench
