#include "smt/value.hpp"

#include <map>

#include "smt/execution.hpp"

namespace assay::smt {

using seccomp::Action;
using seccomp::Semantics;
using seccomp::Verdict;
using z3::expr;

namespace {

expr number(z3::context& context, std::uint32_t value) { return context.bv_val(value, 32); }

expr action_bits(const expr& value, const Semantics& semantics) {
  const std::uint32_t mask = semantics.signed_actions ? seccomp::action_mask : 0x7fff0000;
  return value & number(value.ctx(), mask);
}

// What can be seen of a value of this action, which exists under these semantics.
expr seen(const expr& value, const seccomp::ActionInfo& info, const Semantics& semantics) {
  z3::context& context = value.ctx();
  expr action = number(context, info.value);
  if (!info.data) return action;
  expr data = value & number(context, seccomp::data_mask);
  if (info.action == Action::Errno && semantics.errno_capped) {
    const expr most = number(context, seccomp::max_errno);
    data = ite(ugt(data, most), most, data);
  }
  return action | data;
}

// One program's value; returns of one constant share their condition.
expr returned(const std::vector<expr>& inputs, const verify::Program& program,
              const Semantics& semantics) {
  z3::context& context = inputs[0].ctx();
  const Execution execution = execute(inputs, program, semantics.shift);
  std::map<std::uint64_t, expr> constants;
  expr result = number(context, 0);
  for (const Return& end : execution.returns) {
    std::uint64_t constant = 0;
    if (end.value.is_numeral_u64(constant)) {
      const auto [at, fresh] = constants.try_emplace(constant, end.condition);
      if (!fresh) at->second = at->second || end.condition;
    } else {
      result = ite(end.condition, end.value, result);
    }
  }
  for (const auto& [value, condition] : constants)
    result = ite(condition, context.bv_val(value, 32), result);
  return result;
}

}  // namespace

expr normalised(const expr& value, const Semantics& semantics) {
  z3::context& context = value.ctx();
  const expr bits = action_bits(value, semantics);
  expr result = number(context, Verdict{0x00010000}.normalised(semantics).value);
  for (const seccomp::ActionInfo& info : seccomp::actions) {
    // Absent from an old kernel, or out of reach of its mask: unknown, as all others.
    if (Verdict{info.value}.action(semantics) != info.action) continue;
    result = ite(bits == number(context, info.value), seen(value, info, semantics), result);
  }
  return result;
}

expr overrides(const expr& candidate, const expr& current, const Semantics& semantics) {
  const expr a = action_bits(candidate, semantics);
  const expr b = action_bits(current, semantics);
  return semantics.signed_actions ? slt(a, b) : ult(a, b);
}

expr verdict(const std::vector<expr>& inputs, symbolic::Decider::Stack stack,
             const Semantics& semantics, symbolic::Precision precision) {
  expr result = number(inputs[0].ctx(), value_of(Action::Allow));
  // Newest first, as the kernel asks them: on a tie what is there stays.
  for (std::size_t i = stack.size(); i-- > 0;) {
    const expr older = returned(inputs, stack[i], semantics);
    // One filter alone returns what it returns; in a stack ALLOW loses its data.
    result = stack.size() == 1 ? older : ite(overrides(older, result, semantics), older, result);
  }
  return precision == symbolic::Precision::Exact ? result : normalised(result, semantics);
}

expr among(const expr& value, std::span<const symbolic::VerdictRange> ranges) {
  z3::context& context = value.ctx();
  expr result = context.bool_val(false);
  for (const symbolic::VerdictRange& range : ranges)
    result = result ||
             (uge(value, number(context, range.first)) && ule(value, number(context, range.last)));
  return result;
}

expr contains(const std::vector<expr>& inputs, const symbolic::InputSet& set) {
  z3::context& context = inputs[0].ctx();
  std::vector<expr> places{context.bool_val(false), context.bool_val(true)};
  places.reserve(set.nodes.size() + 2);
  const expr one = context.bv_val(1, 1);
  for (const symbolic::InputSet::Node& node : set.nodes) {
    const expr bit = inputs[node.bit.word].extract(node.bit.bit, node.bit.bit) == one;
    places.push_back(ite(bit, places[node.high], places[node.low]));
  }
  return places[set.root];
}

}  // namespace assay::smt
