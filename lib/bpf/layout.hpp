// Placing instructions: jumps to instructions become distances, and a branch to further
// than a byte can say goes by way of a JA right behind it.
//
//   jeq #1, far, near   becomes   jeq #1, 0, near + 1
//                                 ja far
//
// With both targets far two JA follow, jt 0 and jf 1. Jumps go forward only, so the distance
// from an instruction depends on what comes after it alone: one pass from the end decides
// every branch, with no JA that is not needed, and what it made is left as it is when
// assembled again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <tl/expected.hpp>
#include <vector>

#include "assay/bpf/instruction.hpp"

namespace assay::bpf {

struct Statement {
  enum class Kind : std::uint8_t { Plain, Jump, Branch };
  Instruction insn;
  Kind kind = Kind::Plain;
  std::size_t offset = 0;  // of its text
  // Index of the statement jumped to, which may lie past the last one: as far past it then
  // as the text says.
  std::uint64_t if_true = 0;  // JA: the only target
  std::uint64_t if_false = 0;
};

struct Placed {
  std::vector<Instruction> instructions;
  std::vector<std::size_t> statements;  // from which each of them comes
};

// All targets lie ahead. The error is the index of a JA that 32 bits cannot express.
tl::expected<Placed, std::size_t> lay_out(std::span<const Statement> statements);

}  // namespace assay::bpf
