#include "assay/engine/filter_stack.hpp"

namespace assay::engine {

using seccomp::Action;
using seccomp::Verdict;

FilterStack::FilterStack(std::span<const verify::Program> oldest_first,
                         const seccomp::Semantics& semantics)
    : semantics_(semantics) {
  filters_.reserve(oldest_first.size());
  for (const verify::Program& program : oldest_first) filters_.emplace_back(program, semantics);
}

Verdict FilterStack::run(const seccomp::Words& words) const {
  Verdict result{value_of(Action::Allow)};
  for (std::size_t i = filters_.size(); i-- > 0;) {
    const Verdict returned{filters_[i].run(words)};
    if (overrides(returned, result, semantics_)) result = returned;
  }
  return result;
}

Verdict FilterStack::run(const seccomp::SeccompData& data) const {
  return run(Interpreter::words_of(data));
}

FilterStack::Answer FilterStack::examine(const seccomp::Words& words) const {
  Answer answer{{value_of(Action::Allow)}, 0, filters_.empty() ? 0 : filters_.size() - 1, {}};
  answer.outcomes.resize(filters_.size());
  for (std::size_t i = filters_.size(); i-- > 0;) {
    const Outcome outcome = filters_[i].count(words);
    answer.outcomes[i] = outcome;
    answer.instructions += outcome.instructions;
    if (!overrides({outcome.value}, answer.verdict, semantics_)) continue;
    answer.verdict = {outcome.value};
    answer.decided_by = i;
  }
  return answer;
}

}  // namespace assay::engine
