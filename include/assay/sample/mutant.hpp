// A program with one small mistake, as a generator of filters could make it: what a proof
// of equality, a comparison or a test must notice.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "assay/sample/program.hpp"

namespace assay::sample {

enum class Mutation : std::uint8_t {
  Offset,    // another word of the input, or another M[] cell
  Jump,      // a target moved
  Constant,  // a neighbour, another bit, another byte order
  Operator,  // another operation on the same operand
  Return,    // another action or other data
};
std::string_view name(Mutation mutation);

struct Mutant {
  Instructions instructions;
  std::size_t pc = 0;  // the only instruction that differs
  Mutation mutation{};
};

// Not every mutant is accepted. Nothing when the program has no instruction for this
// mutation.
std::optional<Mutant> mutant(Random& random, std::span<const bpf::Instruction> program,
                             Mutation mutation);

// One that is accepted, of any mutation; nothing when `tries` draws gave none.
std::optional<Mutant> accepted_mutant(Random& random, const verify::Program& program,
                                      unsigned tries = 32);

}  // namespace assay::sample
