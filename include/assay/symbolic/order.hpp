// Which input bit stands at which level of a diagram.
//
// The order decides whether a diagram is small. Arch and number come first, since filters
// dispatch on them; then the words that the programs read, in the order of first use, each
// from its highest bit down. Words that meet in one operation (AND X, JEQ X, ...) have their
// bits interleaved: laid one after the other, two compared words blow up. Words never read
// come last.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "assay/seccomp/seccomp_data.hpp"
#include "assay/verify/program.hpp"

namespace assay::symbolic {

inline constexpr std::uint32_t input_bits = 32 * seccomp::data_words;

struct InputBit {
  std::uint8_t word;  // of seccomp::Words
  std::uint8_t bit;   // 0 is the lowest
  friend constexpr bool operator==(const InputBit&, const InputBit&) = default;
};

class Order {
 public:
  // Groups of words, top first; those of a group are interleaved, and words in none follow.
  explicit Order(std::span<const std::vector<std::uint8_t>> groups);

  // For an analysis of these programs together.
  static Order for_programs(std::span<const verify::Program> programs);
  // The one order of fingerprints: arch, nr, then all other words interleaved.
  static Order fixed();

  std::uint32_t level(std::size_t word, std::size_t bit) const { return levels_[word][bit]; }
  InputBit at(std::uint32_t level) const { return bits_[level]; }

  friend bool operator==(const Order&, const Order&) = default;

 private:
  std::array<std::array<std::uint16_t, 32>, seccomp::data_words> levels_{};
  std::array<InputBit, input_bits> bits_{};
};

}  // namespace assay::symbolic
