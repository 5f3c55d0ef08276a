// The verdict on a recorded call, however much of it is recorded.
//
// A complete record is run. Of any other the verdict function, with the known bits fixed, says
// which verdicts are left: one (Certain), one once the assumed bits are taken as well
// (Assumed), or several (Open), and on which bits it depends. Where the budget does not allow
// the function, unknown bits are taken as 0 and nothing is called certain that might depend on
// them. Memory is bounded; a judge belongs to one thread.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "assay/symbolic/budget.hpp"
#include "assay/trace/call.hpp"
#include "assay/verify/program.hpp"

namespace assay::symbolic {
class Manager;
class VerdictFunction;
}  // namespace assay::symbolic

namespace assay::trace {

enum class Certainty : std::uint8_t { Certain, Assumed, Open };

struct Judgement {
  seccomp::Verdict verdict;  // normalised; of an open one the strongest that is possible
  Certainty certainty = Certainty::Certain;
  std::vector<seccomp::Verdict> possible;  // without what is assumed; empty when certain
  seccomp::SeccompData decisive{};         // bits that are not recorded and may change it

  friend bool operator==(const Judgement&, const Judgement&) = default;
};

class Judge {
 public:
  // A thread's filters, oldest first.
  explicit Judge(std::span<const verify::Program> oldest_first,
                 const seccomp::Semantics& semantics = {}, const symbolic::Budget& budget = {});
  // Of a function whose manager outlives the judge; its leaves need not be verdicts.
  explicit Judge(const symbolic::VerdictFunction& function);
  ~Judge();
  Judge(Judge&&) noexcept;
  Judge& operator=(Judge&&) noexcept;

  // Valid until the next question.
  const Judgement& judge(const Call& call);
  // Values as the filter returns them, one for each record.
  void run(std::span<const seccomp::SeccompData> records, std::span<std::uint32_t> values) const;

  // Whether the budget allowed the verdict function.
  bool knows_function() const;
  // The bits of the record on which the verdict of this call number depends at all; all bits
  // when the function is not known.
  const seccomp::SeccompData& support(std::uint32_t arch, std::uint32_t nr);
  // Whether some input of that number is not refused.
  bool may_run(std::uint32_t arch, std::uint32_t nr);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Whether the call is carried out: ALLOW or LOG.
bool runs(seccomp::Verdict verdict, const seccomp::Semantics& semantics = {});

}  // namespace assay::trace
