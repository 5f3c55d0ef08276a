// Forward symbolic execution: one pass over the instructions, which jumps only ever leave
// forward, so that everything that reaches an instruction has been seen when its turn comes.
// Each has the condition under which it is reached and the value of each register there as a
// function of the input. Paths that meet are merged; a register that is not live is not.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "assay/seccomp/seccomp_data.hpp"
#include "assay/seccomp/semantics.hpp"
#include "assay/verify/program.hpp"
#include "symbolic/value_diagram.hpp"
#include "symbolic/word.hpp"

namespace assay::symbolic {

// What a register holds for some input that gets there: bit i for input word i or a function
// of it alone, then the two below. Two bits set means that feasible paths disagree.
using Sources = std::uint32_t;
inline constexpr Sources constant_source = 1U << 16;
inline constexpr Sources mixed_source = 1U << 17;  // a function of several words

struct Held {
  Sources a = 0;
  Sources x = 0;
};

struct Return {
  std::size_t pc;
  Edge condition;
  Word value;
  ValueEdge executed{};  // instructions, this one included; where that was asked for
};

// Inputs that get to some place: those of `within` where A, if it is named, has this value.
// Empty when none does. Not all of them: enough to know that the place is reached and how.
struct Reach {
  Edge within = no;
  const Word* a = nullptr;
  std::uint32_t value = 0;

  bool feasible() const { return within != no; }
  Edge inputs(Diagram& diagram) const;
};

struct Execution {
  std::vector<Reach> reached;          // by instruction
  std::vector<Reach> taken;            // of a branch: the inputs for which its condition holds
  std::vector<Reach> passed;           // and fails; of a division by X: where X is not 0
  std::vector<Held> held;              // in front of each instruction
  std::vector<Return> returns;         // their conditions are disjoint and cover every input
  std::shared_ptr<const void> values;  // what Reach::a points into
};

// Who counts instructions while they are executed: functions of the input, in its diagram.
struct InstructionCounter {
  ValueDiagram& counts;
};

// The levels of the diagram are `variables`: one word of plain variables for each input word.
// When the diagram is exhausted the result means nothing.
Execution execute(Diagram& diagram, const std::array<Word, seccomp::data_words>& variables,
                  const verify::Program& program, seccomp::ShiftRule shift,
                  const InstructionCounter* counter = nullptr);

}  // namespace assay::symbolic
