// What assembler and disassembler share: how an operand is written, the mnemonics that are
// another way to say an opcode of the table, and the names of ancillary data.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "assay/bpf/opcode.hpp"

namespace assay::bpf {

enum class Form : std::uint8_t {
  None,
  Constant,
  X,
  A,
  Absolute,
  Indirect,
  HeaderLength,
  Length,
  Scratch,
  Target,
};

constexpr Form form_of(const Opcode& row) {
  if (row.operation == Operation::Ja) return Form::Target;
  switch (row.operand) {
    case Operand::None: return Form::None;
    case Operand::Immediate: return Form::Constant;
    case Operand::X: return Form::X;
    case Operand::A: return Form::A;
    case Operand::Word:
    case Operand::Half:
    case Operand::Byte: return Form::Absolute;
    case Operand::IndirectWord:
    case Operand::IndirectHalf:
    case Operand::IndirectByte: return Form::Indirect;
    case Operand::HeaderLength: return Form::HeaderLength;
    case Operand::Length: return Form::Length;
    case Operand::Scratch: return Form::Scratch;
  }
  return Form::None;
}

// In the order of Form, as an error says it.
inline constexpr std::array<std::string_view, 10> form_texts{
    "nothing",      "#constant",        "x",   "a",       "[offset]",
    "[x + offset]", "4*([offset]&0xf)", "len", "M[cell]", "a label or +N"};

struct Alias {
  std::string_view name;
  std::string_view mnemonic;
  std::optional<Form> only;  // takes this form alone
  bool negated = false;      // jumps when the mnemonic would not
};

inline constexpr auto aliases = std::to_array<Alias>({
    {"jne", "jeq", {}, true},
    {"jneq", "jeq", {}, true},
    {"jle", "jgt", {}, true},
    {"jlt", "jge", {}, true},
    {"jmp", "ja", {}},
    {"ldi", "ld", Form::Constant},
    {"ldxi", "ldx", Form::Constant},
    {"ldxb", "ldx", Form::HeaderLength},
});

// SKF_AD_*: loads from these offsets read what the packet's buffer knows, for sockets.
inline constexpr std::uint32_t ancillary_base = 0xfffff000;
struct Ancillary {
  std::string_view name;
  std::uint32_t offset;
};
inline constexpr auto ancillary_data = std::to_array<Ancillary>({
    {"proto", 0},
    {"type", 4},
    {"ifidx", 8},
    {"nla", 12},
    {"nlan", 16},
    {"mark", 20},
    {"queue", 24},
    {"hatype", 28},
    {"rxhash", 32},
    {"cpu", 36},
    {"vlan_tci", 44},
    {"vlan_avail", 48},
    {"vlan_pr", 48},
    {"poff", 52},
    {"rand", 56},
    {"vlan_tpid", 60},
});

// RET X assembles in bpf_asm though Linux knows no such code.
inline constexpr std::uint16_t ret_x =
    code_of(Operation::Ret, Operand::Immediate) |
    (code_of(Operation::Add, Operand::X) ^ code_of(Operation::Add, Operand::Immediate));

constexpr const Opcode* find_row(std::string_view mnemonic, Form form) {
  for (const Opcode& row : opcodes)
    if (row.mnemonic == mnemonic && form_of(row) == form) return &row;
  return nullptr;
}

constexpr bool is_mnemonic(std::string_view word) {
  for (const Opcode& row : opcodes)
    if (row.mnemonic == word) return true;
  return false;
}

constexpr const Alias* find_alias(std::string_view word) {
  for (const Alias& alias : aliases)
    if (alias.name == word) return &alias;
  return nullptr;
}

}  // namespace assay::bpf
