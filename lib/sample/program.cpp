#include "assay/sample/program.hpp"

#include <algorithm>
#include <array>

#include "assay/bpf/opcode.hpp"
#include "assay/sample/constants.hpp"
#include "sample/draft.hpp"

namespace assay::sample {

using bpf::Instruction;
using bpf::Opcode;

namespace {

// Half of all programs have up to 16 instructions, few more than 64.
std::size_t any_length(Random& random, std::size_t longest) {
  if (random.one_in(512)) return 1 + random.below(static_cast<std::uint32_t>(longest));
  const std::uint32_t limit = 4U << random.below(5);
  return std::min<std::size_t>(longest, 1 + random.below(limit));
}

// Ways to break a rule, or just to meet its boundary.
enum class Blow : std::uint8_t {
  SocketOnly,
  Unknown,
  HighBits,
  AnyCode,
  Limit,
  TargetTrue,
  TargetFalse,
  NoReturn,
  Swap,
  DropFirst,
  AnyInstruction,
  Count,
};

std::uint16_t socket_code(Random& random) {
  for (;;) {
    const Opcode& row = random.pick(bpf::opcodes);
    if (!row.seccomp) return row.code;
  }
}

std::uint16_t unknown_code(Random& random) {
  for (;;) {
    const auto code = static_cast<std::uint16_t>(random.below(256));
    if (bpf::find_opcode(code) == nullptr) return code;
  }
}

// The end of the program as a jump at pc counts it, give or take one.
std::uint8_t near_end(Random& random, std::size_t length, std::size_t pc) {
  return static_cast<std::uint8_t>(near(random, static_cast<std::uint32_t>(length - pc - 1)));
}

// A k on either side of the limit that its rule sets, with `left` instructions behind it.
std::uint32_t k_at_limit(Random& random, const Instruction& insn, std::uint32_t left) {
  const Opcode* opcode = bpf::find_opcode(insn.code);
  if (opcode == nullptr || random.one_in(4)) return any_constant(random);
  switch (opcode->rule) {
    case bpf::KRule::NonZero: return random.below(2);
    case bpf::KRule::ShiftCount: return near(random, 32);
    case bpf::KRule::ScratchIndex: return near(random, bpf::scratch_words);
    case bpf::KRule::Offset:
      return random.one_in(4) ? near(random, 0xfffff000) : 58 + random.below(8);
    case bpf::KRule::Target: return random.one_in(4) ? 0U - random.below(4) : near(random, left);
    case bpf::KRule::Any: break;
  }
  return any_constant(random);
}

// An instruction whose k has a limit, if a few tries find one.
std::size_t limited_pc(Random& random, const Instructions& program) {
  std::size_t pc = 0;
  for (int tries = 0; tries < 8; ++tries) {
    pc = random.below(static_cast<std::uint32_t>(program.size()));
    const Opcode* opcode = bpf::find_opcode(program[pc].code);
    if (opcode != nullptr && opcode->rule != bpf::KRule::Any) break;
  }
  return pc;
}

void strike(Random& random, Instructions& program, Blow blow) {
  const std::size_t pc = blow == Blow::Limit
                             ? limited_pc(random, program)
                             : random.below(static_cast<std::uint32_t>(program.size()));
  Instruction& insn = program[pc];
  switch (blow) {
    case Blow::SocketOnly: insn.code = socket_code(random); break;
    case Blow::Unknown: insn.code = unknown_code(random); break;
    case Blow::HighBits:
      insn.code = static_cast<std::uint16_t>(insn.code | 1U << (8 + random.below(8)));
      break;
    case Blow::AnyCode: insn.code = random.pick(bpf::opcodes).code; break;
    case Blow::Limit:
      insn.k = k_at_limit(random, insn, static_cast<std::uint32_t>(program.size() - pc - 1));
      break;
    case Blow::TargetTrue: insn.jt = near_end(random, program.size(), pc); break;
    case Blow::TargetFalse: insn.jf = near_end(random, program.size(), pc); break;
    case Blow::NoReturn: program.back().code = random.pick(bpf::opcodes).code; break;
    case Blow::Swap:
      std::swap(insn, program[random.below(static_cast<std::uint32_t>(program.size()))]);
      break;
    case Blow::DropFirst:
      if (program.size() > 1) program.erase(program.begin());
      break;
    default:
      insn = {static_cast<std::uint16_t>(random.bits()), static_cast<std::uint8_t>(random.bits()),
              static_cast<std::uint8_t>(random.bits()), any_constant(random)};
  }
}

// Lengths around the limit, with room for nothing else to go wrong.
Instructions extreme_program(Random& random) {
  constexpr auto lengths = std::to_array<std::size_t>({0, 4095, 4096, 4097});
  Instructions program = Draft(random, random.pick(lengths)).take();
  if (!program.empty() && program.size() <= bpf::max_instructions) {
    const verify::Program accepted = repaired(program);
    program.assign(accepted.instructions().begin(), accepted.instructions().end());
  }
  return program;
}

}  // namespace

Instructions any_program(Random& random) {
  if (random.one_in(2048)) return extreme_program(random);
  Instructions program = Draft(random, any_length(random, bpf::max_instructions)).take();
  constexpr auto blows = std::to_array<std::uint32_t>({0, 0, 0, 1, 1, 2});
  for (std::uint32_t left = random.pick(blows); left != 0; --left)
    strike(random, program,
           static_cast<Blow>(random.below(static_cast<std::uint32_t>(Blow::Count))));
  return program;
}

verify::Program accepted_program(Random& random, std::size_t longest) {
  return repaired(
      Draft(random, any_length(random, std::min(longest, bpf::max_instructions))).take());
}

}  // namespace assay::sample
