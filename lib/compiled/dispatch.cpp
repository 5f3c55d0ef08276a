#include "compiled/dispatch.hpp"

#include <algorithm>
#include <bit>
#include <optional>
#include <unordered_map>

#include "assay/seccomp/arch.hpp"

namespace assay::compiled {

using symbolic::ValueTable;

namespace {

constexpr std::uint8_t nr_word = 0;
constexpr std::uint8_t arch_word = 1;
constexpr std::size_t most_arches = 1024;
constexpr std::size_t most_numbers = 16384;

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

struct Part {  // the values of a word up to `last`
  std::uint32_t last;
  ValueTable::Place place;
};

std::vector<Part> parts_of(const ValueTable& table, ValueTable::Place place, std::uint8_t word,
                           std::size_t most) {
  std::vector<Part> parts;
  auto add = [&](std::uint32_t last, ValueTable::Place there) {
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

}  // namespace

// From places of the table to sets and nodes of the filter.
class Dispatch::Walk {
 public:
  Walk(CompiledFilter& filter, const ValueTable& table)
      : filter_(filter), table_(table), comparisons_(table, FieldWidth::Pair) {
    filter_.values_ = table.values;
  }

  CompiledFilter::Range range(std::uint32_t last, Place place) {
    if (table_.is_value(place)) return {last, table_.value(place), 0};
    return {last, 0, at(place)};
  }

 private:
  std::uint32_t at(Place place) {
    if (table_.is_value(place))
      return Target::value(place - static_cast<Place>(table_.nodes.size())).bits();
    const auto known = known_.find(place);
    if (known != known_.end()) return known->second;
    const auto set = comparisons_.set_at(place);
    const std::uint32_t result = set ? add(*set) : add(comparisons_.path_at(place));
    known_.emplace(place, result);
    return result;
  }

  std::uint32_t add(const Comparisons::Branch& branch) {
    const CompiledFilter::Node node{branch.mask,
                                    branch.value,
                                    {at(branch.below), at(branch.equal), at(branch.above)},
                                    branch.field};
    filter_.nodes_.push_back(node);
    return static_cast<std::uint32_t>(filter_.nodes_.size() - 1);
  }

  std::uint32_t add(const ValueSet& from) {
    std::vector<CompiledFilter::Member> members;
    for (const ValueSet::Member& member : from.members)
      members.push_back({member.value, at(member.place)});
    CompiledFilter::Set set{from.mask, 0, 0, 0, at(from.otherwise), from.field};
    std::vector<CompiledFilter::Member> table = without_collisions(members, set);
    set.members = static_cast<std::uint32_t>(filter_.members_.size());
    filter_.members_.insert(filter_.members_.end(), table.begin(), table.end());
    filter_.sets_.push_back(set);
    return static_cast<std::uint32_t>(filter_.sets_.size() - 1) | CompiledFilter::set_mark;
  }

  // Larger tables until some factor of a few gives each value a place of its own. An empty
  // place holds a value that belongs elsewhere, which nothing that comes here is equal to.
  static std::vector<CompiledFilter::Member> without_collisions(
      const std::vector<CompiledFilter::Member>& members, CompiledFilter::Set& set) {
    for (auto bits = static_cast<unsigned>(std::bit_width(members.size()));; ++bits) {
      set.shift = 64 - bits;
      for (unsigned attempt = 0; attempt < 64; ++attempt) {
        set.factor = 0x9e3779b97f4a7c15 * (2 * attempt + 1);
        if (auto table = laid_out(members, set)) return *std::move(table);
      }
    }
  }

  static std::optional<std::vector<CompiledFilter::Member>> laid_out(
      const std::vector<CompiledFilter::Member>& members, const CompiledFilter::Set& set) {
    std::vector<CompiledFilter::Member> table(std::size_t{1} << (64 - set.shift));
    std::vector<bool> taken(table.size());
    const auto place = [&](std::uint64_t value) {
      return static_cast<std::size_t>(value * set.factor >> set.shift);
    };
    for (const CompiledFilter::Member& member : members) {
      if (taken[place(member.value)]) return std::nullopt;
      taken[place(member.value)] = true;
      table[place(member.value)] = member;
    }
    for (std::size_t i = 0; i < table.size(); ++i)
      if (!taken[i]) table[i] = members[place(members[0].value) == i ? 1 : 0];
    return table;
  }

  CompiledFilter& filter_;
  const ValueTable& table_;
  Comparisons comparisons_;
  std::unordered_map<Place, std::uint32_t> known_;
};

void Dispatch::build(const ValueTable& table) {
  Walk walk(filter_, table);
  std::unordered_map<Place, std::uint32_t> scopes;
  for (const Part& part : parts_of(table, table.root, arch_word, most_arches)) {
    const auto next = static_cast<std::uint32_t>(filter_.scopes_.size());
    const auto [at, fresh] = scopes.try_emplace(part.place, next);
    if (fresh) {
      auto& ranges = filter_.scopes_.emplace_back();
      for (const Part& numbers : parts_of(table, part.place, nr_word, most_numbers))
        ranges.push_back(walk.range(numbers.last, numbers.place));
    }
    filter_.arches_.push_back({part.last, at->second});
  }
  fill_rows();
}

std::uint32_t Dispatch::scope_at(std::uint32_t arch) const {
  return std::lower_bound(filter_.arches_.begin(), filter_.arches_.end(), arch,
                          [](const auto& at, std::uint32_t value) { return at.last < value; })
      ->scope;
}

// Whose words stand in memory as this machine reads them; first those that the filter treats
// otherwise than an arch that nobody has.
std::vector<std::uint32_t> Dispatch::arches_with_rows() const {
  std::vector<std::uint32_t> result;
  const std::uint32_t nobodys = scope_at(0x5a5a5a5a);
  for (const bool own : {true, false})
    for (const seccomp::ArchInfo& info : seccomp::arches)
      if (info.order == std::endian::native && info.nr_bit == 0 &&
          (scope_at(info.audit) != nobodys) == own)
        result.push_back(info.audit);
  return result;
}

// How many of the arches have rows apart from each other, from the first one on. A row may be
// one slot longer than it has numbers.
std::size_t Dispatch::rows_apart(const std::vector<std::uint32_t>& arches,
                                 std::uint64_t factor) const {
  constexpr std::uint64_t row = (CompiledFilter::row_size + 1) * CompiledFilter::row_step;
  for (std::size_t i = 1; i < arches.size(); ++i)
    for (std::size_t j = 0; j < i; ++j) {
      const std::uint64_t distance =
          (CompiledFilter::key_of(arches[i], 0) - CompiledFilter::key_of(arches[j], 0)) * factor;
      if (distance < row || 0 - distance < row) return i;
    }
  return arches.size();
}

// A row's numbers are added to the product a step at a time, and to that what 512 of them make
// of the rest of the factor, which is less than a step.
std::uint64_t Dispatch::best_factor(const std::vector<std::uint32_t>& arches) const {
  constexpr std::uint32_t attempts = 256;
  std::uint64_t best = CompiledFilter::row_step;
  for (std::uint32_t attempt = 0; attempt < attempts; ++attempt) {
    const std::uint32_t mixed = 0x9e3779b9U * (2 * attempt + 1);
    const std::uint64_t factor = CompiledFilter::row_step | mixed;
    if (rows_apart(arches, factor) > rows_apart(arches, best)) best = factor;
  }
  return best;
}

void Dispatch::fill_rows() {
  std::vector<std::uint32_t> arches = arches_with_rows();
  filter_.factor_ = best_factor(arches);
  arches.resize(rows_apart(arches, filter_.factor_));
  constexpr std::size_t slots = std::size_t{1} << CompiledFilter::slot_bits;
  filter_.slot_keys_.resize(slots);
  filter_.slot_values_.resize(slots);
  filter_.slot_rests_.resize(slots);
  // A slot of no number has the key of one that is elsewhere.
  for (std::size_t slot = 0; slot < slots; ++slot)
    while (filter_.slot_of(filter_.slot_keys_[slot]) == slot ||
           filter_.slot_of(filter_.slot_keys_[slot] ^ CompiledFilter::rest_mark) == slot)
      filter_.slot_keys_[slot] += 2;
  for (const std::uint32_t arch : arches) {
    auto range = filter_.scopes_[scope_at(arch)].begin();
    for (std::uint32_t nr = 0; nr < CompiledFilter::row_size; ++nr) {
      while (range->last < nr) ++range;
      const std::uint64_t key = CompiledFilter::key_of(arch, nr);
      const std::size_t slot = filter_.slot_of(key);
      filter_.slot_keys_[slot] = range->rest == 0 ? key : key ^ CompiledFilter::rest_mark;
      filter_.slot_values_[slot] = range->value;
      filter_.slot_rests_[slot] = range->rest;
    }
  }
}

}  // namespace assay::compiled
