#include "profile/branch_coverage.hpp"

#include <algorithm>
#include <map>

namespace assay::profile {
namespace {

using bpf::Operand;
using bpf::Operation;
using symbolic::Comparison;
using symbolic::Condition;
using symbolic::Manager;
using symbolic::Term;
using Edge = symbolic::Analysis::Edge;

// What A holds: a word of the input, masked.
struct Held {
  std::size_t word = 0;
  std::uint32_t mask = 0;  // at first nothing: A is 0
  friend auto operator<=>(const Held&, const Held&) = default;
};

// Jumps only go forward, so that everything that reaches an instruction is known when its turn
// comes.
class Walk {
 public:
  Walk(Manager& manager, const verify::Program& program) : manager_(manager), program_(program) {}

  std::optional<std::vector<Edge>> from(const Condition& inputs) {
    arriving_[0].emplace(Held{}, inputs);
    while (!arriving_.empty() && !manager_.exhausted()) {
      const auto node = arriving_.extract(arriving_.begin());
      for (const auto& [held, here] : node.mapped())
        if (!step(node.key(), held, here)) return std::nullopt;
    }
    std::sort(taken_.begin(), taken_.end(), [](const Edge& a, const Edge& b) {
      return a.from != b.from ? a.from < b.from : a.to < b.to;
    });
    taken_.erase(std::unique(taken_.begin(), taken_.end()), taken_.end());
    return std::move(taken_);
  }

 private:
  bool step(std::size_t pc, Held held, const Condition& here) {
    const bpf::Instruction& insn = program_[pc];
    const bpf::Opcode& opcode = program_.opcode(pc);
    const bool constant = opcode.operand == Operand::Immediate;
    if (opcode.operation == Operation::Ret) return true;
    if (opcode.operation == Operation::Ja) return arrive(pc + 1 + insn.k, held, here);
    if (bpf::is_branch(opcode.operation))
      return constant && branch(pc, held, here, opcode.operation);
    if (opcode.operation == Operation::Ld && opcode.operand == Operand::Word)
      return arrive(pc + 1, {insn.k / 4, 0xffffffff}, here);
    if (opcode.operation == Operation::And && constant)
      return arrive(pc + 1, {held.word, held.mask & insn.k}, here);
    return false;
  }

  bool branch(std::size_t pc, Held held, const Condition& here, Operation operation) {
    const bpf::Instruction& insn = program_[pc];
    const Condition holds = test(held, operation, insn.k);
    take({pc, pc + 1 + insn.jt}, held, here & holds);
    take({pc, pc + 1 + insn.jf}, held, here & !holds);
    return true;
  }

  Condition test(Held held, Operation operation, std::uint32_t k) const {
    const Term word = Term::word(manager_, held.word);
    if (operation == Operation::Jset)
      return compare(word.masked(held.mask & k), Comparison::NotEqual, 0);
    const Term a = word.masked(held.mask);
    if (operation == Operation::Jeq) return compare(a, Comparison::Equal, k);
    return compare(a, operation == Operation::Jgt ? Comparison::Greater : Comparison::GreaterEqual,
                   k);
  }

  void take(Edge edge, Held held, const Condition& inputs) {
    if (inputs.is_never()) return;
    taken_.push_back(edge);
    arrive(edge.to, held, inputs);
  }

  bool arrive(std::size_t pc, Held held, const Condition& inputs) {
    const auto [at, fresh] = arriving_[pc].try_emplace(held, inputs);
    if (!fresh) at->second = at->second | inputs;
    return true;
  }

  Manager& manager_;
  const verify::Program& program_;
  std::map<std::size_t, std::map<Held, Condition>> arriving_;
  std::vector<Edge> taken_;
};

}  // namespace

std::optional<std::vector<Edge>> branches_taken(Manager& manager, const verify::Program& program,
                                                const Condition& inputs) {
  return Walk(manager, program).from(inputs);
}

}  // namespace assay::profile
