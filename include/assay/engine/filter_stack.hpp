// All filters of a thread as the kernel runs them: every one is asked, newest first, and
// the strongest action wins; on a tie the newest filter's data stays.
//
// Filters are given and reported oldest first, as stacks are written. May be shared
// between threads.
#pragma once

#include <span>
#include <vector>

#include "assay/engine/interpreter.hpp"
#include "assay/seccomp/verdict.hpp"

namespace assay::engine {

class FilterStack {
 public:
  explicit FilterStack(std::span<const verify::Program> oldest_first,
                       const seccomp::Semantics& semantics = {});

  std::size_t size() const { return filters_.size(); }
  const Interpreter& operator[](std::size_t i) const { return filters_[i]; }

  // ALLOW for an empty stack.
  seccomp::Verdict run(const seccomp::Words& words) const;
  seccomp::Verdict run(const seccomp::SeccompData& data) const;

  struct Answer {
    seccomp::Verdict verdict;
    std::uint32_t instructions = 0;  // of all filters together
    std::size_t decided_by = 0;      // index of the filter whose value it is
    std::vector<Outcome> outcomes;   // of each filter
  };
  Answer examine(const seccomp::Words& words) const;

 private:
  std::vector<Interpreter> filters_;
  seccomp::Semantics semantics_;
};

}  // namespace assay::engine
