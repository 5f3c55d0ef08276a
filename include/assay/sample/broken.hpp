// A program that breaks one rule of acceptance: an accepted one with one instruction struck.
//
// The rules are those of verify::RejectionKind. That a program breaks the rule asked for is
// likely, not certain: an earlier one may strike first.
#pragma once

#include "assay/sample/program.hpp"
#include "assay/verify/accept.hpp"

namespace assay::sample {

Instructions broken_program(Random& random, verify::RejectionKind rule);

}  // namespace assay::sample
