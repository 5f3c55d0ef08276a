#include "assay/sample/broken.hpp"

#include <algorithm>

#include "assay/bpf/opcode.hpp"
#include "assay/sample/constants.hpp"

namespace assay::sample {
namespace {

using bpf::Instruction;
using bpf::KRule;
using verify::RejectionKind;

// A code whose k is under this rule.
std::uint16_t code_under(Random& random, KRule rule, bool seccomp = true) {
  for (;;) {
    const bpf::Opcode& row = random.pick(bpf::opcodes);
    if (row.rule == rule && (row.seccomp || !seccomp)) return row.code;
  }
}

std::uint16_t socket_code(Random& random) {
  for (;;) {
    const bpf::Opcode& row = random.pick(bpf::opcodes);
    if (!row.seccomp) return row.code;
  }
}

std::uint16_t unknown_code(Random& random) {
  for (;;) {
    const auto code =
        static_cast<std::uint16_t>(random.one_in(2) ? random.below(256) : random.bits());
    if (bpf::find_opcode(code) == nullptr) return code;
  }
}

// At or above the limit: just there, a little above, or anywhere.
std::uint32_t beyond(Random& random, std::uint32_t limit) {
  if (random.one_in(3)) return limit;
  return std::max(limit, random.one_in(2) ? limit + random.below(8) : any_constant(random));
}

std::uint16_t branch_code(Random& random) {
  for (;;) {
    const bpf::Opcode& row = random.pick(bpf::opcodes);
    if (bpf::is_branch(row.operation) && row.rule != KRule::Target) return row.code;
  }
}

// One of the last places, from which a jump of 8 bits can leave.
std::size_t last_places(Random& random, std::size_t size) {
  return size - 1 - random.below(static_cast<std::uint32_t>(std::min<std::size_t>(size, 200)));
}

void leave(Random& random, Instructions& program, bool when_true) {
  const std::size_t pc = last_places(random, program.size());
  const auto out = static_cast<std::uint8_t>(
      std::min<std::size_t>(255, program.size() - pc - 1 + random.below(4)));
  program[pc] = {branch_code(random), when_true ? out : std::uint8_t{0},
                 when_true ? std::uint8_t{0} : out, any_constant(random)};
}

void strike(Random& random, Instructions& program, RejectionKind rule) {
  const std::size_t pc = random.below(static_cast<std::uint32_t>(program.size()));
  Instruction& insn = program[pc];
  const auto left = static_cast<std::uint32_t>(program.size() - pc - 1);
  switch (rule) {
    case RejectionKind::Empty: program.clear(); break;
    case RejectionKind::TooLong:
      program.insert(program.begin(), bpf::max_instructions + random.below(3), program.back());
      break;
    case RejectionKind::UnknownOpcode: insn.code = unknown_code(random); break;
    case RejectionKind::DivisionByZero:
      insn = {code_under(random, KRule::NonZero, false), insn.jt, insn.jf, 0};
      break;
    case RejectionKind::ShiftOutOfRange:
      insn = {code_under(random, KRule::ShiftCount), insn.jt, insn.jf, beyond(random, 32)};
      break;
    case RejectionKind::ScratchOutOfRange:
      insn = {code_under(random, KRule::ScratchIndex), insn.jt, insn.jf,
              beyond(random, bpf::scratch_words)};
      break;
    case RejectionKind::JumpOutOfRange:
      insn = {code_under(random, KRule::Target), insn.jt, insn.jf, beyond(random, left)};
      break;
    case RejectionKind::TrueOutOfRange: leave(random, program, true); break;
    case RejectionKind::FalseOutOfRange: leave(random, program, false); break;
    case RejectionKind::AncillaryOffset:
      insn = {code_under(random, KRule::Offset, false), insn.jt, insn.jf,
              0xfffff000 + (random.one_in(2) ? 64 + random.below(0xfc0) : 1 + random.below(3))};
      break;
    case RejectionKind::NoReturnAtEnd: program.back() = {0x00, 0, 0, any_constant(random)}; break;
    case RejectionKind::UninitialisedScratch:
      program.front() = {random.one_in(2) ? std::uint16_t{0x60} : std::uint16_t{0x61}, 0, 0,
                         random.below(bpf::scratch_words)};
      break;
    case RejectionKind::RefusedBySeccomp:
      insn = {socket_code(random), insn.jt, insn.jf, random.below(60)};
      break;
    case RejectionKind::OffsetOutOfRange:
      insn = {0x20, insn.jt, insn.jf, std::min(beyond(random, 64), 0xffffefffU)};
      break;
    case RejectionKind::OffsetUnaligned:
      insn = {0x20, insn.jt, insn.jf, 4 * random.below(16) + 1 + random.below(3)};
      break;
  }
}

}  // namespace

Instructions broken_program(Random& random, RejectionKind rule) {
  const verify::Program whole = accepted_program(random, 64);
  Instructions program(whole.instructions().begin(), whole.instructions().end());
  strike(random, program, rule);
  return program;
}

}  // namespace assay::sample
