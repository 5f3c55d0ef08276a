#include "assay/compiled/comparisons.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <optional>
#include <unordered_map>

namespace assay::compiled {

using symbolic::InputBit;
using symbolic::ValueTable;
using Place = ValueTable::Place;

namespace {
constexpr Target unknown = Target::comparison(0x7fffffff);
}

// A path of which every node but the last is left to `below` by a 0 where the value has a 1,
// and to `above` by a 1 where it has a 0. That reads as an order only while bits fall; where
// they do not, both must be one place.
struct Comparisons::Path {
  std::uint8_t field;
  Place place;
  std::uint64_t mask = 0;
  std::uint64_t value = 0;
  unsigned lowest = 64;
  std::size_t length = 0;
  std::optional<Place> below, above;

  bool ordered(unsigned position) const { return position < lowest; }

  // How good it is to leave to `place` on a side: 0 not possible, 1 the first on that side,
  // 2 the same as on the other, 3 as before.
  static unsigned merit(const std::optional<Place>& side, const std::optional<Place>& other,
                        Place place, bool ordered) {
    if (!ordered) return side.value_or(place) == place && other.value_or(place) == place ? 3 : 0;
    if (side) return *side == place ? 3 : 0;
    return other && *other == place ? 2 : 1;
  }
};

struct Comparisons::Step {
  unsigned merit = 0;
  bool on = false;  // the value of the bit that goes on
};

Comparisons::Comparisons(const ValueTable& table, FieldWidth width)
    : table_(table), width_(width), known_(table.nodes.size(), unknown) {}

unsigned Comparisons::position(const InputBit& bit) const {
  return bit.bit + (width_ == FieldWidth::Pair ? 32U * (bit.word & 1U) : 0U);
}

std::uint8_t Comparisons::field_of(const InputBit& bit) const {
  return width_ == FieldWidth::Pair ? static_cast<std::uint8_t>(bit.word / 2) : bit.word;
}

Comparisons::Step Comparisons::next(const Path& path) const {
  if (table_.is_value(path.place)) return {};
  const ValueTable::Node& node = table_.nodes[path.place];
  if (field_of(node.bit) != path.field) return {};
  const bool ordered = path.ordered(position(node.bit));
  const unsigned one = Path::merit(path.below, path.above, node.low, ordered);
  const unsigned zero = Path::merit(path.above, path.below, node.high, ordered);
  if (one == zero) return {one, table_.is_value(node.low) || !table_.is_value(node.high)};
  return one > zero ? Step{one, true} : Step{zero, false};
}

bool Comparisons::advance(Path& path) const {
  const Step step = next(path);
  if (step.merit == 0) return false;
  const ValueTable::Node& node = table_.nodes[path.place];
  const unsigned at = position(node.bit);
  const bool ordered = path.ordered(at);
  (step.on ? path.below : path.above) = step.on ? node.low : node.high;
  if (!ordered) path.below = path.above = step.on ? node.low : node.high;
  path.mask |= std::uint64_t{1} << at;
  if (step.on) path.value |= std::uint64_t{1} << at;
  path.lowest = ordered ? at : 0;
  path.place = step.on ? node.high : node.low;
  ++path.length;
  return true;
}

// Which way the first node goes on is not always clear: both are tried.
Comparisons::Path Comparisons::longest(Place place) const {
  const ValueTable::Node& node = table_.nodes[place];
  const std::uint8_t field = field_of(node.bit);
  const std::uint64_t bit = std::uint64_t{1} << position(node.bit);
  Path one{field, node.high, bit, bit, position(node.bit), 1, node.low, {}};
  Path zero{field, node.low, bit, 0, position(node.bit), 1, {}, node.high};
  while (advance(one)) {
  }
  while (advance(zero)) {
  }
  return one.length >= zero.length ? one : zero;
}

// A side that no value is on goes wherever.
Comparisons::Branch Comparisons::path_at(Place place) const {
  const Path path = longest(place);
  return {path.field, path.mask,
          path.value, path.below.value_or(path.place),
          path.place, path.above.value_or(path.place)};
}

Target Comparisons::at(Place place) {
  if (table_.is_value(place)) return Target::value(place - static_cast<Place>(table_.nodes.size()));
  if (!(known_[place] == unknown)) return known_[place];
  const Branch branch = path_at(place);
  const Comparison made{branch.field,     branch.mask,      branch.value,
                        at(branch.below), at(branch.equal), at(branch.above)};
  comparisons_.push_back(made);
  known_[place] = Target::comparison(static_cast<std::uint32_t>(comparisons_.size() - 1));
  return known_[place];
}

namespace {

constexpr std::size_t fewest_members = 3;
constexpr std::size_t most_members = 256;
constexpr std::size_t most_ways = 16384;
constexpr int most_free_bits = 3;  // of a member: it counts once for each of their values

// All ways from a node through those of one field.
struct Ways {
  struct Way {
    std::uint64_t mask, value;
    Place place;
  };
  std::vector<Way> all;
  std::uint64_t mask = 0;  // of all bits asked for

  // The place that most values of the field lead to.
  Place usual() const {
    std::unordered_map<Place, double> shares;
    for (const Way& way : all) shares[way.place] += std::ldexp(1.0, -std::popcount(way.mask));
    return std::max_element(shares.begin(), shares.end(),
                            [](const auto& a, const auto& b) {
                              return std::pair(a.second, b.first) < std::pair(b.second, a.first);
                            })
        ->first;
  }
};

}  // namespace

std::optional<ValueSet> Comparisons::set_at(Place place) const {
  if (table_.is_value(place)) return std::nullopt;
  const std::uint8_t field = field_of(table_.nodes[place].bit);
  Ways ways;
  std::vector<Ways::Way> open{{0, 0, place}};
  while (!open.empty()) {
    const Ways::Way way = open.back();
    open.pop_back();
    if (table_.is_value(way.place) || field_of(table_.nodes[way.place].bit) != field) {
      ways.all.push_back(way);
      if (ways.all.size() > most_ways) return std::nullopt;
      continue;
    }
    const symbolic::ValueTable::Node& node = table_.nodes[way.place];
    const std::uint64_t bit = std::uint64_t{1} << position(node.bit);
    ways.mask |= bit;
    open.push_back({way.mask | bit, way.value, node.low});
    open.push_back({way.mask | bit, way.value | bit, node.high});
  }
  ValueSet set{field, ways.mask, {}, ways.usual()};
  for (const Ways::Way& way : ways.all) {
    if (way.place == set.otherwise) continue;
    const std::uint64_t free = ways.mask & ~way.mask;
    if (std::popcount(free) > most_free_bits || set.members.size() > most_members)
      return std::nullopt;
    // Every subset of the free bits.
    std::uint64_t some = 0;
    do {
      set.members.push_back({way.value | some, way.place});
      some = (some - free) & free;
    } while (some != 0);
  }
  if (set.members.size() < fewest_members) return std::nullopt;
  std::sort(set.members.begin(), set.members.end(),
            [](const auto& a, const auto& b) { return a.value < b.value; });
  return set;
}

std::uint32_t Comparisons::answer(Target from, const seccomp::Words& words) const {
  while (!from.is_value()) {
    const Comparison& at = comparisons_[from.index()];
    const std::size_t first = width_ == FieldWidth::Pair ? 2U * at.field : at.field;
    std::uint64_t field = words[first];
    if (width_ == FieldWidth::Pair) field |= std::uint64_t{words[first + 1]} << 32;
    field &= at.mask;
    from = field == at.value ? at.equal : field < at.value ? at.below : at.above;
  }
  return table_.values[from.index()];
}

}  // namespace assay::compiled
