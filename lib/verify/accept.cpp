#include "assay/verify/accept.hpp"

#include <algorithm>
#include <array>
#include <cerrno>

#include "assay/seccomp/seccomp_data.hpp"

namespace assay::verify {

using bpf::Instruction;
using bpf::KRule;
using bpf::Opcode;
using bpf::Operand;
using bpf::Operation;
using Check = std::optional<Rejection>;  // nothing: passed

namespace {

struct KindName {
  RejectionKind kind;
  std::string_view name;
};

constexpr auto kind_names = std::to_array<KindName>({
    {RejectionKind::Empty, "empty"},
    {RejectionKind::TooLong, "too-long"},
    {RejectionKind::UnknownOpcode, "unknown-opcode"},
    {RejectionKind::DivisionByZero, "division-by-zero"},
    {RejectionKind::ShiftOutOfRange, "shift-out-of-range"},
    {RejectionKind::ScratchOutOfRange, "scratch-out-of-range"},
    {RejectionKind::JumpOutOfRange, "jump-out-of-range"},
    {RejectionKind::TrueOutOfRange, "true-jump-out-of-range"},
    {RejectionKind::FalseOutOfRange, "false-jump-out-of-range"},
    {RejectionKind::AncillaryOffset, "ancillary-offset"},
    {RejectionKind::NoReturnAtEnd, "no-return-at-end"},
    {RejectionKind::UninitialisedScratch, "uninitialised-scratch"},
    {RejectionKind::RefusedBySeccomp, "refused-by-seccomp"},
    {RejectionKind::OffsetOutOfRange, "offset-out-of-range"},
    {RejectionKind::OffsetUnaligned, "offset-unaligned"},
});

Rejection reject(std::size_t pc, RejectionKind kind, std::uint64_t found, std::uint64_t limit = 0) {
  return {EINVAL, pc, kind, found, limit};
}

// Packet loads at SKF_AD_OFF + 4 * n name ancillary data (protocol, mark, ...), and
// everything else from there on names nothing.
constexpr std::uint32_t ancillary_base = 0xfffff000;
constexpr std::uint32_t ancillary_end = ancillary_base + 64;

bool in_ancillary_gap(std::uint32_t k) {
  return k >= ancillary_base && (k >= ancillary_end || k % 4 != 0);
}

Check check_k(const Opcode& opcode, const Instruction& insn, std::size_t pc, std::size_t length) {
  switch (opcode.rule) {
    case KRule::Any: break;
    case KRule::NonZero:
      if (insn.k == 0) return reject(pc, RejectionKind::DivisionByZero, 0);
      break;
    case KRule::ShiftCount:
      if (insn.k >= 32) return reject(pc, RejectionKind::ShiftOutOfRange, insn.k, 31);
      break;
    case KRule::ScratchIndex:
      if (insn.k >= bpf::scratch_words)
        return reject(pc, RejectionKind::ScratchOutOfRange, insn.k, bpf::scratch_words - 1);
      break;
    case KRule::Offset:
      if (in_ancillary_gap(insn.k)) return reject(pc, RejectionKind::AncillaryOffset, insn.k);
      break;
    case KRule::Target:
      if (insn.k >= length - pc - 1)
        return reject(pc, RejectionKind::JumpOutOfRange, pc + 1 + std::uint64_t{insn.k},
                      length - 1);
      break;
  }
  return {};
}

Check check_branch(const Instruction& insn, std::size_t pc, std::size_t length) {
  if (pc + 1 + insn.jt >= length)
    return reject(pc, RejectionKind::TrueOutOfRange, pc + 1 + insn.jt, length - 1);
  if (pc + 1 + insn.jf >= length)
    return reject(pc, RejectionKind::FalseOutOfRange, pc + 1 + insn.jf, length - 1);
  return {};
}

Check check_instruction(const Instruction& insn, std::size_t pc, std::size_t length) {
  const Opcode* opcode = bpf::find_opcode(insn.code);
  if (opcode == nullptr) return reject(pc, RejectionKind::UnknownOpcode, insn.code);
  if (auto rejection = check_k(*opcode, insn, pc, length)) return rejection;
  if (bpf::is_branch(opcode->operation)) return check_branch(insn, pc, length);
  return {};
}

// check_load_and_stores(): one pass in address order with a set of stored cells. A jump
// hands its set to the targets and leaves "everything stored" behind it, and a return hands
// its own set to the next instruction. So dead code may pass or fail, and a return in front
// of a join can make the kernel refuse a program whose every path stores before it loads.
Check check_scratch(std::span<const Instruction> instructions) {
  using Cells = std::uint16_t;
  constexpr Cells all = 0xffff;
  std::array<Cells, bpf::max_instructions> arriving;  // NOLINT: filled as far as it is used
  std::fill_n(arriving.begin(), instructions.size(), all);
  Cells stored = 0;
  for (std::size_t pc = 0; pc < instructions.size(); ++pc) {
    const Instruction& insn = instructions[pc];
    const Opcode& opcode = *bpf::find_opcode(insn.code);
    stored &= arriving[pc];
    const auto cell = static_cast<Cells>(1U << (insn.k % bpf::scratch_words));
    switch (opcode.operation) {
      case Operation::St:
      case Operation::Stx: stored |= cell; break;
      case Operation::Ld:
      case Operation::Ldx:
        if (opcode.operand == Operand::Scratch && (stored & cell) == 0)
          return reject(pc, RejectionKind::UninitialisedScratch, insn.k);
        break;
      case Operation::Ja:
        arriving[pc + 1 + insn.k] &= stored;
        stored = all;
        break;
      case Operation::Jeq:
      case Operation::Jgt:
      case Operation::Jge:
      case Operation::Jset:
        arriving[pc + 1 + insn.jt] &= stored;
        arriving[pc + 1 + insn.jf] &= stored;
        stored = all;
        break;
      default: break;
    }
  }
  return {};
}

Check check_length(std::size_t length) {
  if (length == 0) return Rejection{EINVAL, std::nullopt, RejectionKind::Empty, 0, 0};
  if (length > bpf::max_instructions)
    return Rejection{EINVAL, std::nullopt, RejectionKind::TooLong, length, bpf::max_instructions};
  return {};
}

Check check_classic(std::span<const Instruction> instructions) {
  for (std::size_t pc = 0; pc < instructions.size(); ++pc)
    if (auto rejection = check_instruction(instructions[pc], pc, instructions.size()))
      return rejection;
  const Instruction& last = instructions.back();
  if (bpf::find_opcode(last.code)->operation != Operation::Ret)
    return reject(instructions.size() - 1, RejectionKind::NoReturnAtEnd, last.code);
  return check_scratch(instructions);
}

Check check_seccomp(std::span<const Instruction> instructions,
                    const seccomp::Semantics& semantics) {
  for (std::size_t pc = 0; pc < instructions.size(); ++pc) {
    const Instruction& insn = instructions[pc];
    const Opcode& opcode = *bpf::find_opcode(insn.code);
    const bool too_new = opcode.operation == Operation::Xor && !semantics.xor_accepted;
    if (!opcode.seccomp || too_new) return reject(pc, RejectionKind::RefusedBySeccomp, insn.code);
    if (opcode.rule != KRule::Offset) continue;
    if (insn.k >= seccomp::data_bytes)
      return reject(pc, RejectionKind::OffsetOutOfRange, insn.k, seccomp::data_bytes - 4);
    if (insn.k % 4 != 0) return reject(pc, RejectionKind::OffsetUnaligned, insn.k);
  }
  return {};
}

}  // namespace

std::string_view name(RejectionKind kind) {
  return std::find_if(kind_names.begin(), kind_names.end(),
                      [&](const KindName& row) { return row.kind == kind; })
      ->name;
}

std::span<const RejectionKind> rejection_kinds() {
  static constexpr auto kinds = [] {
    std::array<RejectionKind, kind_names.size()> all{};
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = kind_names[i].kind;
    return all;
  }();
  return kinds;
}

// The one place that may construct a Program.
class Acceptance {
 public:
  static Program program(std::span<const Instruction> checked) { return Program(checked); }
};

tl::expected<Program, Rejection> accept(std::span<const Instruction> instructions,
                                        const seccomp::Semantics& semantics) {
  if (auto rejection = check_length(instructions.size())) return tl::unexpected(*rejection);
  if (auto rejection = check_classic(instructions)) return tl::unexpected(*rejection);
  if (auto rejection = check_seccomp(instructions, semantics)) return tl::unexpected(*rejection);
  return Acceptance::program(instructions);
}

}  // namespace assay::verify
