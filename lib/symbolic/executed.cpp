#include "assay/symbolic/executed.hpp"

#include "symbolic/execution.hpp"

namespace assay::symbolic {

using verify::Program;

namespace {

ValueEdge count_of(Manager& manager, const Program& program, const seccomp::Semantics& semantics) {
  ValueDiagram& values = manager.values();
  const InstructionCounter counter{values};
  const Execution execution =
      execute(manager.diagram(), manager.inputs(), program, semantics.shift, &counter);
  ValueEdge result = values.leaf(0);
  for (const Return& end : execution.returns)
    result = values.choice(end.condition, end.executed, result);
  return result;
}

}  // namespace

VerdictFunction::Decided executed(Manager& manager, const Program& program,
                                  const seccomp::Semantics& semantics) {
  return executed_by_stack(manager, std::span(&program, 1), semantics);
}

VerdictFunction::Decided executed_by_stack(Manager& manager, std::span<const Program> oldest_first,
                                           const seccomp::Semantics& semantics) {
  ValueDiagram& values = manager.values();
  ValueEdge sum = values.leaf(0);
  for (const Program& program : oldest_first) {
    const ValueEdge count = count_of(manager, program, semantics);
    if (manager.exhausted()) break;
    sum = values.combined(sum, count, [](std::uint32_t a, std::uint32_t b) { return a + b; });
  }
  if (manager.exhausted()) return tl::unexpected(manager.not_decided());
  return VerdictFunction(manager, sum.index());
}

}  // namespace assay::symbolic
