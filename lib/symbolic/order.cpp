#include "assay/symbolic/order.hpp"

#include <algorithm>

#include "assay/bpf/opcode.hpp"

namespace assay::symbolic {

using bpf::Operand;
using bpf::Operation;
using verify::Program;

namespace {

constexpr std::uint8_t nr_word = 0;
constexpr std::uint8_t arch_word = 1;

// The words that a register may depend on, as a set of bits.
using WordSet = std::uint16_t;

struct Registers {
  WordSet a = 0;
  WordSet x = 0;
  std::array<WordSet, bpf::scratch_words> m{};

  void merge(const Registers& other) {
    a |= other.a;
    x |= other.x;
    for (std::size_t i = 0; i < m.size(); ++i) m[i] |= other.m[i];
  }
};

// Which words are read, in order, and which meet others; paths are told apart only where a
// program's jumps do.
class Reading {
 public:
  void read(const Program& program) {
    std::vector<Registers> states(program.size());
    for (std::size_t pc = 0; pc < program.size(); ++pc) step(program, pc, states);
  }

  std::vector<std::vector<std::uint8_t>> groups() const {
    std::vector<std::vector<std::uint8_t>> result;
    WordSet placed = 0;
    for (const std::uint8_t word : order_) {
      if ((placed >> word & 1) != 0) continue;
      std::vector<std::uint8_t> group;
      for (const std::uint8_t other : order_)
        if ((companions_[word] >> other & 1) != 0) group.push_back(other);
      for (const std::uint8_t member : group) placed |= static_cast<WordSet>(1U << member);
      result.push_back(group);
    }
    return result;
  }

 private:
  void step(const Program& program, std::size_t pc, std::vector<Registers>& states) {
    const bpf::Instruction& insn = program[pc];
    const bpf::Opcode& opcode = program.opcode(pc);
    Registers now = states[pc];
    const bool with_x = opcode.operand == Operand::X;
    if (with_x) join(now.a, now.x);
    const auto go = [&](std::size_t skipped) { states[pc + 1 + skipped].merge(now); };
    switch (opcode.operation) {
      case Operation::Ld: now.a = loaded(opcode, insn, now); return go(0);
      case Operation::Ldx: now.x = loaded(opcode, insn, now); return go(0);
      case Operation::St: now.m[insn.k] = now.a; return go(0);
      case Operation::Stx: now.m[insn.k] = now.x; return go(0);
      case Operation::Tax: now.x = now.a; return go(0);
      case Operation::Txa: now.a = now.x; return go(0);
      case Operation::Ret: return;
      case Operation::Ja: return go(insn.k);
      default: break;
    }
    if (bpf::is_branch(opcode.operation)) {
      go(insn.jt);
      return go(insn.jf);
    }
    if (with_x) now.a |= now.x;
    go(0);
  }

  WordSet loaded(const bpf::Opcode& opcode, const bpf::Instruction& insn, const Registers& now) {
    if (opcode.operand == Operand::Scratch) return now.m[insn.k];
    if (opcode.operand != Operand::Word) return 0;
    const auto word = static_cast<std::uint8_t>(insn.k / 4);
    if (std::find(order_.begin(), order_.end(), word) == order_.end()) order_.push_back(word);
    return static_cast<WordSet>(1U << word);
  }

  void join(WordSet a, WordSet b) {
    WordSet all = a | b;
    for (std::size_t word = 0; word < companions_.size(); ++word)
      if ((all >> word & 1) != 0) all |= companions_[word];
    for (std::size_t word = 0; word < companions_.size(); ++word)
      if ((all >> word & 1) != 0) companions_[word] = all;
  }

  std::vector<std::uint8_t> order_{arch_word, nr_word};
  std::array<WordSet, seccomp::data_words> companions_ = [] {
    std::array<WordSet, seccomp::data_words> alone{};
    for (std::size_t word = 0; word < alone.size(); ++word)
      alone[word] = static_cast<WordSet>(1U << word);
    return alone;
  }();
};

}  // namespace

Order::Order(std::span<const std::vector<std::uint8_t>> groups) {
  std::array<bool, seccomp::data_words> placed{};
  std::uint32_t level = 0;
  const auto place = [&](std::span<const std::uint8_t> group) {
    for (std::uint8_t bit = 32; bit-- > 0;) {
      for (const std::uint8_t word : group) {
        levels_[word][bit] = static_cast<std::uint16_t>(level);
        bits_[level++] = {word, bit};
      }
    }
    for (const std::uint8_t word : group) placed[word] = true;
  };
  for (const auto& group : groups) place(group);
  for (std::uint8_t word = 0; word < placed.size(); ++word)
    if (!placed[word]) place(std::array{word});
}

Order Order::for_programs(std::span<const Program> programs) {
  Reading reading;
  for (const Program& program : programs) reading.read(program);
  return Order(reading.groups());
}

Order Order::fixed() {
  std::vector<std::uint8_t> others;
  for (std::uint8_t word = 2; word < seccomp::data_words; ++word) others.push_back(word);
  return Order(std::vector<std::vector<std::uint8_t>>{{arch_word}, {nr_word}, others});
}

}  // namespace assay::symbolic
