#include "assay/symbolic/analysis.hpp"

#include "symbolic/execution.hpp"
#include "symbolic/meaning.hpp"

namespace assay::symbolic {

using bpf::Operation;

struct Analysis::State {
  Manager& manager;
  verify::Program program;
  seccomp::Semantics semantics;
  Execution execution;
};

namespace {

Provenance provenance(Sources sources) {
  Provenance result;
  for (std::size_t word = 0; word < seccomp::data_words; ++word)
    if ((sources >> word & 1) != 0) result.words.push_back(word);
  result.constant = (sources & constant_source) != 0;
  result.mixed = (sources & mixed_source) != 0;
  return result;
}

std::optional<seccomp::Words> some_input(Manager& manager, const Reach& reach) {
  return Condition(manager, reach.inputs(manager.diagram())).witness();
}

}  // namespace

Analysis::Analysis(std::unique_ptr<State> state) : state_(std::move(state)) {}
Analysis::~Analysis() = default;
Analysis::Analysis(Analysis&&) noexcept = default;
Analysis& Analysis::operator=(Analysis&&) noexcept = default;

tl::expected<Analysis, NotDecided> Analysis::of(Manager& manager, const verify::Program& program,
                                                const seccomp::Semantics& semantics) {
  Execution execution = execute(manager.diagram(), manager.inputs(), program, semantics.shift);
  if (manager.exhausted()) return tl::unexpected(manager.not_decided());
  return Analysis(
      std::make_unique<State>(State{manager, program, semantics, std::move(execution)}));
}

bool Analysis::reachable(std::size_t pc) const { return state_->execution.reached[pc].feasible(); }

std::vector<Analysis::Edge> Analysis::edges() const { return edges(state_->program); }

std::vector<Analysis::Edge> Analysis::edges(const verify::Program& program) {
  std::vector<Edge> result;
  for (std::size_t pc = 0; pc < program.size(); ++pc) {
    const bpf::Instruction& insn = program[pc];
    const Operation operation = program.opcode(pc).operation;
    if (operation == Operation::Ret) continue;
    if (operation == Operation::Ja) {
      result.push_back({pc, pc + 1 + insn.k});
    } else if (!bpf::is_branch(operation)) {
      result.push_back({pc, pc + 1});
    } else {
      result.push_back({pc, pc + 1 + insn.jt});
      if (insn.jt != insn.jf) result.push_back({pc, pc + 1 + insn.jf});
    }
  }
  return result;
}

namespace {

// What leads along an edge, of which a branch with one target has two.
std::vector<const Reach*> ways(const verify::Program& program, const Execution& execution,
                               const Analysis::Edge& edge) {
  const bpf::Opcode& opcode = program.opcode(edge.from);
  const bpf::Instruction& insn = program[edge.from];
  std::vector<const Reach*> result;
  if (bpf::is_branch(opcode.operation)) {
    if (edge.to == edge.from + 1 + insn.jt) result.push_back(&execution.taken[edge.from]);
    if (edge.to == edge.from + 1 + insn.jf) result.push_back(&execution.passed[edge.from]);
  } else if (opcode.operation == Operation::Div && opcode.operand == bpf::Operand::X) {
    result.push_back(&execution.passed[edge.from]);
  } else {
    result.push_back(&execution.reached[edge.from]);
  }
  return result;
}

}  // namespace

bool Analysis::feasible(const Edge& edge) const {
  for (const Reach* reach : ways(state_->program, state_->execution, edge))
    if (reach->feasible()) return true;
  return false;
}

std::optional<seccomp::Words> Analysis::witness(const Edge& edge) const {
  for (const Reach* reach : ways(state_->program, state_->execution, edge))
    if (reach->feasible()) return some_input(state_->manager, *reach);
  return std::nullopt;
}

std::optional<seccomp::Words> Analysis::witness(std::size_t pc) const {
  return some_input(state_->manager, state_->execution.reached[pc]);
}

Provenance Analysis::a_at(std::size_t pc) const { return provenance(state_->execution.held[pc].a); }

Provenance Analysis::x_at(std::size_t pc) const { return provenance(state_->execution.held[pc].x); }

Condition Analysis::ends_at(std::size_t pc) const {
  symbolic::Edge condition = no;
  for (const Return& end : state_->execution.returns)
    if (end.pc == pc) condition = state_->manager.diagram().disjunction(condition, end.condition);
  return {state_->manager, condition};
}

VerdictFunction::Decided Analysis::function(Precision precision) const {
  Manager& manager = state_->manager;
  const Kept kept = precision == Precision::Exact ? Kept::Everything : Kept::Meaning;
  const ValueEdge root = returned(manager, state_->execution, state_->semantics, kept);
  if (manager.exhausted()) return tl::unexpected(manager.not_decided());
  return VerdictFunction(manager, root.index());
}

}  // namespace assay::symbolic
