#include "engine/agreement_values.hpp"

#include "assay/sample/constants.hpp"
#include "assay/sample/record.hpp"
#include "assay/seccomp/arch.hpp"
#include "assay/verify/accept.hpp"
#include "engine/agreement_programs.hpp"

namespace assay::agreement {

using bpf::Opcode;
using bpf::Operand;
using seccomp::SeccompData;

namespace {

#if defined(__x86_64__)
constexpr seccomp::Arch machine = seccomp::Arch::x86_64;
#elif defined(__aarch64__)
constexpr seccomp::Arch machine = seccomp::Arch::aarch64;
#else
constexpr seccomp::Arch machine = seccomp::Arch::riscv64;
#endif

sample::RecordShape shape_for(const Tester& tester) {
  if (!tester.asks(Engine::Kernel)) return {};
  return {seccomp::describe(machine).audit, true};
}

constexpr std::uint32_t a_offset = 16;  // low word of args[0]
constexpr std::uint32_t x_offset = 24;  // and of args[1]

SeccompData record_of(std::uint32_t a, std::uint32_t x) {
  SeccompData record{};
  record.arch = seccomp::describe(machine).audit;
  record.args[0] = a;
  record.args[1] = x;
  return record;
}

std::vector<SeccompData> all_pairs() {
  std::vector<SeccompData> records;
  for (const std::uint32_t a : sample::boundary_constants)
    for (const std::uint32_t x : sample::boundary_constants) records.push_back(record_of(a, x));
  return records;
}

// X = args[1]; A = args[0]; A op X or A op k; the result, or 1 and 2 for yes and no.
sample::Instructions applying(const Opcode& opcode, std::uint32_t k) {
  sample::Instructions program{{0x20, 0, 0, x_offset}, {0x07, 0, 0, 0}, {0x20, 0, 0, a_offset}};
  if (bpf::is_branch(opcode.operation)) {
    program.insert(program.end(),
                   {{opcode.code, 1, 0, k}, {0x06, 0, 0, 2}, {0x06, 0, 0, 0x80000001}});
  } else {
    program.insert(program.end(), {{opcode.code, 0, 0, k}, {0x16, 0, 0, 0}});
  }
  return program;
}

bool applicable(const Opcode& opcode) {
  return opcode.seccomp &&
         (bpf::is_branch(opcode.operation) || bpf::is_arithmetic(opcode.operation));
}

}  // namespace

void run_random_programs(Tester& tester, std::uint64_t first, std::uint64_t end) {
  const sample::RecordShape shape = shape_for(tester);
  for (std::uint64_t index = first; index < end; ++index) {
    sample::Random random(seed(), index);
    const verify::Program program = sample::accepted_program(random);
    const auto records =
        sample::records(random, program.instructions(), records_of_a_program, shape);
    tester.run({"random accepted programs", seed(), index}, program, records);
  }
}

void run_operand_grid(Tester& tester) {
  const std::vector<SeccompData> pairs = all_pairs();
  std::vector<SeccompData> singles;
  for (const std::uint32_t a : sample::boundary_constants) singles.push_back(record_of(a, 1));
  for (const Opcode& row : bpf::opcodes) {
    if (!applicable(row)) continue;
    const bool immediate = row.operand == Operand::Immediate;
    for (const std::uint32_t k : sample::boundary_constants) {
      const auto program = verify::accept(applying(row, k));
      if (!program) continue;
      tester.run({row.mnemonic, 0, k}, *program, immediate ? singles : pairs);
      if (!immediate) break;
    }
  }
}

void run_three_instructions(Tester& tester, std::uint64_t step) {
  const sample::Enumeration programs = three_instructions();
  const sample::RecordShape shape = shape_for(tester);
  sample::Instructions instructions(programs.length());
  for (std::uint64_t index = 0; index < programs.size(); index += step) {
    programs.write(index, instructions);
    const auto program = verify::accept(instructions);
    if (!program) continue;
    sample::Random random(0, index);
    tester.run({"three instructions", 0, index}, *program,
               sample::records(random, instructions, 8, shape));
  }
}

}  // namespace assay::agreement
