// The digest is over the diagram in the fixed order, written from the root, low side first:
//   00 value        a leaf, 32 bits
//   01 level        a new node, 16 bits, then its low and its high side
//   02 number       a node met before, by its place among the new ones, 32 bits
// Numbers are little-endian. A reduced, ordered diagram is one per function, and this text is
// one per diagram.
#include <vector>

#include "assay/symbolic/verdict_function.hpp"
#include "symbolic/meaning.hpp"
#include "symbolic/sha256.hpp"

namespace assay::symbolic {
namespace {

class Writer {
 public:
  // Children stand before their parents: the root has the highest index.
  Writer(const ValueDiagram& values, ValueEdge root)
      : values_(values), numbers_(root.index() + std::size_t{1}, none) {}

  void write(ValueEdge f) {
    if (values_.is_leaf(f)) {
      put(0, 1);
      put(values_.value(f), 4);
      return;
    }
    std::uint32_t& number = numbers_[f.index()];
    if (number != none) {
      put(2, 1);
      put(number, 4);
      return;
    }
    number = next_++;
    put(1, 1);
    put(values_.level(f), 2);
    write(values_.low(f));
    write(values_.high(f));
  }

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
  void put(std::uint32_t value, std::size_t bytes) {
    for (std::size_t i = 0; i < bytes; ++i) {
      const auto byte = static_cast<std::uint8_t>(value >> (8 * i));
      hash_.add(std::span(&byte, 1));
    }
  }

  const ValueDiagram& values_;
  static constexpr std::uint32_t none = 0xffffffff;
  std::vector<std::uint32_t> numbers_;  // by node
  std::uint32_t next_ = 0;
  Sha256 hash_;
};

}  // namespace

std::string fingerprint(const VerdictFunction& function) {
  const ValueEdge root = handle(function.root());
  Writer writer(function.manager().values(), root);
  writer.write(root);
  return writer.digest();
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
