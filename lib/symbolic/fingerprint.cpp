// The digest is over the diagram in the fixed order, written from the root, low side first:
//   00 value        a leaf, 32 bits
//   01 level        a new node, 16 bits, then its low and its high side
//   02 number       a node met before, by its place among the new ones, 32 bits
// Numbers are little-endian. A reduced, ordered diagram is one per function, and this text is
// one per diagram.
//
// A diagram in another order is the one of the fixed order, too, when on each of its paths the
// bits stand as there: what makes it reduced does not depend on the order. Only its levels have
// other numbers then.
#include "assay/symbolic/fingerprint.hpp"

#include <array>
#include <vector>

#include "symbolic/meaning.hpp"
#include "symbolic/sha256.hpp"

namespace assay::symbolic {
namespace {

// By level of the order, the one of the same bit in the fixed order.
using Levels = std::array<std::uint16_t, input_bits>;

Levels fixed_levels(const Order& order) {
  const Order fixed = Order::fixed();
  Levels levels{};
  for (std::uint32_t level = 0; level < levels.size(); ++level) {
    const InputBit bit = order.at(level);
    levels[level] = static_cast<std::uint16_t>(fixed.level(bit.word, bit.bit));
  }
  return levels;
}

class Writer {
 public:
  // Children stand before their parents: the root has the highest index.
  Writer(const ValueDiagram& values, ValueEdge root, const Levels& levels)
      : values_(values), levels_(levels), numbers_(root.index() + std::size_t{1}, none) {}

  // Whether the levels rise from node to node; ends where they do not.
  bool write(ValueEdge root) { return write(root, 0); }

  std::string digest() {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text = "a1:";
    for (const std::uint8_t byte : hash_.digest()) {
      text.push_back(digits[byte >> 4]);
      text.push_back(digits[byte & 15]);
    }
    return text;
  }

 private:
  bool write(ValueEdge f, std::uint32_t lowest) {
    if (values_.is_leaf(f)) {
      put(0, 1);
      put(values_.value(f), 4);
      return true;
    }
    const std::uint32_t level = levels_[values_.level(f)];
    if (level < lowest) return false;
    std::uint32_t& number = numbers_[f.index()];
    if (number != none) {
      put(2, 1);
      put(number, 4);
      return true;
    }
    number = next_++;
    put(1, 1);
    put(level, 2);
    return write(values_.low(f), level + 1) && write(values_.high(f), level + 1);
  }

  void put(std::uint32_t value, std::size_t bytes) {
    for (std::size_t i = 0; i < bytes; ++i) {
      const auto byte = static_cast<std::uint8_t>(value >> (8 * i));
      hash_.add(std::span(&byte, 1));
    }
  }

  const ValueDiagram& values_;
  const Levels& levels_;
  static constexpr std::uint32_t none = 0xffffffff;
  std::vector<std::uint32_t> numbers_;  // by node
  std::uint32_t next_ = 0;
  Sha256 hash_;
};

}  // namespace

std::optional<std::string> ready_fingerprint(const VerdictFunction& function) {
  const ValueEdge root = handle(function.root());
  const Levels levels = fixed_levels(function.manager().order());
  Writer writer(function.manager().values(), root, levels);
  if (!writer.write(root)) return std::nullopt;
  return writer.digest();
}

std::string fingerprint(const VerdictFunction& function) {
  return ready_fingerprint(function).value();
}

tl::expected<std::string, NotDecided> fingerprint(std::span<const verify::Program> oldest_first,
                                                  const seccomp::Semantics& semantics,
                                                  const Budget& budget) {
  Manager manager(Order::fixed(), budget);
  const auto function = VerdictFunction::of_stack(manager, oldest_first, semantics);
  if (!function) return tl::unexpected(function.error());
  return fingerprint(*function);
}

}  // namespace assay::symbolic
