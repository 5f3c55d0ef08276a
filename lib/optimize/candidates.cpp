#include "assay/optimize/candidates.hpp"

#include <algorithm>
#include <map>
#include <optional>

#include "assay/optimize/rewrite.hpp"
#include "assay/symbolic/verdict_function.hpp"
#include "assay/verify/accept.hpp"
#include "assay/verify/chain.hpp"

namespace assay::optimize {

using cost::CallWeight;
using symbolic::Manager;
using symbolic::Order;
using symbolic::Precision;
using symbolic::ValueTable;
using symbolic::VerdictFunction;
using verify::Program;

namespace {

constexpr std::size_t calls_first[] = {1, 2, 4, 8, 16, 32};

class Proposals {
 public:
  Proposals(std::span<const Program> programs, std::span<const CallWeight> weights,
            const seccomp::Semantics& semantics, const symbolic::Budget& budget)
      : programs_(programs),
        semantics_(semantics),
        budget_(budget),
        bitmap_(programs, semantics),
        manager_(Order::for_programs(programs), budget) {
    for (const CallWeight& call : weights) {
      const std::uint64_t key = std::uint64_t{call.arch} << 32 | call.nr;
      weights_[key] += static_cast<double>(call.count);
      all_.push_back(call);
      // What is in the bitmap runs no filter, wherever its test stands.
      if (!bitmap_.place(call.arch, call.nr).inside()) hot_.push_back(call);
    }
  }

  tl::expected<std::vector<Candidate>, symbolic::NotDecided> run() {
    const auto meaning =
        VerdictFunction::of_stack(manager_, programs_, semantics_, Precision::Exact);
    if (!meaning) return tl::unexpected(meaning.error());
    meaning_ = *meaning;
    table_ = ValueTable::of(*meaning);
    propose(Change::Tree, 0);
    for (const std::size_t count : calls_first) {
      if (count > hot_.size()) break;
      propose(Change::Mixed, count);
      if (programs_.size() == 1) propose(Change::Hoisted, count);
    }
    std::stable_sort(found_.begin(), found_.end(), [](const Candidate& a, const Candidate& b) {
      return std::pair(a.mean.most, a.program.size()) < std::pair(b.mean.most, b.program.size());
    });
    return std::move(found_);
  }

 private:
  double weight(std::uint32_t arch, std::uint32_t nr) const {
    constexpr double little = 1e-3;  // of a call that never came
    const auto at = weights_.find(std::uint64_t{arch} << 32 | nr);
    if (at == weights_.end() || bitmap_.place(arch, nr).inside()) return little;
    return little + at->second;
  }

  void propose(Change change, std::size_t count) {
    Plan plan;
    plan.weight = [this](std::uint32_t arch, std::uint32_t nr) { return weight(arch, nr); };
    std::vector<CallWeight> moved(hot_.begin(), hot_.begin() + static_cast<std::ptrdiff_t>(count));
    // By arch, as their tests are, and in the order of their weights.
    std::vector<std::uint32_t> arches;
    for (const CallWeight& call : moved)
      if (std::find(arches.begin(), arches.end(), call.arch) == arches.end())
        arches.push_back(call.arch);
    for (const std::uint32_t arch : arches)
      for (const CallWeight& call : moved)
        if (call.arch == arch) plan.first.push_back({call.arch, call.nr});
    const auto instructions = change == Change::Hoisted
                                  ? hoisted(programs_[0].instructions(), table_, plan)
                                  : rewrite(table_, plan);
    if (auto candidate = proven(instructions)) {
      candidate->change = change;
      candidate->moved = std::move(moved);
      found_.push_back(*std::move(candidate));
    }
  }

  std::optional<Candidate> proven(std::span<const bpf::Instruction> instructions) {
    const auto program = verify::accept(instructions, semantics_);
    if (!program) return std::nullopt;
    const auto function = VerdictFunction::of(manager_, *program, semantics_, Precision::Exact);
    if (!function || !manager_.equal(*function, *meaning_)) return std::nullopt;
    const std::span<const Program> alone(&*program, 1);
    const auto cost = cost::FilterCost::of(alone, semantics_, budget_);
    if (!cost) return std::nullopt;
    const cost::Bitmap bitmap(alone, semantics_);
    return Candidate{{},
                     {},
                     *program,
                     mean_cost(all_, *cost, bitmap),
                     cost->everywhere().worst.instructions,
                     chain_cost(*program, verify::Blinding::Off, semantics_)};
  }

  std::span<const Program> programs_;
  seccomp::Semantics semantics_;
  symbolic::Budget budget_;
  cost::Bitmap bitmap_;
  Manager manager_;
  std::optional<VerdictFunction> meaning_;
  ValueTable table_;
  std::map<std::uint64_t, double> weights_;
  std::vector<CallWeight> all_;
  std::vector<CallWeight> hot_;
  std::vector<Candidate> found_;
};

}  // namespace

tl::expected<std::vector<Candidate>, symbolic::NotDecided> candidates(
    std::span<const Program> oldest_first, std::span<const CallWeight> weights,
    const seccomp::Semantics& semantics, const symbolic::Budget& budget) {
  return Proposals(oldest_first, weights, semantics, budget).run();
}

}  // namespace assay::optimize
