#include "assay/cost/measured.hpp"

#include <array>
#include <cmath>
#include <utility>

#include "assay/bpf/opcode.hpp"
#include "assay/seccomp/verdict.hpp"
#include "assay/verify/accept.hpp"

namespace assay::cost {

using bpf::Instruction;
using bpf::Operand;
using bpf::Operation;
using kernel::NotTimed;
using kernel::TimedCall;
using kernel::Timing;
using verify::Program;

namespace {

constexpr std::uint32_t getppid = 110;  // of x86_64
constexpr std::size_t depths[] = {1, 2, 4, 8, 16, most_depth};
constexpr std::size_t reference_depths[] = {1, 2, 4, 8, 16};
constexpr std::size_t long_references[] = {250, 1000, 2000};

constexpr Instruction neutral{bpf::code_of(Operation::Ldx, Operand::Immediate), 0, 0, 0};
constexpr Instruction allow{bpf::code_of(Operation::Ret, Operand::Immediate), 0, 0,
                            value_of(seccomp::Action::Allow)};

// X is 0 where a filter begins, so that loading 0 changes nothing, but the kernel's emulation
// does not know the instruction and keeps no bit. Nothing for a filter without room.
std::optional<Program> without_bitmap(const Program& program) {
  std::vector<Instruction> code{neutral};
  code.insert(code.end(), program.instructions().begin(), program.instructions().end());
  const auto accepted = verify::accept(code);
  return accepted ? std::optional(*accepted) : std::nullopt;
}

// Comparisons that always fail, as of a long list.
Program reference(std::size_t comparisons, bool bitmap) {
  std::vector<Instruction> code;
  if (!bitmap) code.push_back(neutral);
  for (std::size_t i = 0; i < comparisons; ++i)
    code.push_back({bpf::code_of(Operation::Jeq, Operand::Immediate), 0, 0,
                    0x10000000 + static_cast<std::uint32_t>(i)});
  code.push_back(allow);
  return *verify::accept(code);
}

class Plan {
 public:
  using Place = std::size_t;

  Place add(std::vector<Program> stack, std::uint32_t nr) {
    calls_.push_back({std::move(stack), nr, {}});
    return calls_.size() - 1;
  }
  std::span<const TimedCall> calls() const { return calls_; }
  const TimedCall& operator[](Place place) const { return calls_[place]; }

 private:
  std::vector<TimedCall> calls_;
};

// The same stack as it is and with the bitmap excluded.
struct Twice {
  Plan::Place as_is;
  std::optional<Plan::Place> run;
};

Twice add_twice(Plan& plan, const std::vector<Program>& stack, std::uint32_t nr) {
  Twice places{plan.add(stack, nr), std::nullopt};
  if (const auto newest = without_bitmap(stack.back())) {
    std::vector<Program> other = stack;
    other.back() = *newest;
    places.run = plan.add(std::move(other), nr);
  }
  return places;
}

bool timed(const Timing& timing) { return timing.not_timed == NotTimed::None; }

// A hit is told from a run when their intervals are apart.
std::optional<bool> hit(const Timing& as_is, const Timing& run) {
  if (as_is.rewritten) return false;
  if (!timed(as_is) || !timed(run)) return std::nullopt;
  return as_is.added.high < run.added.low;
}

std::optional<KernelModel> fitted(const Plan& plan, std::span<const Timing> timings,
                                  Plan::Place first, Plan::Place bitmap) {
  std::vector<ChainPoint> points;
  for (Plan::Place place = first; place < bitmap; ++place)
    if (timed(timings[place]))
      points.push_back(
          {plan[place].stack.size(), timings[place].executed, timings[place].added.median});
  if (!timed(timings[bitmap])) return std::nullopt;
  return fit(points, timings[bitmap].added.median);
}

}  // namespace

double KernelModel::run(std::size_t filters, std::uint32_t executed) const {
  if (filters == 0) return 0;
  return first + further * static_cast<double>(filters - 1) + instruction * executed;
}

// The normal equations, by elimination.
std::optional<KernelModel> fit(std::span<const ChainPoint> points, double bitmap) {
  std::array<std::array<double, 4>, 3> rows{};
  for (const ChainPoint& point : points) {
    const std::array<double, 3> terms{1, static_cast<double>(point.filters) - 1,
                                      static_cast<double>(point.executed)};
    for (std::size_t i = 0; i < 3; ++i) {
      for (std::size_t j = 0; j < 3; ++j) rows[i][j] += terms[i] * terms[j];
      rows[i][3] += terms[i] * point.ns;
    }
  }
  for (std::size_t i = 0; i < 3; ++i) {
    std::size_t pivot = i;
    for (std::size_t j = i; j < 3; ++j)
      if (std::abs(rows[j][i]) > std::abs(rows[pivot][i])) pivot = j;
    if (std::abs(rows[pivot][i]) < 1e-9) return std::nullopt;
    std::swap(rows[i], rows[pivot]);
    for (std::size_t j = 0; j < 3; ++j) {
      if (j == i) continue;
      const double factor = rows[j][i] / rows[i][i];
      for (std::size_t k = i; k < 4; ++k) rows[j][k] -= factor * rows[i][k];
    }
  }
  return KernelModel{bitmap, rows[0][3] / rows[0][0], rows[1][3] / rows[1][1],
                     rows[2][3] / rows[2][2]};
}

tl::expected<Measured, kernel::Unavailable> measure(std::span<const Program> oldest_first,
                                                    std::span<const std::uint32_t> numbers,
                                                    const kernel::MeterOptions& options) {
  Plan plan;
  const std::vector<Program> stack(oldest_first.begin(), oldest_first.end());
  std::vector<Twice> calls;
  for (const std::uint32_t nr : numbers) calls.push_back(add_twice(plan, stack, nr));
  std::vector<Twice> chains;
  for (const std::size_t depth : depths)
    chains.push_back(add_twice(plan, std::vector<Program>(depth, stack.back()), getppid));
  const Plan::Place references = plan.calls().size();
  for (const std::size_t depth : reference_depths)
    plan.add(std::vector<Program>(depth, reference(0, false)), getppid);
  for (const std::size_t comparisons : long_references)
    plan.add({reference(comparisons, false)}, getppid);
  const Plan::Place in_bitmap = plan.add({reference(0, true)}, getppid);

  const auto timings = kernel::time_calls(plan.calls(), options);
  if (!timings) return tl::unexpected(timings.error());
  const std::span<const Timing> all = timings->timings;
  Measured result;
  result.nothing = timings->nothing;
  result.model = fitted(plan, all, references, in_bitmap);
  const auto model = [&](const Timing& timing, std::size_t filters, std::optional<bool> in) {
    if (!result.model || timing.executed == 0) return std::optional<double>();
    return std::optional(in.value_or(false) ? result.model->bitmap
                                            : result.model->run(filters, timing.executed));
  };
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    MeasuredCall call{numbers[i], all[calls[i].as_is], {}, {}, {}};
    call.run = calls[i].run ? all[*calls[i].run] : call.timing;
    call.bitmap_hit = hit(call.timing, call.run);
    call.model = model(call.timing, stack.size(), call.bitmap_hit);
    result.calls.push_back(call);
  }
  for (std::size_t i = 0; i < std::size(depths); ++i) {
    MeasuredDepth depth{depths[i], all[chains[i].as_is], {}, {}};
    depth.run = chains[i].run ? all[*chains[i].run] : depth.timing;
    depth.model = model(depth.run, depth.filters, false);
    result.depths.push_back(depth);
  }
  return result;
}

}  // namespace assay::cost
