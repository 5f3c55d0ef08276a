#include "assay/optimize/rewrite.hpp"

#include <algorithm>
#include <map>
#include <numeric>
#include <optional>
#include <unordered_map>

#include "assay/compiled/comparisons.hpp"
#include "optimize/writer.hpp"

namespace assay::optimize {

using bpf::Operation;
using compiled::Comparison;
using compiled::Comparisons;
using compiled::FieldWidth;
using compiled::Target;
using symbolic::ValueTable;
using Position = Writer::Position;

namespace {

constexpr std::uint8_t nr_word = 0;
constexpr std::uint8_t arch_word = 1;
constexpr std::uint8_t nothing = 0xff;  // what A holds, where it is no word of the input
constexpr std::size_t most_parts = 4096;

// The values first..last of a word lead to one place.
struct Part {
  std::uint32_t first;
  std::uint32_t last;
  ValueTable::Place place;
  double weight = 0;
};

bool collect(const ValueTable& table, ValueTable::Place place, std::uint8_t word, unsigned bits,
             std::uint32_t base, std::vector<Part>& parts) {
  const bool here = !table.is_value(place) && table.nodes[place].bit.word == word;
  if (!here) {
    const auto last = base + static_cast<std::uint32_t>((std::uint64_t{1} << bits) - 1);
    if (!parts.empty() && parts.back().place == place) {
      parts.back().last = last;
    } else {
      parts.push_back({base, last, place});
    }
    return parts.size() <= most_parts;
  }
  const ValueTable::Node& node = table.nodes[place];
  const bool asks = node.bit.bit == bits - 1;
  return collect(table, asks ? node.low : place, word, bits - 1, base, parts) &&
         collect(table, asks ? node.high : place, word, bits - 1, base + (1U << (bits - 1)), parts);
}

// Nothing when the word is no more than bits to the function.
std::optional<std::vector<Part>> parts_of(const ValueTable& table, ValueTable::Place place,
                                          std::uint8_t word) {
  std::vector<Part> parts;
  if (!collect(table, place, word, 32, 0, parts)) return std::nullopt;
  return parts;
}

ValueTable::Place place_of(const ValueTable& table, std::uint32_t arch, std::uint32_t nr) {
  ValueTable::Place at = table.root;
  while (!table.is_value(at) && table.nodes[at].bit.word <= arch_word) {
    const ValueTable::Node& node = table.nodes[at];
    const std::uint32_t word = node.bit.word == nr_word ? nr : arch;
    at = (word >> node.bit.bit & 1) != 0 ? node.high : node.low;
  }
  return at;
}

class Rewriting {
 public:
  Rewriting(const ValueTable& table, const Plan& plan)
      : table_(table), plan_(plan), comparisons_(table, FieldWidth::Word) {}

  std::vector<bpf::Instruction> run() {
    auto parts = parts_of(table_, table_.root, arch_word);
    if (!parts) {
      write(comparisons_.at(table_.root), nothing);
      return writer_.instructions();
    }
    const ValueTable::Place others = usual(*parts);
    std::map<ValueTable::Place, Position> numbers;
    const auto position = [&](const Part& part) {
      const auto [at, fresh] = numbers.try_emplace(part.place, 0);
      if (fresh) at->second = write_arch(part.first, part.place);
      return at->second;
    };
    // Bodies first, so that the tests of arch stand together in front of them.
    const Position other = position({0, 0, others});
    std::erase_if(*parts, [&](const Part& part) { return part.place == others; });
    if (parts->empty()) return writer_.instructions();
    for (Part& part : *parts) part.weight = weight_of_arch(part.first);
    std::stable_sort(parts->begin(), parts->end(),
                     [](const Part& a, const Part& b) { return a.weight < b.weight; });
    for (const Part& part : *parts) position(part);
    Position entry = other;
    for (const Part& part : *parts) entry = write_test(part, position(part), entry);
    writer_.load(arch_word, entry);
    return writer_.instructions();
  }

 private:
  // first <= A <= last, else what is behind.
  Position write_test(const Part& part, Position here, Position behind) {
    if (part.first == part.last) return writer_.branch(Operation::Jeq, part.first, here, behind);
    if (part.last != ~0U) here = writer_.branch(Operation::Jgt, part.last, behind, here);
    return part.first == 0 ? here : writer_.branch(Operation::Jge, part.first, here, behind);
  }

  static ValueTable::Place usual(const std::vector<Part>& parts) {
    std::map<ValueTable::Place, std::uint64_t> sizes;
    for (const Part& part : parts) sizes[part.place] += std::uint64_t{part.last} - part.first + 1;
    return std::max_element(sizes.begin(), sizes.end(),
                            [](const auto& a, const auto& b) { return a.second < b.second; })
        ->first;
  }

  double weight_of_arch(std::uint32_t arch) const {
    double sum = 0;
    for (std::uint32_t nr = 0; nr < 512; ++nr) sum += plan_.weight(arch, nr);
    return sum;
  }

  // Entered with anything in A.
  Position write_arch(std::uint32_t arch, ValueTable::Place place) {
    auto parts = parts_of(table_, place, nr_word);
    if (!parts) return write(comparisons_.at(place), nothing);
    if (parts->size() == 1) return write(comparisons_.at(place), nothing);
    for (Part& part : *parts)
      for (std::uint64_t nr = part.first; nr <= part.last && nr < part.first + 1024ULL; ++nr)
        part.weight += plan_.weight(arch, static_cast<std::uint32_t>(nr));
    Position entry = search(*parts);
    // NOLINTNEXTLINE(modernize-loop-convert): Clang 14 cannot read views that reverse
    for (auto number = plan_.first.rbegin(); number != plan_.first.rend(); ++number) {
      if (number->arch != arch) continue;
      const ValueTable::Place there = place_of(table_, arch, number->nr);
      entry =
          writer_.branch(Operation::Jeq, number->nr, write(comparisons_.at(there), nr_word), entry);
    }
    return writer_.load(nr_word, entry);
  }

  // A binary search whose halves weigh alike. A holds nr.
  Position search(std::span<const Part> parts) {
    if (parts.size() == 1) return write(comparisons_.at(parts[0].place), nr_word);
    const bool outlier =
        parts.size() == 3 && parts[0].place == parts[2].place && parts[1].first == parts[1].last;
    if (outlier) {
      const Position others = search(parts.first(1));
      const Position one = search(parts.subspan(1, 1));
      return writer_.branch(Operation::Jeq, parts[1].first, one, others);
    }
    const std::size_t middle = split(parts);
    const Position upper = search(parts.subspan(middle));
    const Position lower = search(parts.first(middle));
    return writer_.branch(Operation::Jge, parts[middle].first, upper, lower);
  }

  // Not so lopsided that a number without weight is found late.
  static std::size_t split(std::span<const Part> parts) {
    const double all =
        std::accumulate(parts.begin(), parts.end(), 0.0,
                        [](double sum, const Part& part) { return sum + part.weight; });
    double below = 0;
    std::size_t middle = 0;
    while (middle + 1 < parts.size() && below + parts[middle].weight / 2 < all / 2)
      below += parts[middle++].weight;
    const std::size_t margin = std::max<std::size_t>(1, parts.size() / 8);
    return std::clamp(middle, margin, parts.size() - margin);
  }

  // Entered with the word `held` in A, if any.
  Position write(Target target, std::uint8_t held) {
    if (target.is_value()) return writer_.ret(table_.values[target.index()]);
    const std::uint64_t key = std::uint64_t{target.bits()} << 8 | held;
    const auto known = known_.find(key);
    if (known != known_.end()) return known->second;
    const Comparison at = comparisons_.all()[target.index()];
    const Position entry = write(at, held);
    known_.emplace(key, entry);
    return entry;
  }

  Position write(const Comparison& at, std::uint8_t held) {
    const auto mask = static_cast<std::uint32_t>(at.mask);
    const auto value = static_cast<std::uint32_t>(at.value);
    Position entry = 0;
    if (at.below == at.above && value == 0) {
      entry = writer_.branch(Operation::Jset, mask, write(at.above, at.field),
                             write(at.equal, at.field));
    } else if (at.below == at.above && value == mask && (mask & (mask - 1)) == 0) {
      entry = writer_.branch(Operation::Jset, mask, write(at.equal, at.field),
                             write(at.below, at.field));
    } else if (upper_bits(mask) && (at.equal == at.above || at.equal == at.below)) {
      // Bits below the mask do not change the order.
      const bool with_equal = at.equal == at.above;
      entry = writer_.branch(with_equal ? Operation::Jge : Operation::Jgt,
                             with_equal ? value : value | ~mask, write(at.above, at.field),
                             write(at.below, at.field));
    } else {
      const std::uint8_t left = mask == ~0U ? at.field : nothing;
      entry = write_order(at, value, left);
      if (mask != ~0U) entry = writer_.mask(mask, entry);
    }
    return held == at.field ? entry : writer_.load(at.field, entry);
  }

  Position write_order(const Comparison& at, std::uint32_t value, std::uint8_t left) {
    const Position equal = write(at.equal, left);
    if (at.below == at.above)
      return writer_.branch(Operation::Jeq, value, equal, write(at.below, left));
    const Position below = write(at.below, left);
    if (at.equal == at.above) return writer_.branch(Operation::Jge, value, equal, below);
    const Position above = write(at.above, left);
    if (at.equal == at.below) return writer_.branch(Operation::Jgt, value, above, equal);
    const Position not_above = writer_.branch(Operation::Jeq, value, equal, below);
    return writer_.branch(Operation::Jgt, value, above, not_above);
  }

  static bool upper_bits(std::uint32_t mask) { return (~mask & (~mask + 1)) == 0; }

  const ValueTable& table_;
  const Plan& plan_;
  Comparisons comparisons_;
  Writer writer_;
  std::unordered_map<std::uint64_t, Position> known_;
};

}  // namespace

std::vector<bpf::Instruction> rewrite(const ValueTable& function, const Plan& plan) {
  return Rewriting(function, plan).run();
}

std::vector<bpf::Instruction> hoisted(std::span<const bpf::Instruction> instructions,
                                      const ValueTable& function, const Plan& plan) {
  Writer writer;
  writer.append(instructions);
  const Position whole = writer.size() - 1;
  Position entry = whole;
  for (std::size_t i = plan.first.size(); i > 0;) {
    // Neighbours of one arch share its test.
    const std::uint32_t arch = plan.first[i - 1].arch;
    Position numbers = whole;
    for (; i > 0 && plan.first[i - 1].arch == arch; --i) {
      const ValueTable::Place place = place_of(function, arch, plan.first[i - 1].nr);
      if (!function.is_value(place)) continue;
      numbers = writer.branch(Operation::Jeq, plan.first[i - 1].nr,
                              writer.ret(function.value(place)), numbers);
    }
    if (numbers == whole) continue;
    entry = writer.branch(Operation::Jeq, arch, writer.load(nr_word, numbers), entry);
  }
  if (entry != whole) writer.load(arch_word, entry);
  return writer.instructions();
}

}  // namespace assay::optimize
