// The verdicts that a question is about, as the command line names them.
#pragma once

#include "assay/text/verdict_set.hpp"

namespace assay::tool {

using text::parse_verdicts;
using text::VerdictSet;

}  // namespace assay::tool
