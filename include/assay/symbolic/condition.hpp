// A set of inputs, as a condition on the words of seccomp_data, and terms to build it from.
//
//   const Term fd = field(manager, low_word, high_word);            // a 64-bit argument
//   const Condition some = compare(fd.masked(3), Comparison::Equal, 2) & !compare(nr, ...);
//
// Canonical: two conditions of one manager are the same set exactly when Manager::equal()
// says so; == does not exist, since handles of two managers mean nothing to each other.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "assay/seccomp/seccomp_data.hpp"
#include "assay/symbolic/count.hpp"
#include "assay/symbolic/edge.hpp"
#include "assay/symbolic/manager.hpp"

namespace assay::symbolic {

class Condition {
 public:
  static Condition always(Manager& manager) { return {manager, yes}; }
  static Condition never(Manager& manager) { return {manager, no}; }

  Condition operator!() const { return {*manager_, !edge_}; }
  friend Condition operator&(const Condition& a, const Condition& b);
  friend Condition operator|(const Condition& a, const Condition& b);
  friend bool operator==(const Condition&, const Condition&) = delete;

  bool is_never() const { return edge_ == no; }
  bool is_always() const { return edge_ == yes; }
  // Whether some input satisfies both; makes no node.
  bool meets(const Condition& other) const;
  bool implies(const Condition& other) const { return !meets(!other); }

  bool holds(const seccomp::Words& words) const;
  Count count() const;  // of all 2^512 inputs
  // An input that satisfies it, with 0 in every bit that does not matter.
  std::optional<seccomp::Words> witness() const;
  // The words on which it depends, and the bits of each word.
  std::vector<std::size_t> words() const;
  seccomp::Words bits() const;

  Condition with_word(std::size_t word, std::uint32_t value) const;  // restricted
  // The values of one word for which the rest can be chosen to satisfy it, as rising ranges
  // first..last; nothing when there are more than `most`.
  struct Range {
    std::uint32_t first;
    std::uint32_t last;
    friend bool operator==(const Range&, const Range&) = default;
  };
  std::optional<std::vector<Range>> values_of(std::size_t word, std::size_t most = 65536) const;

  // Restricted in several words, in one bit.
  Condition with_words(std::span<const std::size_t> words, const seccomp::Words& values) const;
  Condition with_bit(std::size_t word, std::size_t bit, bool value) const;
  // Holds where the other words can be chosen to satisfy this one.
  Condition projected(std::span<const std::size_t> words) const;
  // A short union of cubes that is the same set, none of which can be left out; nothing when
  // there are more than `most`.
  struct Cube {
    seccomp::Words mask{};   // of the bits that it fixes
    seccomp::Words value{};  // and how
  };
  std::optional<std::vector<Cube>> cover(std::size_t most) const;

  // For the sources of this room.
  Condition(Manager& manager, Edge edge) : manager_(&manager), edge_(edge) {}
  Manager& manager() const { return *manager_; }
  Edge edge() const { return edge_; }

 private:
  Manager* manager_;
  Edge edge_;
};

enum class Comparison : std::uint8_t { Equal, NotEqual, Less, LessEqual, Greater, GreaterEqual };

// An unsigned number of 1 to 64 bits made of input bits.
class Term {
 public:
  static Term word(Manager& manager, std::size_t word);
  static Term constant(Manager& manager, std::uint64_t value, std::size_t width);
  // low below high: a 64-bit field from its two words.
  static Term joined(const Term& low, const Term& high);
  Term masked(std::uint64_t mask) const;
  std::size_t width() const { return bits_.size(); }
  friend Term operator&(const Term& a, const Term& b);  // bit by bit

  friend Condition compare(const Term& a, Comparison comparison, const Term& b);
  friend Condition compare(const Term& a, Comparison comparison, std::uint64_t value);

 private:
  Term(Manager& manager, std::vector<Edge> bits) : manager_(&manager), bits_(std::move(bits)) {}
  Manager* manager_;
  std::vector<Edge> bits_;  // lowest first
};

Term operator&(const Term& a, const Term& b);
Condition compare(const Term& a, Comparison comparison, const Term& b);
Condition compare(const Term& a, Comparison comparison, std::uint64_t value);
// first <= a <= last
Condition in_range(const Term& a, std::uint64_t first, std::uint64_t last);

}  // namespace assay::symbolic
