#include "assay/trace/divergence.hpp"

#include <algorithm>
#include <array>

#include "assay/symbolic/verdict_function.hpp"

namespace assay::trace {
namespace {

using seccomp::Action;
using seccomp::Verdict;
using symbolic::VerdictFunction;

constexpr Verdict same{seccomp::value_of(Action::Allow)};
constexpr Verdict different{seccomp::value_of(Action::Log)};

std::optional<VerdictFunction> difference(symbolic::Manager& manager,
                                          std::span<const verify::Program> a,
                                          std::span<const verify::Program> b,
                                          const seccomp::Semantics& semantics) {
  const auto of_a = VerdictFunction::of_stack(manager, a, semantics);
  if (!of_a) return std::nullopt;
  const auto of_b = VerdictFunction::of_stack(manager, b, semantics);
  if (!of_b) return std::nullopt;
  const VerdictFunction::Case where{of_a->differs(*of_b), different};
  const auto indicator = VerdictFunction::of_cases(manager, std::span(&where, 1), same);
  if (!indicator || manager.exhausted()) return std::nullopt;
  return *indicator;
}

}  // namespace

Divergence::Divergence(std::span<const verify::Program> a, std::span<const verify::Program> b,
                       const seccomp::Semantics& semantics, const symbolic::Budget& budget)
    : semantics_(semantics), a_(a, semantics, budget), b_(b, semantics, budget) {
  std::vector<verify::Program> all(a.begin(), a.end());
  all.insert(all.end(), b.begin(), b.end());
  manager_ = std::make_unique<symbolic::Manager>(symbolic::Order::for_programs(all), budget);
  if (const auto indicator = difference(*manager_, a, b, semantics)) differ_.emplace(*indicator);
}

Divergence::~Divergence() = default;

Divergence::Outcome Divergence::outcome(const Call& call) {
  if (differ_) {
    const Judgement& judgement = differ_->judge(call);
    if (judgement.certainty == Certainty::Open) return Outcome::Doubtful;
    return judgement.verdict == same ? Outcome::Same : Outcome::Parted;
  }
  const Judgement of_a = a_.judge(call);
  const Judgement& of_b = b_.judge(call);
  return of_a.verdict == of_b.verdict ? Outcome::Same : Outcome::Parted;
}

void Divergence::take(const Call& call) {
  const Outcome found = outcome(call);
  if (found == Outcome::Same) return;
  const bool parted = found == Outcome::Parted;
  (parted ? parted_ : doubtful_) += call.count;
  std::optional<Point>& first = parted ? first_ : first_doubtful_;
  if (first && first->call.line <= call.line) return;
  first = Point{call, a_.judge(call), b_.judge(call)};
}

void Divergence::take(std::span<const seccomp::SeccompData> records, std::size_t first) {
  std::array<std::uint32_t, 1024> of_a;
  std::array<std::uint32_t, 1024> of_b;
  while (!records.empty()) {
    const auto block = records.first(std::min(of_a.size(), records.size()));
    a_.run(block, std::span(of_a).first(block.size()));
    b_.run(block, std::span(of_b).first(block.size()));
    for (std::size_t i = 0; i < block.size(); ++i) {
      if (of_a[i] == of_b[i]) continue;
      if (Verdict{of_a[i]}.normalised(semantics_) == Verdict{of_b[i]}.normalised(semantics_))
        continue;
      if (parted_++ > 0) continue;
      const Call call = call_of(block[i], first + i);
      first_ = Point{call, a_.judge(call), b_.judge(call)};
    }
    first += block.size();
    records = records.subspan(block.size());
  }
}

}  // namespace assay::trace
