// The files of lib/report/page, as they stand there.
#pragma once

#include <string_view>

namespace assay::report {

#include "embedded.inc"

}  // namespace assay::report
