// Rows of tests/data/assembly: a text, and the instructions or the error that it gives.
//
//   -> CODE JT JF K [*TIMES]
//   -> error LINE:COLUMN KIND FOUND       then perhaps   -> suggestion WORD
#pragma once

#include <string>
#include <vector>

#include "assay/bpf/codec.hpp"
#include "data_cases.hpp"

namespace assay::test {

// Both in one wording, to be compared.
std::vector<std::string> expected_lines(const Case& row);
std::vector<std::string> shown(const bpf::Decoded& decoded, const Case& row);

}  // namespace assay::test
