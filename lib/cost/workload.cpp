#include "assay/cost/workload.hpp"

#include <algorithm>

#include "assay/engine/interpreter.hpp"

namespace assay::cost {

CallWeight* Workload::weight(std::uint32_t arch, std::uint32_t nr) {
  const std::uint64_t key = std::uint64_t{arch} << 32 | nr;
  const auto known = weights_.find(key);
  if (known != weights_.end()) return &known->second;
  if (weights_.size() >= call_limit) return nullptr;
  return &weights_.emplace(key, CallWeight{arch, nr, 0, 0, 0}).first->second;
}

bool Workload::add(const trace::Call& call, const FilterCost& cost) {
  const bool named = call.known.nr == ~0U && call.known.arch == ~0U;
  CallWeight* const at = named ? weight(call.data.arch, call.data.nr) : nullptr;
  if (at == nullptr) {
    left_out_ += call.count;
    return false;
  }
  at->count += call.count;
  total_ += call.count;
  if (call.complete()) {
    const std::uint64_t exactly = cost.exactly(engine::Interpreter::words_of(call.data));
    at->least += call.count * exactly;
    at->most += call.count * exactly;
  } else {
    const Bounds bounds = cost.call(call);
    at->least += call.count * bounds.best.instructions;
    at->most += call.count * bounds.worst.instructions;
  }
  return true;
}

void Workload::add(std::uint32_t arch, std::uint32_t nr, std::uint64_t count) {
  CallWeight* const at = weight(arch, nr);
  if (at == nullptr) {
    left_out_ += count;
    return;
  }
  at->count += count;
  total_ += count;
}

std::vector<CallWeight> Workload::calls() const {
  std::vector<CallWeight> result;
  for (const auto& [key, weight] : weights_) result.push_back(weight);
  std::stable_sort(result.begin(), result.end(),
                   [](const auto& a, const auto& b) { return a.count > b.count; });
  return result;
}

MeanCost mean_cost(std::span<const CallWeight> calls, const FilterCost& cost,
                   const Bitmap& bitmap) {
  MeanCost mean;
  double total = 0;
  for (const CallWeight& call : calls) {
    const auto count = static_cast<double>(call.count);
    total += count;
    if (bitmap.place(call.arch, call.nr).inside()) {
      mean.in_bitmap += count;
      continue;
    }
    const Bounds bounds = cost.call(call.arch, call.nr);
    mean.least += count * bounds.best.instructions;
    mean.most += count * bounds.worst.instructions;
  }
  if (total == 0) return mean;
  return {mean.least / total, mean.most / total, mean.in_bitmap / total};
}

}  // namespace assay::cost
