// Instructions to assembly text. assemble(disassemble(x)) == x, bit for bit, for any x at
// all: unknown codes, junk in unused fields, jumps that leave the program.
//
// Jumps inside the program go to labels, L7 for instruction 7. An Annotator may put names
// in the place of numbers and add comments; whatever it says must read back (the caller's
// SymbolResolver decides that), the numbers it leaves alone always do.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "assay/bpf/instruction.hpp"
#include "assay/bpf/opcode.hpp"

namespace assay::bpf {

class Annotator {
 public:
  virtual ~Annotator() = default;
  // What stands for k, as in "#NAME" or "[NAME]"; empty to print the number.
  virtual std::string symbol(std::size_t, const Instruction&, const Opcode&) const { return {}; }
  // What follows ";" on the line of instruction pc; empty for none.
  virtual std::string comment(std::size_t, const Instruction&) const { return {}; }
};

// One instruction a line, each line ended.
std::string disassemble(std::span<const Instruction> instructions,
                        const Annotator& annotator = Annotator{});

// Instruction pc alone, without label and comment: "jeq #59, L7, L9".
std::string disassemble_one(std::span<const Instruction> instructions, std::size_t pc,
                            const Annotator& annotator = Annotator{});

}  // namespace assay::bpf
