#include "symbolic/proof_programs.hpp"

#include <gtest/gtest.h>

#include "assay/engine/interpreter.hpp"
#include "assay/sample/record.hpp"
#include "assay/verify/accept.hpp"

namespace assay::symbolic::test {

using bpf::Instruction;
using seccomp::Words;

namespace {

constexpr auto shift_rules = std::to_array<seccomp::ShiftRule>(
    {seccomp::ShiftRule::Modulo32, seccomp::ShiftRule::Modulo64ZeroAbove31,
     seccomp::ShiftRule::Modulo256ZeroAbove31});

// Mostly today's rules; now and then another kernel's.
seccomp::Semantics drawn_semantics(sample::Random& random) {
  seccomp::Semantics semantics;
  if (random.one_in(4)) semantics.shift = random.pick(shift_rules);
  if (random.one_in(8)) semantics = *seccomp::find_semantics("linux-4.4");
  return semantics;
}

std::vector<Words> words_for(sample::Random& random, std::span<const Instruction> program,
                             std::size_t count) {
  std::vector<Words> result;
  for (const seccomp::SeccompData& record : sample::records(random, program, count))
    result.push_back(engine::Interpreter::words_of(record));
  return result;
}

// Short and long ones, and short ones more often.
std::size_t drawn_length(sample::Random& random) {
  constexpr auto lengths = std::to_array<std::size_t>({4, 6, 8, 12, 16, 24, 48, 200});
  return random.pick(lengths);
}

// RET A of a whole word has 140,000 meanings: rarely, so that there is time for much else.
verify::Program drawn_program(sample::Random& random) {
  const verify::Program program = sample::accepted_program(random, drawn_length(random));
  if (random.one_in(16)) return program;
  std::vector<Instruction> instructions(program.instructions().begin(),
                                        program.instructions().end());
  for (Instruction& insn : instructions)
    if (insn.code == 0x16) insn = {0x06, 0, 0, 0x00030000 + random.below(4)};
  return *verify::accept(instructions);
}

constexpr std::uint32_t first_word = 0;    // nr
constexpr std::uint32_t second_word = 16;  // low half of args[0]

sample::Alphabet many_letters() {
  sample::Alphabet result{{0x20, 0, 0, first_word}, {0x20, 0, 0, second_word}};
  for (const bpf::Opcode& row : bpf::opcodes) {
    if (!row.seccomp || row.operation == bpf::Operation::Ret) continue;
    if (row.operand == bpf::Operand::Word) continue;
    if (bpf::is_branch(row.operation)) {
      for (const std::uint32_t k : {0U, 2U})
        for (const auto& [jt, jf] : {std::pair<std::uint8_t, std::uint8_t>{0, 1}, {1, 0}}) {
          result.push_back({row.code, jt, jf, k});
        }
    } else if (row.operation == bpf::Operation::Ja) {
      result.push_back({row.code, 0, 0, 1});
    } else if (bpf::uses_k(row)) {
      result.push_back({row.code, 0, 0, 1});
      if (row.rule == bpf::KRule::Any) result.push_back({row.code, 0, 0, 0x80000002});
    } else {
      result.push_back({row.code, 0, 0, 0});
    }
  }
  return result;
}

sample::Alphabet few_letters() {
  return {{0x20, 0, 0, first_word}, {0x20, 0, 0, second_word}, {0x00, 0, 0, 33}, {0x07, 0, 0, 0},
          {0x87, 0, 0, 0},          {0x02, 0, 0, 1},           {0x60, 0, 0, 1},  {0x61, 0, 0, 1},
          {0x04, 0, 0, 0x80000001}, {0x0c, 0, 0, 0},           {0x1c, 0, 0, 0},  {0x24, 0, 0, 3},
          {0x34, 0, 0, 3},          {0x3c, 0, 0, 0},           {0x4c, 0, 0, 0},  {0x54, 0, 0, 3},
          {0x5c, 0, 0, 0},          {0xac, 0, 0, 0},           {0x64, 0, 0, 31}, {0x7c, 0, 0, 0},
          {0x84, 0, 0, 0},          {0x05, 0, 0, 1},           {0x15, 0, 1, 2},  {0x1d, 1, 0, 0},
          {0x25, 0, 1, 1},          {0x2d, 1, 0, 0},           {0x35, 1, 0, 3},  {0x45, 0, 1, 2},
          {0x4d, 1, 0, 0}};
}

std::vector<Words> interesting_inputs() {
  constexpr auto values =
      std::to_array<std::uint32_t>({0, 1, 2, 3, 31, 33, 0x7fffffff, 0x80000000, 0xffffffff});
  std::vector<Words> result;
  for (const std::uint32_t first : values)
    for (const std::uint32_t second : values) {
      Words words{};
      words[first_word / 4] = first;
      words[second_word / 4] = second;
      result.push_back(words);
    }
  return result;
}

}  // namespace

void prove_random_programs(Tally& tally, std::uint64_t first, std::uint64_t end) {
  for (std::uint64_t index = first; index < end && !testing::Test::HasFatalFailure(); ++index) {
    sample::Random random(21, index);
    const verify::Program program = drawn_program(random);
    const seccomp::Semantics semantics = drawn_semantics(random);
    expect_proven(tally, random, program, words_for(random, program.instructions(), 80), semantics);
  }
}

void prove_random_stacks(Tally& tally, std::uint64_t first, std::uint64_t end) {
  for (std::uint64_t index = first; index < end && !testing::Test::HasFatalFailure(); ++index) {
    sample::Random random(22, index);
    std::vector<verify::Program> stack;
    while (stack.empty() || !random.one_in(3)) stack.push_back(drawn_program(random));
    std::vector<Words> inputs;
    for (const verify::Program& program : stack)
      for (const Words& words : words_for(random, program.instructions(), 8))
        inputs.push_back(words);
    expect_stack_proven(tally, random, stack, inputs, drawn_semantics(random));
  }
}

void prove_small_programs(Tally& tally, Letters letters, std::size_t instructions,
                          std::uint64_t step) {
  const std::vector<Words> inputs = interesting_inputs();
  const sample::Alphabet any = letters == Letters::Few ? few_letters() : many_letters();
  const std::vector<std::vector<Instruction>> endings{
      {{0x54, 0, 0, 0x80000003}, {0x16, 0, 0, 0}, {0x06, 0, 0, 5}},
      {{0x25, 0, 1, 2}, {0x06, 0, 0, 0x7fff0000}, {0x06, 0, 0, 0x00050001}}};
  for (const auto& ending : endings) {
    std::vector<sample::Alphabet> places(instructions, any);
    for (const Instruction& insn : ending) places.push_back({insn});
    const sample::Enumeration programs(places);
    for (std::uint64_t index = 0; index < programs.size(); index += step) {
      const auto program = verify::accept(programs[index]);
      if (!program) continue;
      sample::Random random(23, index);
      expect_proven(tally, random, *program, inputs);
      if (testing::Test::HasFatalFailure()) return;
    }
  }
}

}  // namespace assay::symbolic::test
