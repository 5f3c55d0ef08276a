// Runs the shortest filter: return ERRNO(EPERM).
#include <assay/engine/interpreter.hpp>
#include <assay/verify/accept.hpp>
#include <cstdio>

int main() {
  const assay::bpf::Instruction deny{0x06, 0, 0, 0x00050001};
  const auto program = assay::verify::accept({&deny, 1});
  if (!program) return 1;
  std::printf("%08x\n", assay::engine::Interpreter(*program).run(assay::seccomp::SeccompData{}));
}
