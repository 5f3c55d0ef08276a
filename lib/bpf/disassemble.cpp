#include "assay/bpf/disassemble.hpp"

#include <array>
#include <cstdio>
#include <vector>

#include "bpf/notation.hpp"

namespace assay::bpf {
namespace {

constexpr std::size_t indent = 8;
constexpr std::size_t comment_column = 48;

std::string hex(std::uint32_t value) {
  std::array<char, 16> text;  // NOLINT: snprintf fills it
  std::snprintf(text.data(), text.size(), "0x%x", value);
  return text.data();
}

// System call numbers, shifts and offsets read best in decimal, masks and addresses in hex.
std::string number(std::uint32_t value) {
  return value < 1024 ? std::to_string(value) : hex(value);
}

// Not "L" + ...: GCC 12 warns wrongly about overlapping copies there.
std::string prefixed(char prefix, std::uint64_t value) {
  return std::string(1, prefix).append(std::to_string(value));
}

std::string label(std::uint64_t pc) { return prefixed('L', pc); }

// A label inside the program, else the distance.
std::string target(std::size_t pc, std::uint32_t skip, std::size_t length) {
  const std::uint64_t to = pc + 1 + std::uint64_t{skip};
  return to < length ? label(to) : prefixed('+', skip);
}

std::string operand_text(const Opcode& row, const Instruction& insn, std::string symbol) {
  const std::string k = symbol.empty() ? number(insn.k) : std::move(symbol);
  switch (form_of(row)) {
    case Form::None:
    case Form::Target: return "";
    case Form::Constant: return "#" + k;
    case Form::X: return "x";
    case Form::A: return "a";
    case Form::Absolute: return "[" + k + "]";
    case Form::Indirect: return "[x + " + number(insn.k) + "]";
    case Form::HeaderLength: return "4*([" + number(insn.k) + "]&0xf)";
    case Form::Length: return "len";
    case Form::Scratch: return "M[" + number(insn.k) + "]";
  }
  return "";
}

// "jne #1, L7" for a branch that only its false side leaves; both targets otherwise.
std::string branch_text(const Opcode& row, const Instruction& insn, std::size_t pc,
                        std::size_t length, const std::string& operand) {
  const std::string if_true = target(pc, insn.jt, length);
  const std::string if_false = target(pc, insn.jf, length);
  if (insn.jf == 0) return std::string(row.mnemonic) + " " + operand + ", " + if_true;
  if (insn.jt == 0)
    for (const Alias& alias : aliases)
      if (alias.negated && alias.mnemonic == row.mnemonic)
        return std::string(alias.name) + " " + operand + ", " + if_false;
  return std::string(row.mnemonic) + " " + operand + ", " + if_true + ", " + if_false;
}

// " !jt=1 k=0x5": what an instruction holds where the kernel does not look.
std::string unused_text(const Opcode& row, const Instruction& insn) {
  std::string text;
  const auto add = [&](std::string_view field, const std::string& value) {
    text += text.empty() ? " !" : " ";
    text.append(field).append("=").append(value);
  };
  if (!uses_jumps(row) && insn.jt != 0) add("jt", std::to_string(insn.jt));
  if (!uses_jumps(row) && insn.jf != 0) add("jf", std::to_string(insn.jf));
  if (!uses_k(row) && insn.k != 0) add("k", hex(insn.k));
  return text;
}

std::string unknown_text(const Instruction& insn) {
  std::array<char, 64> text;  // NOLINT: snprintf fills it
  std::snprintf(text.data(), text.size(), ".insn 0x%04x, %u, %u, 0x%x", unsigned{insn.code},
                unsigned{insn.jt}, unsigned{insn.jf}, insn.k);
  return text.data();
}

std::vector<bool> find_targets(std::span<const Instruction> instructions) {
  std::vector<bool> targets(instructions.size());
  const auto mark = [&](std::size_t pc, std::uint32_t skip) {
    const std::uint64_t to = pc + 1 + std::uint64_t{skip};
    if (to < targets.size()) targets[to] = true;
  };
  for (std::size_t pc = 0; pc < instructions.size(); ++pc) {
    const Instruction& insn = instructions[pc];
    const Opcode* row = find_opcode(insn.code);
    if (row == nullptr) continue;
    if (row->operation == Operation::Ja) mark(pc, insn.k);
    if (!is_branch(row->operation)) continue;
    // A target that the short forms leave out gets no label.
    if (insn.jt != 0 || insn.jf == 0 || row->operation == Operation::Jset) mark(pc, insn.jt);
    if (insn.jf != 0) mark(pc, insn.jf);
  }
  return targets;
}

void pad(std::string& line, std::size_t column) {
  line.append(line.size() < column ? column - line.size() : 1, ' ');
}

// On one line whatever the annotator says.
std::string one_line(std::string text) {
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  return text;
}

}  // namespace

std::string disassemble_one(std::span<const Instruction> instructions, std::size_t pc,
                            const Annotator& annotator) {
  const Instruction& insn = instructions[pc];
  const Opcode* row = find_opcode(insn.code);
  if (row == nullptr) return unknown_text(insn);
  const std::string operand = operand_text(*row, insn, annotator.symbol(pc, insn, *row));
  std::string text;
  if (is_branch(row->operation)) {
    text = branch_text(*row, insn, pc, instructions.size(), operand);
  } else if (row->operation == Operation::Ja) {
    text = std::string(row->mnemonic) + " " + target(pc, insn.k, instructions.size());
  } else {
    text = std::string(row->mnemonic) + (operand.empty() ? "" : " ") + operand;
  }
  return text + unused_text(*row, insn);
}

std::string disassemble(std::span<const Instruction> instructions, const Annotator& annotator) {
  const std::vector<bool> targets = find_targets(instructions);
  std::string text;
  for (std::size_t pc = 0; pc < instructions.size(); ++pc) {
    std::string line = targets[pc] ? label(pc) + ":" : "";
    pad(line, indent);
    line += disassemble_one(instructions, pc, annotator);
    if (const std::string comment = annotator.comment(pc, instructions[pc]); !comment.empty()) {
      pad(line, comment_column);
      line += "; " + one_line(comment);
    }
    text += line + '\n';
  }
  return text;
}

}  // namespace assay::bpf
