#include "compiled/dispatch.hpp"

#include <algorithm>
#include <unordered_map>

#include "assay/seccomp/arch.hpp"

namespace assay::compiled {

using symbolic::ValueTable;

namespace {

constexpr std::uint8_t nr_word = 0;
constexpr std::uint8_t arch_word = 1;
constexpr std::size_t most_arches = 1024;
constexpr std::size_t most_numbers = 16384;
// Numbers with a slot each, at most; no architecture has as many calls.
constexpr std::uint32_t most_slots = 2048;

// The parts of the values of one word by what the function is there, as long as the diagram
// asks for that word first.
class Partition {
 public:
  Partition(const ValueTable& table, std::uint8_t word, std::size_t most)
      : table_(table), word_(word), most_(most) {}

  template <class Add>
  bool walk(ValueTable::Place place, unsigned bits, std::uint32_t base, Add& add) {
    const auto last = base + static_cast<std::uint32_t>((std::uint64_t{1} << bits) - 1);
    if (table_.is_value(place) || table_.nodes[place].bit.word != word_) {
      add(last, place);
      return ++parts_ <= most_;
    }
    const ValueTable::Node& node = table_.nodes[place];
    const bool here = node.bit.bit == bits - 1;
    const std::uint32_t middle = base + (1U << (bits - 1));
    return walk(here ? node.low : place, bits - 1, base, add) &&
           walk(here ? node.high : place, bits - 1, middle, add);
  }

 private:
  const ValueTable& table_;
  std::uint8_t word_;
  std::size_t most_;
  std::size_t parts_ = 0;
};

}  // namespace

std::vector<Dispatch::Part> Dispatch::parts_of(const ValueTable& table, Place place,
                                               std::uint8_t word, std::size_t most) {
  std::vector<Part> parts;
  auto add = [&](std::uint32_t last, Place there) {
    if (!parts.empty() && parts.back().place == there) {
      parts.back().last = last;
    } else {
      parts.push_back({last, there});
    }
  };
  // Too many: then the comparisons tell them apart.
  if (!Partition(table, word, most).walk(place, 32, 0, add)) parts.assign(1, {~0U, place});
  return parts;
}

CompiledFilter::Slot Dispatch::slot_of(const Comparisons& comparisons, Target target) const {
  if (target.is_value()) return {comparisons.values()[target.index()], 0};
  return {0, target.index() + 1};
}

CompiledFilter::Window Dispatch::window(const CompiledFilter::Scope& scope, std::uint32_t first) {
  CompiledFilter::Window window{first, 0, static_cast<std::uint32_t>(filter_.slots_.size())};
  // Up to the last part that begins in reach.
  for (const CompiledFilter::Range& range : scope.ranges)
    if (range.last >= first && range.last - first < most_slots - 1)
      window.size = range.last - first + 2;
  window.size = std::max(window.size, 512U);
  auto range = scope.ranges.begin();
  for (std::uint32_t nr = first; nr != first + window.size; ++nr) {
    while (range->last < nr) ++range;
    filter_.slots_.push_back(range->slot);
  }
  return window;
}

std::uint32_t Dispatch::scope_of(const ValueTable& table, Comparisons& comparisons, Place place) {
  CompiledFilter::Scope scope;
  for (const Part& part : parts_of(table, place, nr_word, most_numbers))
    scope.ranges.push_back({part.last, slot_of(comparisons, comparisons.at(part.place))});
  filter_.scopes_.push_back(std::move(scope));
  return static_cast<std::uint32_t>(filter_.scopes_.size() - 1);
}

void Dispatch::build(const ValueTable& table) {
  Comparisons comparisons(table, FieldWidth::Pair);
  std::unordered_map<Place, std::uint32_t> scopes;
  for (const Part& part : parts_of(table, table.root, arch_word, most_arches)) {
    const auto [at, fresh] = scopes.try_emplace(part.place, 0);
    if (fresh) at->second = scope_of(table, comparisons, part.place);
    filter_.arches_.push_back({part.last, at->second});
  }
  filter_.values_ = table.values;
  for (const Comparison& made : comparisons.all()) {
    // Node 0 is none, so that all stand one further.
    const auto moved = [](Target target) { return target.bits() + (target.is_value() ? 0 : 1); };
    filter_.nodes_.push_back({made.mask,
                              made.value,
                              {moved(made.below), moved(made.equal), moved(made.above)},
                              made.field});
  }
  open_gates();
}

// Gates are for arches that records really have and that the filter treats one by one, and
// whose words stand in memory as this machine reads them.
void Dispatch::open_gates() {
  for (CompiledFilter::Scope& scope : filter_.scopes_) {
    if (filter_.scopes_.size() > 64) break;
    scope.low = window(scope, 0);
    scope.x32 = window(scope, seccomp::x32_bit);
  }
  std::vector<std::uint32_t> wanted;
  for (const seccomp::ArchInfo& info : seccomp::arches) {
    const bool twice = std::find(wanted.begin(), wanted.end(), info.audit) != wanted.end();
    if (info.order == std::endian::native && !twice) wanted.push_back(info.audit);
  }
  // The factor with which most of them have a gate each; common ones come first.
  const auto gate_of = [](std::uint32_t arch, std::uint32_t factor) {
    return arch * factor >> (32 - CompiledFilter::gate_bits);
  };
  std::size_t best = 0;
  for (std::uint32_t attempt = 0; attempt < 512 && best < wanted.size(); ++attempt) {
    const std::uint32_t factor = 0x9e3779b1U + attempt * 0x3c6ef362U;
    std::uint64_t taken = 0;
    std::size_t first = 0;
    for (; first < wanted.size(); ++first) {
      const std::uint64_t gate = std::uint64_t{1} << gate_of(wanted[first], factor);
      if ((taken & gate) != 0) break;
      taken |= gate;
    }
    if (first <= best) continue;
    best = first;
    filter_.gate_factor_ = factor;
  }
  for (std::size_t i = best; i-- > 0;) {
    const auto range =
        std::lower_bound(filter_.arches_.begin(), filter_.arches_.end(), wanted[i],
                         [](const auto& at, std::uint32_t arch) { return at.last < arch; });
    filter_.gates_[gate_of(wanted[i], filter_.gate_factor_)] = {wanted[i],
                                                                filter_.scopes_[range->scope].low};
  }
}

}  // namespace assay::compiled
