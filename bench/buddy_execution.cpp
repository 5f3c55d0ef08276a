#include "bench/buddy_execution.hpp"

#include <bdd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <map>
#include <optional>

#include "assay/seccomp/seccomp_data.hpp"
#include "symbolic/liveness.hpp"

namespace assay::bench {
namespace {

using bpf::Instruction;
using bpf::Opcode;
using bpf::Operand;
using bpf::Operation;
using Word = std::array<bdd, 32>;

Word constant(std::uint32_t value) {
  Word word;
  for (std::size_t i = 0; i < 32; ++i) word[i] = (value >> i & 1) != 0 ? bddtrue : bddfalse;
  return word;
}

struct State {
  bdd reached;
  std::array<Word, symbolic::register_count> registers;
};

class Executor {
 public:
  Executor(const verify::Program& program, const symbolic::Order& order)
      : program_(program), live_(symbolic::live_before(program)), states_(program.size()) {
    for (std::size_t word = 0; word < inputs_.size(); ++word)
      for (std::size_t bit = 0; bit < 32; ++bit)
        inputs_[word][bit] = bdd_ithvar(static_cast<int>(order.level(word, bit)));
  }

  std::map<std::uint32_t, bdd> run() {
    State first{bddtrue, {}};
    first.registers.fill(constant(0));
    states_[0] = std::move(first);
    for (std::size_t pc = 0; pc < program_.size(); ++pc) {
      if (!states_[pc]) continue;
      State state = std::move(*states_[pc]);
      states_[pc].reset();
      step(pc, state);
    }
    return std::move(returned_);
  }

 private:
  // Those instructions that the compared filters have.
  void step(std::size_t pc, State& state) {
    const Instruction& insn = program_[pc];
    const Opcode& opcode = program_.opcode(pc);
    Word& a = state.registers[symbolic::register_a];
    Word& x = state.registers[symbolic::register_x];
    switch (opcode.operation) {
      case Operation::Ld: a = loaded(state, insn, opcode); break;
      case Operation::Ldx: x = loaded(state, insn, opcode); break;
      case Operation::St: state.registers[symbolic::register_m + insn.k] = a; break;
      case Operation::Stx: state.registers[symbolic::register_m + insn.k] = x; break;
      case Operation::Tax: x = a; break;
      case Operation::Txa: a = x; break;
      case Operation::And: a = masked(a, operand(state, insn, opcode)); break;
      case Operation::Ret: returns(state, insn, opcode); return;
      case Operation::Ja: go(pc + 1 + insn.k, state); return;
      default:
        if (!bpf::is_branch(opcode.operation)) fail("an instruction that is not modelled");
        branch(pc, state, insn, opcode);
        return;
    }
    go(pc + 1, state);
  }

  Word loaded(const State& state, const Instruction& insn, const Opcode& opcode) const {
    if (opcode.operand == Operand::Word) return inputs_[insn.k / 4];
    if (opcode.operand == Operand::Scratch) return state.registers[symbolic::register_m + insn.k];
    return constant(opcode.operand == Operand::Length ? seccomp::data_bytes : insn.k);
  }

  static Word operand(const State& state, const Instruction& insn, const Opcode& opcode) {
    return opcode.operand == Operand::X ? state.registers[symbolic::register_x] : constant(insn.k);
  }

  static Word masked(const Word& a, const Word& b) {
    Word result;
    for (std::size_t i = 0; i < 32; ++i) result[i] = a[i] & b[i];
    return result;
  }

  static bdd compare(Operation comparison, const Word& a, const Word& b) {
    bdd result = comparison == Operation::Jeq || comparison == Operation::Jge ? bddtrue : bddfalse;
    for (std::size_t i = 0; i < 32; ++i) {
      if (comparison == Operation::Jeq) {
        result &= !(a[i] ^ b[i]);
      } else if (comparison == Operation::Jset) {
        result |= a[i] & b[i];
      } else {
        result = bdd_ite(a[i] ^ b[i], a[i], result);
      }
    }
    return result;
  }

  void branch(std::size_t pc, State& state, const Instruction& insn, const Opcode& opcode) {
    const bdd holds = compare(opcode.operation, state.registers[symbolic::register_a],
                              operand(state, insn, opcode));
    const bdd reached = state.reached;
    state.reached = reached & holds;
    go(pc + 1 + insn.jt, state);
    state.reached = reached - holds;
    go(pc + 1 + insn.jf, state);
  }

  void go(std::size_t target, const State& from) {
    if (from.reached == bddfalse) return;
    if (!states_[target]) {
      states_[target] = from;
      return;
    }
    State& to = *states_[target];
    for (std::size_t r = 0; r < symbolic::register_count; ++r) {
      if ((live_[target] >> r & 1) == 0) continue;
      for (std::size_t i = 0; i < 32; ++i)
        to.registers[r][i] = bdd_ite(from.reached, from.registers[r][i], to.registers[r][i]);
    }
    to.reached |= from.reached;
  }

  void returns(const State& state, const Instruction& insn, const Opcode& opcode) {
    if (opcode.operand == Operand::A) fail("RET A is not modelled");
    const auto at = returned_.try_emplace(insn.k, bddfalse).first;
    at->second |= state.reached;
  }

  [[noreturn]] static void fail(const char* what) {
    std::fprintf(stderr, "bench: BuDDy's execution: %s\n", what);
    std::exit(1);
  }

  const verify::Program& program_;
  std::vector<symbolic::Registers> live_;
  std::vector<std::optional<State>> states_;
  std::array<Word, seccomp::data_words> inputs_;
  std::map<std::uint32_t, bdd> returned_;
};

double cpu_milliseconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return 1e3 * static_cast<double>(now.tv_sec) + 1e-6 * static_cast<double>(now.tv_nsec);
}

}  // namespace

BuddyAnswer execute_with_buddy(const verify::Program& program, const symbolic::Order& order,
                               int nodes, int cache) {
  bdd_init(nodes, cache);
  bdd_gbc_hook(nullptr);
  bdd_setvarnum(static_cast<int>(symbolic::input_bits));
  BuddyAnswer answer;
  {
    const double start = cpu_milliseconds();
    const auto returned = Executor(program, order).run();
    answer.milliseconds = cpu_milliseconds() - start;
    for (const auto& [value, inputs] : returned)
      answer.inputs.emplace_back(value, bdd_satcountln(inputs));
  }
  bdd_done();
  return answer;
}

}  // namespace assay::bench
