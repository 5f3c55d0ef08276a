#include "trace/plain_function.hpp"

#include <algorithm>

namespace assay::trace {
namespace {

// Stands for inputs that are not meant: unlike any normalised verdict.
constexpr seccomp::Verdict excluded{0xffffffff};

}  // namespace

std::optional<PlainFunction> PlainFunction::of(const symbolic::VerdictFunction& function,
                                               const symbolic::Condition& given) {
  symbolic::Manager& manager = function.manager();
  if (given.is_always()) return PlainFunction(symbolic::ValueTable::of(function));
  std::vector<symbolic::VerdictFunction::Case> cases;
  for (const seccomp::Verdict verdict : function.verdicts())
    cases.emplace_back(function.where(verdict) & given, verdict);
  const auto narrowed = symbolic::VerdictFunction::of_cases(manager, cases, excluded);
  if (!narrowed || manager.exhausted()) return std::nullopt;
  return PlainFunction(symbolic::ValueTable::of(*narrowed));
}

PlainFunction::Answer PlainFunction::ask(const PartialInput& input) const {
  Answer answer;
  seen_.resize(table_.nodes.size() + table_.values.size());
  if (++walk_ == 0) {
    std::fill(seen_.begin(), seen_.end(), 0);
    walk_ = 1;
  }
  stack_.assign(1, table_.root);
  while (!stack_.empty()) {
    const symbolic::ValueTable::Place at = stack_.back();
    stack_.pop_back();
    if (std::exchange(seen_[at], walk_) == walk_) continue;
    if (table_.is_value(at)) {
      const seccomp::Verdict verdict{table_.value(at)};
      if (verdict != excluded) answer.possible.push_back(verdict);
      continue;
    }
    const symbolic::ValueTable::Node& node = table_.nodes[at];
    const std::uint32_t bit = std::uint32_t{1} << node.bit.bit;
    const bool fixed = (input.known[node.bit.word] & bit) != 0;
    const bool one = (input.words[node.bit.word] & bit) != 0;
    if (!fixed) answer.support[node.bit.word] |= bit;
    if (!fixed || !one) stack_.push_back(node.low);
    if (!fixed || one) stack_.push_back(node.high);
  }
  std::sort(answer.possible.begin(), answer.possible.end(),
            [](seccomp::Verdict a, seccomp::Verdict b) { return a.value < b.value; });
  return answer;
}

}  // namespace assay::trace
