// Engines run what was accepted, not what was read.
#include <vector>

#include "assay/engine/interpreter.hpp"
#include "assay/verify/accept.hpp"

std::uint32_t judge(const std::vector<assay::bpf::Instruction>& instructions) {
#ifdef MENDED
  const assay::engine::Interpreter interpreter(*assay::verify::accept(instructions));
#else
  const assay::engine::Interpreter interpreter(instructions);
#endif
  return interpreter.run(assay::seccomp::Words{});
}
