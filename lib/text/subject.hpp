// What a condition speaks about: the fields, or halves of fields, on whose bits it depends.
#pragma once

#include <bit>
#include <cstdint>
#include <vector>

#include "assay/text/condition.hpp"

namespace assay::text {

struct Subject {
  Input input;
  std::vector<std::size_t> words;  // low first
  std::uint64_t used = 0;          // the bits that matter

  std::uint64_t all() const { return words.size() == 2 ? ~std::uint64_t{0} : 0xffffffff; }
};

// In the order arch, nr, ip, arg0, ...; a 64-bit field is one subject when both halves matter,
// unless they are wanted apart.
std::vector<Subject> subjects_of(const symbolic::Condition& condition, std::endian order,
                                 bool halves_apart = false);

// The part of a cube that lies in the subject.
struct MaskedValue {
  std::uint64_t mask = 0;
  std::uint64_t value = 0;
};
MaskedValue part_of(const symbolic::Condition::Cube& cube, const Subject& subject);

// (subject & mask) == value, in the simplest words.
Expression bits_equal(const Subject& subject, const MaskedValue& bits);
Operand masked(const Subject& subject, std::uint64_t mask);

// A union of cubes over the subjects.
Expression cubes_expression(const std::vector<symbolic::Condition::Cube>& cubes,
                            const std::vector<Subject>& subjects);

// How much there is to read.
std::size_t cost(const Expression& expression);

}  // namespace assay::text
