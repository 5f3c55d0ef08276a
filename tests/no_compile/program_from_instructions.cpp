// A Program is proof of acceptance: instructions alone do not make one.
#include <vector>

#include "assay/verify/accept.hpp"

assay::verify::Program judge(const std::vector<assay::bpf::Instruction>& instructions) {
#ifdef MENDED
  return *assay::verify::accept(instructions);
#else
  return assay::verify::Program(instructions);
#endif
}
