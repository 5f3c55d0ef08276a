// The opcode table: every code that Linux's classic BPF knows, written once.
//
// Decoder, checker, assembler, disassembler, engines and cost read their facts from
// here: what an opcode does, to which operand, what its k may be, whether seccomp
// takes it, and how long it becomes in the kernel's own (eBPF) form. The whole 16-bit
// code is compared, as in chk_code_allowed() (net/core/filter.c); a code without a row
// is unknown to Linux.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "assay/bpf/instruction.hpp"

namespace assay::bpf {

enum class Operation : std::uint8_t {
  Ld,
  Ldx,
  St,
  Stx,  // loads and stores
  Add,
  Sub,
  Mul,
  Div,
  Mod,
  Or,
  And,
  Xor,
  Lsh,
  Rsh,
  Neg,  // A = A op operand
  Ja,
  Jeq,
  Jgt,
  Jge,
  Jset,  // jumps, forward only
  Ret,
  Tax,
  Txa,
};

// What an instruction works on besides A.
enum class Operand : std::uint8_t {
  None,
  Immediate,     // k
  X,             // the index register
  A,             // the accumulator (RET A)
  Word,          // 32 bits at offset k of the input
  Half,          // 16 bits at offset k
  Byte,          // 8 bits at offset k
  IndirectWord,  // the same three at X + k
  IndirectHalf,
  IndirectByte,
  HeaderLength,  // 4 * (input[k] & 0xf), of an IP header
  Length,        // the length of the input: 64 under seccomp
  Scratch,       // M[k]
};

// What bpf_check_classic() demands of k.
enum class KRule : std::uint8_t {
  Any,
  NonZero,       // a divisor
  ShiftCount,    // below 32
  ScratchIndex,  // below 16
  Offset,        // seccomp: below 64 and a multiple of 4; sockets: not in the ancillary gaps
  Target,        // JA: k instructions ahead must exist
};

struct Opcode {
  std::uint16_t code;
  Operation operation;
  Operand operand;
  KRule rule;
  bool seccomp;             // in the list of seccomp_check_filter() (kernel/seccomp.c)
  std::uint8_t converted;   // length after bpf_convert_filter(); jumps: see verify/chain.hpp
  std::uint8_t immediates;  // of these, how many hold an immediate that JIT hardening blinds
  std::string_view mnemonic;
};

inline constexpr auto opcodes = std::to_array<Opcode>({
    {0x00, Operation::Ld, Operand::Immediate, KRule::Any, true, 1, 1, "ld"},
    {0x20, Operation::Ld, Operand::Word, KRule::Offset, true, 1, 0, "ld"},
    {0x28, Operation::Ld, Operand::Half, KRule::Offset, false, 1, 0, "ldh"},
    {0x30, Operation::Ld, Operand::Byte, KRule::Offset, false, 1, 0, "ldb"},
    {0x40, Operation::Ld, Operand::IndirectWord, KRule::Any, false, 1, 0, "ld"},
    {0x48, Operation::Ld, Operand::IndirectHalf, KRule::Any, false, 1, 0, "ldh"},
    {0x50, Operation::Ld, Operand::IndirectByte, KRule::Any, false, 1, 0, "ldb"},
    {0x60, Operation::Ld, Operand::Scratch, KRule::ScratchIndex, true, 1, 0, "ld"},
    {0x80, Operation::Ld, Operand::Length, KRule::Any, true, 1, 1, "ld"},

    {0x01, Operation::Ldx, Operand::Immediate, KRule::Any, true, 1, 1, "ldx"},
    {0x61, Operation::Ldx, Operand::Scratch, KRule::ScratchIndex, true, 1, 0, "ldx"},
    {0x81, Operation::Ldx, Operand::Length, KRule::Any, true, 1, 1, "ldx"},
    {0xb1, Operation::Ldx, Operand::HeaderLength, KRule::Any, false, 1, 0, "ldx"},

    {0x02, Operation::St, Operand::Scratch, KRule::ScratchIndex, true, 1, 0, "st"},
    {0x03, Operation::Stx, Operand::Scratch, KRule::ScratchIndex, true, 1, 0, "stx"},

    {0x04, Operation::Add, Operand::Immediate, KRule::Any, true, 1, 1, "add"},
    {0x0c, Operation::Add, Operand::X, KRule::Any, true, 1, 0, "add"},
    {0x14, Operation::Sub, Operand::Immediate, KRule::Any, true, 1, 1, "sub"},
    {0x1c, Operation::Sub, Operand::X, KRule::Any, true, 1, 0, "sub"},
    {0x24, Operation::Mul, Operand::Immediate, KRule::Any, true, 1, 1, "mul"},
    {0x2c, Operation::Mul, Operand::X, KRule::Any, true, 1, 0, "mul"},
    {0x34, Operation::Div, Operand::Immediate, KRule::NonZero, true, 1, 1, "div"},
    {0x3c, Operation::Div, Operand::X, KRule::Any, true, 5, 1, "div"},
    {0x94, Operation::Mod, Operand::Immediate, KRule::NonZero, false, 1, 1, "mod"},
    {0x9c, Operation::Mod, Operand::X, KRule::Any, false, 5, 1, "mod"},
    {0x44, Operation::Or, Operand::Immediate, KRule::Any, true, 1, 1, "or"},
    {0x4c, Operation::Or, Operand::X, KRule::Any, true, 1, 0, "or"},
    {0x54, Operation::And, Operand::Immediate, KRule::Any, true, 1, 1, "and"},
    {0x5c, Operation::And, Operand::X, KRule::Any, true, 1, 0, "and"},
    {0xa4, Operation::Xor, Operand::Immediate, KRule::Any, true, 1, 1, "xor"},
    {0xac, Operation::Xor, Operand::X, KRule::Any, true, 1, 0, "xor"},
    {0x64, Operation::Lsh, Operand::Immediate, KRule::ShiftCount, true, 1, 0, "lsh"},
    {0x6c, Operation::Lsh, Operand::X, KRule::Any, true, 1, 0, "lsh"},
    {0x74, Operation::Rsh, Operand::Immediate, KRule::ShiftCount, true, 1, 0, "rsh"},
    {0x7c, Operation::Rsh, Operand::X, KRule::Any, true, 1, 0, "rsh"},
    {0x84, Operation::Neg, Operand::None, KRule::Any, true, 1, 0, "neg"},

    {0x05, Operation::Ja, Operand::Immediate, KRule::Target, true, 1, 0, "ja"},
    {0x15, Operation::Jeq, Operand::Immediate, KRule::Any, true, 1, 1, "jeq"},
    {0x1d, Operation::Jeq, Operand::X, KRule::Any, true, 1, 0, "jeq"},
    {0x25, Operation::Jgt, Operand::Immediate, KRule::Any, true, 1, 1, "jgt"},
    {0x2d, Operation::Jgt, Operand::X, KRule::Any, true, 1, 0, "jgt"},
    {0x35, Operation::Jge, Operand::Immediate, KRule::Any, true, 1, 1, "jge"},
    {0x3d, Operation::Jge, Operand::X, KRule::Any, true, 1, 0, "jge"},
    {0x45, Operation::Jset, Operand::Immediate, KRule::Any, true, 1, 1, "jset"},
    {0x4d, Operation::Jset, Operand::X, KRule::Any, true, 1, 0, "jset"},

    {0x06, Operation::Ret, Operand::Immediate, KRule::Any, true, 2, 1, "ret"},
    {0x16, Operation::Ret, Operand::A, KRule::Any, true, 1, 0, "ret"},
    {0x07, Operation::Tax, Operand::None, KRule::Any, true, 1, 0, "tax"},
    {0x87, Operation::Txa, Operand::None, KRule::Any, true, 1, 0, "txa"},
});

namespace detail {
inline constexpr std::uint8_t no_row = 0xff;
inline constexpr auto row_of_code = [] {
  std::array<std::uint8_t, 256> rows{};
  rows.fill(no_row);
  for (std::size_t row = 0; row < opcodes.size(); ++row)
    rows[opcodes[row].code] = static_cast<std::uint8_t>(row);
  return rows;
}();
}  // namespace detail

// The row of a code, or nullptr when Linux knows no such code.
constexpr const Opcode* find_opcode(std::uint16_t code) {
  if (code >= detail::row_of_code.size()) return nullptr;
  const std::uint8_t row = detail::row_of_code[code];
  return row == detail::no_row ? nullptr : &opcodes[row];
}

// The code of an operation on an operand; the pair must have a row.
constexpr std::uint16_t code_of(Operation operation, Operand operand) {
  for (const Opcode& row : opcodes)
    if (row.operation == operation && row.operand == operand) return row.code;
  return 0xffff;
}

constexpr bool is_branch(Operation operation) {
  return operation >= Operation::Jeq && operation <= Operation::Jset;
}
constexpr bool is_jump(Operation operation) {
  return operation >= Operation::Ja && operation <= Operation::Jset;
}
constexpr bool is_arithmetic(Operation operation) {
  return operation >= Operation::Add && operation <= Operation::Neg;
}

// Whether the kernel looks at k, or at jt and jf; a field it ignores may hold anything.
constexpr bool uses_k(const Opcode& opcode) {
  switch (opcode.operand) {
    case Operand::None:
    case Operand::X:
    case Operand::A:
    case Operand::Length: return false;
    default: return true;
  }
}
constexpr bool uses_jumps(const Opcode& opcode) { return is_branch(opcode.operation); }

}  // namespace assay::bpf
