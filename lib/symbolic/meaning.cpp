#include "symbolic/meaning.hpp"

#include <algorithm>
#include <map>

#include "assay/seccomp/verdict.hpp"
#include "symbolic/backward.hpp"

namespace assay::symbolic {

using seccomp::Action;
using seccomp::ActionInfo;
using seccomp::Semantics;
using seccomp::Verdict;

namespace {

constexpr std::size_t action_bit = 16;  // the lowest one
constexpr std::size_t sign_bit = 31;

std::uint32_t kept_of(std::uint32_t value, const Semantics& semantics, Kept kept) {
  const Verdict verdict{value};
  if (kept == Kept::Everything) return value;
  if (kept == Kept::ForStack && verdict.action(semantics) == Action::Unknown)
    return value & seccomp::action_mask;
  return verdict.normalised(semantics).value;
}

Edge names_action(Diagram& diagram, const Word& value, const ActionInfo& info,
                  const Semantics& semantics) {
  const bool unsigned_actions =
      Verdict{info.value ^ 1U << sign_bit}.action(semantics) == info.action;
  Edge result = yes;
  for (std::size_t bit = action_bit; bit < (unsigned_actions ? sign_bit : 32); ++bit) {
    const bool set = (info.value >> bit & 1) != 0;
    result = diagram.conjunction(result, set ? value.bits[bit] : !value.bits[bit]);
  }
  return result;
}

// The action with the value's data, of which `most` shows at most: 2^n - 1.
Word with_data(Diagram& diagram, const ActionInfo& info, const Word& value, std::uint32_t most) {
  Word result = Word::constant(info.value);
  Edge above = no;
  for (std::size_t bit = 0; bit < action_bit; ++bit)
    if ((most >> bit & 1) == 0) above = diagram.disjunction(above, value.bits[bit]);
  for (std::size_t bit = 0; bit < action_bit; ++bit)
    if ((most >> bit & 1) != 0) result.bits[bit] = diagram.disjunction(above, value.bits[bit]);
  return result;
}

// What an unknown action keeps.
Word of_unknown(const Word& value, const Semantics& semantics, Kept kept) {
  constexpr std::uint32_t unknown_action = 0x00010000;
  if (kept == Kept::Meaning)
    return Word::constant(Verdict{unknown_action}.normalised(semantics).value);
  Word result = value;
  std::fill_n(result.bits.begin(), action_bit, no);
  return result;
}

// The same for a word, so that of RET A no more values are told apart than are kept.
Word kept_of(Diagram& diagram, const Word& value, const Semantics& semantics, Kept kept) {
  if (kept == Kept::Everything) return value;
  Word result = of_unknown(value, semantics, kept);
  for (const ActionInfo& info : seccomp::actions) {
    if (Verdict{info.value}.action(semantics) != info.action) continue;
    const Edge here = names_action(diagram, value, info, semantics);
    const std::uint32_t most = Verdict{info.value | seccomp::data_mask}.data(semantics);
    if (here != no) result = choice(diagram, here, with_data(diagram, info, value, most), result);
  }
  return result;
}

}  // namespace

ValueEdge meaning_of(Manager& manager, const verify::Program& program, const Semantics& semantics,
                     Kept kept) {
  const auto plain = backward(manager.values(), manager.diagram(), manager.inputs(), program,
                              [&](std::uint32_t value) { return kept_of(value, semantics, kept); });
  if (plain) return *plain;
  return returned(manager, execute(manager.diagram(), manager.inputs(), program, semantics.shift),
                  semantics, kept);
}

ValueEdge returned(Manager& manager, const Execution& execution, const Semantics& semantics,
                   Kept kept) {
  // One condition for all returns of one constant; few functions then remain to be joined.
  std::map<std::uint32_t, Edge> constants;
  Diagram& diagram = manager.diagram();
  ValueDiagram& values = manager.values();
  ValueEdge result = values.leaf(0);
  for (const Return& end : execution.returns) {
    if (const auto constant = end.value.constant()) {
      const std::uint32_t value = kept_of(*constant, semantics, kept);
      const auto [at, fresh] = constants.try_emplace(value, end.condition);
      if (!fresh) at->second = diagram.disjunction(at->second, end.condition);
    } else {
      const Word word = kept_of(diagram, end.value, semantics, kept);
      result = values.choice(end.condition, values.of(end.condition, word), result);
    }
  }
  for (const auto& [value, condition] : constants)
    result = values.choice(condition, values.leaf(value), result);
  return result;
}

}  // namespace assay::symbolic
