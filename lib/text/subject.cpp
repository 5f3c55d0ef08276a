#include "text/subject.hpp"

#include <algorithm>

namespace assay::text {

using symbolic::Comparison;
using symbolic::Condition;
using Kind = Expression::Kind;

std::vector<Subject> subjects_of(const Condition& condition, std::endian order, bool halves_apart) {
  const seccomp::Words bits = condition.bits();
  std::vector<Subject> result;
  if (bits[1] != 0) result.push_back({{Field::Arch, Half::Both}, {1}, bits[1]});
  if (bits[0] != 0) result.push_back({{Field::Nr, Half::Both}, {0}, bits[0]});
  for (std::size_t first = 2; first < bits.size(); first += 2) {
    const auto field = static_cast<Field>(static_cast<std::size_t>(Field::Ip) + (first - 2) / 2);
    const std::size_t low = order == std::endian::little ? first : first + 1;
    const std::size_t high = order == std::endian::little ? first + 1 : first;
    if (bits[low] != 0 && bits[high] != 0 && !halves_apart) {
      const std::uint64_t used = std::uint64_t{bits[high]} << 32 | bits[low];
      result.push_back({{field, Half::Both}, {low, high}, used});
      continue;
    }
    if (bits[low] != 0) result.push_back({{field, Half::Low}, {low}, bits[low]});
    if (bits[high] != 0) result.push_back({{field, Half::High}, {high}, bits[high]});
  }
  return result;
}

MaskedValue part_of(const Condition::Cube& cube, const Subject& subject) {
  MaskedValue result;
  for (std::size_t i = 0; i < subject.words.size(); ++i) {
    result.mask |= std::uint64_t{cube.mask[subject.words[i]]} << (32 * i);
    result.value |= std::uint64_t{cube.value[subject.words[i]]} << (32 * i);
  }
  return result;
}

Operand masked(const Subject& subject, std::uint64_t mask) {
  Input input = subject.input;
  const bool wide = input.half == Half::Both && subject.words.size() == 2;
  if (wide && mask == 0xffffffff) return {{{input.field, Half::Low}}, {}};
  if (mask == subject.all()) return {{input}, {}};
  // A mask shows by itself that only low bits are meant.
  if (input.half == Half::Low) input.half = Half::Both;
  return {{input}, mask};
}

Expression bits_equal(const Subject& subject, const MaskedValue& bits) {
  if (bits.mask == std::uint64_t{0xffffffff} << 32) {
    const Subject high{{subject.input.field, Half::High}, {subject.words.back()}, 0xffffffff};
    return bits_equal(high, {0xffffffff, bits.value >> 32});
  }
  Expression result;
  result.kind = Kind::Compare;
  result.left = masked(subject, bits.mask);
  const bool one_bit = std::has_single_bit(bits.mask) && bits.value != 0;
  result.how = one_bit ? Comparison::NotEqual : Comparison::Equal;
  result.right.number = one_bit ? 0 : bits.value;
  return result;
}

Expression cubes_expression(const std::vector<Condition::Cube>& cubes,
                            const std::vector<Subject>& subjects) {
  std::vector<Expression> parts;
  for (const Condition::Cube& cube : cubes) {
    std::vector<Expression> fixed;
    for (const Subject& subject : subjects) {
      const MaskedValue bits = part_of(cube, subject);
      if (bits.mask != 0) fixed.push_back(bits_equal(subject, bits));
    }
    parts.push_back(all_of(std::move(fixed)));
  }
  return any_of(std::move(parts));
}

std::size_t cost(const Expression& expression) {
  const auto mask_cost = [](const Operand& side) -> std::size_t {
    if (side.inputs.empty() || !side.number) return 0;
    return std::has_single_bit(*side.number) ? 2 : 4;
  };
  switch (expression.kind) {
    case Kind::Always:
    case Kind::Never: return 0;
    case Kind::Compare: {
      const bool equality =
          expression.how == Comparison::Equal || expression.how == Comparison::NotEqual;
      const bool zero = expression.right.inputs.empty() && expression.right.number == 0;
      return (equality ? (zero ? 3 : 4) : 6) + mask_cost(expression.left) +
             mask_cost(expression.right);
    }
    case Kind::Among: return 2 + 2 * expression.numbers.size() + mask_cost(expression.left);
    case Kind::Within: return 7 + mask_cost(expression.left);
    default: break;
  }
  std::size_t sum = 1;
  for (const Expression& part : expression.parts) sum += cost(part);
  return sum;
}

}  // namespace assay::text
