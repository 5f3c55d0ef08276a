#include "assay/sample/record.hpp"

#include <algorithm>

#include "assay/bpf/opcode.hpp"
#include "assay/sample/constants.hpp"
#include "assay/seccomp/arch.hpp"

namespace assay::sample {

using seccomp::SeccompData;

namespace {

std::vector<std::uint32_t> constants_of(std::span<const bpf::Instruction> program) {
  std::vector<std::uint32_t> found;
  for (const bpf::Instruction& insn : program) {
    const bpf::Opcode* opcode = bpf::find_opcode(insn.code);
    if (opcode != nullptr && opcode->operand == bpf::Operand::Immediate &&
        opcode->operation != bpf::Operation::Ja)
      found.push_back(insn.k);
  }
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  if (found.empty()) found.push_back(0);
  return found;
}

std::uint32_t any_word(Random& random, std::span<const std::uint32_t> constants) {
  switch (random.below(16)) {
    case 0:
    case 1: return 0;
    case 2: return 1U << random.below(32);
    case 3: return ~(1U << random.below(32));
    case 4: return random.bits();
    case 5: return random.below(64);
    case 6:
    case 7: return any_constant(random);
    case 8: return ~random.pick(constants);
    case 9: {
      const std::uint32_t bit = 1U << random.below(32);
      return random.pick(constants) ^ bit;
    }
    case 10:
    case 11:
    case 12: return near(random, random.pick(constants));
    default: return random.pick(constants);
  }
}

// As a call instruction in a page of its own: canonical, neither in the first nor in the
// last pages of user space.
std::uint64_t user_pointer(std::uint64_t pointer) {
  constexpr std::uint64_t lowest = 0x100000;
  constexpr std::uint64_t highest = 0x7fffff000000;
  return lowest + pointer % (highest - lowest);
}

}  // namespace

std::vector<SeccompData> records(Random& random, std::span<const bpf::Instruction> program,
                                 std::size_t count, const RecordShape& shape) {
  const std::vector<std::uint32_t> constants = constants_of(program);
  std::vector<SeccompData> result(count);
  for (SeccompData& record : result) {
    seccomp::Words words;
    for (std::uint32_t& word : words) word = any_word(random, constants);
    const std::uint32_t known = random.pick(seccomp::arches).audit;
    const std::uint32_t arch = random.one_in(4) ? words[1] : known;
    words[1] = shape.arch.value_or(arch);
    record = seccomp::from_words(words, seccomp::byte_order(words[1]));
    if (shape.user_pointer) record.instruction_pointer = user_pointer(record.instruction_pointer);
  }
  return result;
}

}  // namespace assay::sample
