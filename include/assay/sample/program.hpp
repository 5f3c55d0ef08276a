// Random filters: any at all for what is asked of acceptance, accepted ones for values.
//
// All 41 opcodes occur, X forms, shifts, division and M[] often; constants come from the
// boundaries and repeat within a program. Deterministic in the state of Random.
#pragma once

#include <span>
#include <vector>

#include "assay/bpf/instruction.hpp"
#include "assay/sample/random.hpp"
#include "assay/verify/program.hpp"

namespace assay::sample {

using Instructions = std::vector<bpf::Instruction>;

// About a third is accepted; the others break one or several of the kernel's rules, each
// of which is broken sooner or later. 0 to 4097 instructions, mostly a few dozen.
Instructions any_program(Random& random);

// 1 to `longest` instructions.
verify::Program accepted_program(Random& random, std::size_t longest = 1024);

// The accepted program next to any instructions: what is out of range is brought into it,
// what is accepted stays as it is. Of more than 4096 instructions the first are taken.
verify::Program repaired(std::span<const bpf::Instruction> instructions);

}  // namespace assay::sample
