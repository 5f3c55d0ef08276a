// The filters that the benchmarks run, built by libseccomp at start-up: what most
// filters in the field come from, in the sizes they have there.
#pragma once

#include <string_view>
#include <vector>

#include "assay/bpf/instruction.hpp"

namespace assay::bench {

enum class FilterKind {
  Linear,     // a container profile for x86_64, x86 and x32, tested call by call
  Tree,       // the same rules behind libseccomp's binary tree
  Small,      // a service that needs a dozen calls
  Arguments,  // a service whose calls mostly depend on 64-bit arguments, linear
};

std::string_view name(FilterKind kind);
std::vector<bpf::Instruction> build(FilterKind kind);  // ends the program when it cannot

}  // namespace assay::bench
