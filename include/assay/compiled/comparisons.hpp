// A function of the input as comparisons of whole fields, three ways each: what an engine can
// execute and a filter can be written from.
//
//   field & mask  <  value  ->  below
//   field & mask  == value  ->  equal
//   field & mask  >  value  ->  above
//
// A diagram asks for one bit at a time. A test for equality is a path through it that leaves
// to one place; a range is such a path that leaves to one place on either side; so are both
// behind a mask. Each longest such path becomes one comparison.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "assay/symbolic/value_table.hpp"

namespace assay::compiled {

// What one comparison looks at.
enum class FieldWidth : std::uint8_t {
  Word,  // words[field], as a filter can
  Pair,  // words[2 * field] below words[2 * field + 1], as a 64-bit machine can
};

// Where to go on: at a comparison, or nowhere since the value is known.
class Target {
 public:
  static constexpr std::uint32_t value_mark = 0x80000000;

  constexpr Target() = default;
  static constexpr Target comparison(std::uint32_t index) { return Target(index); }
  static constexpr Target value(std::uint32_t index) { return Target(index | value_mark); }
  constexpr bool is_value() const { return (bits_ & value_mark) != 0; }
  constexpr std::uint32_t index() const { return bits_ & ~value_mark; }
  constexpr std::uint32_t bits() const { return bits_; }
  friend constexpr bool operator==(Target, Target) = default;

 private:
  explicit constexpr Target(std::uint32_t bits) : bits_(bits) {}
  std::uint32_t bits_ = value_mark;
};

struct Comparison {
  std::uint8_t field = 0;
  std::uint64_t mask = 0;
  std::uint64_t value = 0;
  Target below, equal, above;
  friend constexpr bool operator==(const Comparison&, const Comparison&) = default;
};

// Several values of a field behind a mask, each with a place of its own, and one for all others.
struct ValueSet {
  struct Member {
    std::uint64_t value;
    symbolic::ValueTable::Place place;
  };
  std::uint8_t field = 0;
  std::uint64_t mask = 0;
  std::vector<Member> members;  // rising
  symbolic::ValueTable::Place otherwise = 0;
};

// Comparisons of one table, made as they are asked for and shared. The table must outlive it.
class Comparisons {
 public:
  Comparisons(const symbolic::ValueTable& table, FieldWidth width);

  Target at(symbolic::ValueTable::Place place);

  // The comparison that a node begins, by places of the table.
  struct Branch {
    std::uint8_t field;
    std::uint64_t mask;
    std::uint64_t value;
    symbolic::ValueTable::Place below, equal, above;
  };
  Branch path_at(symbolic::ValueTable::Place place) const;

  // What the function is at a place as a set of at least three values; nothing where it is more
  // than that, or as easily compared.
  std::optional<ValueSet> set_at(symbolic::ValueTable::Place place) const;

  // Each behind those that it leads to.
  const std::vector<Comparison>& all() const { return comparisons_; }
  const std::vector<std::uint32_t>& values() const { return table_.values; }
  std::uint32_t answer(Target from, const seccomp::Words& words) const;

 private:
  struct Path;
  struct Step;
  Step next(const Path& path) const;
  bool advance(Path& path) const;
  Path longest(symbolic::ValueTable::Place place) const;

  unsigned position(const symbolic::InputBit& bit) const;
  std::uint8_t field_of(const symbolic::InputBit& bit) const;

  const symbolic::ValueTable& table_;
  FieldWidth width_;
  std::vector<Comparison> comparisons_;
  std::vector<Target> known_;  // by node of the table
};

}  // namespace assay::compiled
