#include "trace/programs.hpp"

#include <cstdlib>
#include <iostream>

#include "assay/text/assembly.hpp"
#include "assay/verify/accept.hpp"

namespace assay::trace {

verify::Program program(std::string_view assembly) {
  const auto instructions = text::assemble(assembly);
  if (!instructions) {
    std::cerr << to_string(instructions.error()) << '\n';
    std::exit(1);
  }
  return verify::accept(*instructions).value();
}

const std::string_view guarded =
    "ld [arch]\n"
    "jeq #AUDIT_ARCH_X86_64, +0, kill\n"
    "ld [nr]\n"
    "jeq #435, nosys, +0\n"
    "jeq #101, perm, +0\n"
    "jeq #41, socket, +0\n"
    "jeq #135, personality, allow\n"
    "socket: ld [args[0].lo]\n"
    "jeq #1, +0, perm\n"
    "ld [args[0].hi]\n"
    "jeq #0, allow, perm\n"
    "personality: ld [args[0].lo]\n"
    "jeq #0, allow, perm\n"
    "allow: ret #ALLOW\n"
    "perm: ret #ERRNO(1)\n"
    "nosys: ret #ERRNO(38)\n"
    "kill: ret #KILL_PROCESS\n";

}  // namespace assay::trace
