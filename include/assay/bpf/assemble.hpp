// Assembly text to instructions, in the syntax of the kernel's bpf_asm and a little more:
//
//   .insn code, jt, jf, k     any instruction at all
//   jeq #1, +3, done          a target is a label or the number of instructions to skip
//   tax !jt=1 k=0x5           values for the fields that an instruction ignores
//
// The reader knows no names of its own: a SymbolResolver gives `nr` or `EPERM` a value.
// A branch to further than 255 instructions becomes a branch to JA (docs/formats/assembly.md).
// Linear in the input; grammar in docs/formats/assembly.md.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "assay/bpf/lines.hpp"
#include "assay/bpf/opcode.hpp"

namespace assay::bpf {

class SymbolResolver {
 public:
  virtual ~SymbolResolver() = default;
  // The k that `symbol` stands for in an operand of this opcode.
  virtual std::optional<std::uint32_t> resolve(const Opcode& opcode, std::string_view symbol) = 0;
  // For "did you mean": a known symbol close to an unknown one; the closest of some words.
  virtual std::string suggest(const Opcode&, std::string_view) { return {}; }
  virtual std::string nearest(std::string_view, std::span<const std::string_view>) { return {}; }
  // A line ".name value"; false when there is no such directive or value.
  virtual bool directive(std::string_view, std::string_view) { return false; }
};

// `lines`, where it is asked for, as in decode(); a JA that a far branch brings has its line.
Decoded assemble(std::string_view text, SymbolResolver& symbols, std::size_t limit = default_limit,
                 Lines* lines = nullptr);
// Without symbols: numbers only.
Decoded assemble(std::string_view text, std::size_t limit = default_limit, Lines* lines = nullptr);

}  // namespace assay::bpf
