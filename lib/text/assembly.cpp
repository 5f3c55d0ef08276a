#include "assay/text/assembly.hpp"

#include <array>
#include <cstdio>

#include "assay/bpf/assemble.hpp"
#include "assay/bpf/disassemble.hpp"
#include "assay/bpf/opcode.hpp"
#include "assay/seccomp/seccomp_data.hpp"
#include "assay/text/lines.hpp"
#include "assay/text/verdict.hpp"
#include "text/meaning.hpp"
#include "text/symbols.hpp"

namespace assay::text {
namespace {

using bpf::Instruction;
using bpf::Opcode;
using bpf::Operand;
using bpf::Operation;

std::optional<std::uint32_t> audit_of(const AssemblyStyle& style) {
  if (!style.arch) return {};
  return seccomp::describe(*style.arch).audit;
}

bool compares(const Instruction& insn, const Meaning& meaning, Content content) {
  const Opcode* row = bpf::find_opcode(insn.code);
  return row != nullptr && bpf::is_branch(row->operation) && row->operand == Operand::Immediate &&
         meaning.accumulator == content && meaning.reached;
}

// Big where at least one architecture is compared with and all of them are big-endian.
std::endian guess_order(std::span<const Instruction> instructions,
                        std::span<const Meaning> meanings, const AssemblyStyle& style) {
  if (style.arch) return seccomp::describe(*style.arch).order;
  bool any = false;
  for (std::size_t pc = 0; pc < instructions.size(); ++pc) {
    if (!compares(instructions[pc], meanings[pc], Content::Arch)) continue;
    if (seccomp::byte_order(instructions[pc].k) == std::endian::little) return std::endian::little;
    any = true;
  }
  return any ? std::endian::big : std::endian::little;
}

bool is_named_load(const Opcode& row) {
  return row.operation == Operation::Ld && row.operand == Operand::Word;
}

// Whether the listing has a name that depends on the byte order.
bool names_halves(std::span<const Instruction> instructions) {
  constexpr std::uint32_t first_half = 8;
  for (const Instruction& insn : instructions) {
    const Opcode* row = bpf::find_opcode(insn.code);
    if (row != nullptr && is_named_load(*row) && insn.k >= first_half &&
        !offset_name(insn.k, std::endian::big).empty())
      return true;
  }
  return false;
}

std::string number_text(std::uint32_t value) {
  if (value < 4096) return std::to_string(value);
  std::array<char, 16> text;  // NOLINT: snprintf fills it
  std::snprintf(text.data(), text.size(), "0x%x", value);
  return text.data();
}

}  // namespace

class Listing::Names : public bpf::Annotator {
 public:
  Names(std::span<const Instruction> instructions, const AssemblyStyle& style)
      : meanings_(find_meanings(instructions, audit_of(style))),
        order_(style.order.value_or(guess_order(instructions, meanings_, style))),
        comments_(style.comments) {}

  std::endian order() const { return order_; }

  std::string symbol(std::size_t pc, const Instruction& insn, const Opcode& row) const override {
    if (is_named_load(row)) return offset_name(insn.k, order_);
    if (row.operand != Operand::Immediate) return {};
    const Meaning& meaning = meanings_[pc];
    if (row.operation == Operation::Ret) return return_symbol(insn.k, meaning.arch);
    if (compares(insn, meaning, Content::Arch) && row.operation != Operation::Jset)
      return arch_symbol(insn.k);
    if (compares(insn, meaning, Content::Nr) && meaning.arch)
      return number_symbol(*meaning.arch, row.operation, insn.k);
    return {};
  }

  std::string comment(std::size_t pc, const Instruction& insn) const override {
    const Opcode* row = bpf::find_opcode(insn.code);
    if (!comments_ || row == nullptr || row->operand != Operand::Immediate) return {};
    const bool named = !symbol(pc, insn, *row).empty();
    if (row->operation != Operation::Ret) return named ? number_text(insn.k) : "";
    return named ? "" : to_text(seccomp::Verdict{insn.k});
  }

 private:
  // A bound of a range or a mask is no system call when it is the x32 bit itself.
  static std::string number_symbol(std::uint32_t audit, Operation operation, std::uint32_t k) {
    const bool x32 = seccomp::find_arch(audit) == seccomp::Arch::x86_64 && k == seccomp::x32_bit;
    if (operation != Operation::Jeq && x32) return std::string(x32_bit_symbol);
    return operation == Operation::Jset ? "" : syscall_symbol(audit, k);
  }

  std::vector<Meaning> meanings_;
  std::endian order_;
  bool comments_;
};

Listing::Listing(std::span<const Instruction> instructions, const AssemblyStyle& style)
    : instructions_(instructions), names_(std::make_unique<Names>(instructions, style)) {}
Listing::~Listing() = default;
Listing::Listing(Listing&&) noexcept = default;
Listing& Listing::operator=(Listing&&) noexcept = default;

std::string Listing::text() const {
  const bool big = names_->order() == std::endian::big && names_halves(instructions_);
  return (big ? "        .byte_order big\n" : "") + bpf::disassemble(instructions_, *names_);
}

std::string Listing::instruction(std::size_t pc) const {
  return bpf::disassemble_one(instructions_, pc, *names_);
}

std::string Listing::comment(std::size_t pc) const {
  return names_->comment(pc, instructions_[pc]);
}

std::string disassemble(std::span<const Instruction> instructions, const AssemblyStyle& style) {
  return Listing(instructions, style).text();
}

std::string disassemble_one(std::span<const Instruction> instructions, std::size_t pc,
                            const AssemblyStyle& style) {
  return Listing(instructions, style).instruction(pc);
}

bpf::Decoded assemble(std::string_view text, std::size_t limit) {
  Symbols symbols;
  return bpf::assemble(text, symbols, limit);
}

bpf::Decoded decode(std::span<const std::byte> bytes, bpf::Format format, std::size_t limit) {
  return text::decode(bytes, format, limit, nullptr);
}

bpf::Decoded decode(std::span<const std::byte> bytes, bpf::Format format, std::size_t limit,
                    bpf::Lines* lines) {
  if (format != bpf::Format::Text) return bpf::decode(bytes, format, limit, lines);
  Symbols symbols;
  return bpf::assemble({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, symbols, limit,
                       lines);
}

}  // namespace assay::text
