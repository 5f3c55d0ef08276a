#include "symbolic/word.hpp"

#include <algorithm>
#include <bit>

namespace assay::symbolic {

using bpf::Operation;

namespace {

template <class Bit>
Word each_bit(Bit bit) {
  Word result;
  for (std::size_t i = 0; i < 32; ++i) result.bits[i] = bit(i);
  return result;
}

struct Sum {
  Word word;
  Edge carry;
};

// A + B + carry, from the lowest bit up.
Sum add(Diagram& diagram, const Word& a, const Word& b, Edge carry) {
  Sum sum;
  for (std::size_t i = 0; i < 32; ++i) {
    const Edge differ = diagram.exclusive(a.bits[i], b.bits[i]);
    sum.word.bits[i] = diagram.exclusive(differ, carry);
    carry = diagram.choice(differ, carry, a.bits[i]);
  }
  sum.carry = carry;
  return sum;
}

Word inverted(const Word& a) {
  return each_bit([&](std::size_t i) { return !a.bits[i]; });
}

Word moved_up(const Word& a, std::size_t places) {
  return each_bit([&](std::size_t i) { return i < places ? no : a.bits[i - places]; });
}

Word moved_down(const Word& a, std::size_t places) {
  return each_bit([&](std::size_t i) { return i + places < 32 ? a.bits[i + places] : no; });
}

Word multiply(Diagram& diagram, const Word& a, const Word& b) {
  Word product = Word::constant(0);
  for (std::size_t i = 0; i < 32; ++i) {
    if (b.bits[i] == no) continue;
    const Word row = moved_up(a, i);
    product =
        add(diagram, product,
            each_bit([&](std::size_t j) { return diagram.conjunction(row.bits[j], b.bits[i]); }),
            no)
            .word;
  }
  return product;
}

// Long division, from the highest bit down. The remainder needs a 33rd bit while it is
// doubled: with it set the divisor fits in any case.
Word divide(Diagram& diagram, const Word& a, const Word& b) {
  Word quotient = Word::constant(0);
  Word remainder = Word::constant(0);
  const Word minus_b = inverted(b);
  for (std::size_t i = 32; i-- > 0 && !diagram.exhausted();) {
    const Edge overflow = remainder.bits[31];
    remainder = moved_up(remainder, 1);
    remainder.bits[0] = a.bits[i];
    const Sum less = add(diagram, remainder, minus_b, yes);
    const Edge goes = diagram.disjunction(overflow, less.carry);
    quotient.bits[i] = goes;
    remainder = choice(diagram, goes, less.word, remainder);
  }
  return quotient;
}

// Barrel shifter over the bits of the count that the rule looks at.
Word shift(Diagram& diagram, const Word& a, const Word& count, seccomp::ShiftRule rule,
           Word (*moved)(const Word&, std::size_t)) {
  Word result = a;
  for (std::size_t stage = 0; stage < 5; ++stage)
    result = choice(diagram, count.bits[stage], moved(result, std::size_t{1} << stage), result);
  const std::size_t seen = rule == seccomp::ShiftRule::Modulo32              ? 5
                           : rule == seccomp::ShiftRule::Modulo64ZeroAbove31 ? 6
                                                                             : 8;
  for (std::size_t stage = 5; stage < seen; ++stage)
    result = choice(diagram, count.bits[stage], Word::constant(0), result);
  return result;
}

}  // namespace

Word choice(Diagram& diagram, Edge condition, const Word& then, const Word& otherwise) {
  return each_bit(
      [&](std::size_t i) { return diagram.choice(condition, then.bits[i], otherwise.bits[i]); });
}

Word arithmetic(Diagram& diagram, Operation operation, const Word& a, const Word& b,
                seccomp::ShiftRule rule) {
  switch (operation) {
    case Operation::Add: return add(diagram, a, b, no).word;
    case Operation::Sub: return add(diagram, a, inverted(b), yes).word;
    case Operation::Mul: return a.constant() ? multiply(diagram, b, a) : multiply(diagram, a, b);
    case Operation::Div: return divide(diagram, a, b);
    case Operation::Or:
      return each_bit([&](std::size_t i) { return diagram.disjunction(a.bits[i], b.bits[i]); });
    case Operation::And:
      return each_bit([&](std::size_t i) { return diagram.conjunction(a.bits[i], b.bits[i]); });
    case Operation::Xor:
      return each_bit([&](std::size_t i) { return diagram.exclusive(a.bits[i], b.bits[i]); });
    case Operation::Lsh: return shift(diagram, a, b, rule, moved_up);
    case Operation::Rsh: return shift(diagram, a, b, rule, moved_down);
    default:  // Neg
      return add(diagram, Word::constant(0), inverted(a), yes).word;
  }
}

Edge compare(Diagram& diagram, Operation comparison, const Word& a, const Word& b) {
  // From the lowest bit up, so that with the usual order each step works near the bottom.
  Edge equal = yes;
  Edge above = no;
  Edge common = no;
  for (std::size_t i = 0; i < 32; ++i) {
    const Edge p = a.bits[i];
    const Edge q = b.bits[i];
    switch (comparison) {
      case Operation::Jeq: equal = diagram.conjunction(!diagram.exclusive(p, q), equal); break;
      case Operation::Jset: common = diagram.disjunction(diagram.conjunction(p, q), common); break;
      default: {
        if (i == 0 && comparison == Operation::Jge) above = yes;
        const Edge differ = diagram.exclusive(p, q);
        above = diagram.choice(differ, p, above);
        break;
      }
    }
  }
  if (comparison == Operation::Jeq) return equal;
  return comparison == Operation::Jset ? common : above;
}

std::optional<ChainLinks> compare_chain(const Diagram& diagram, Operation comparison, const Word& a,
                                        std::uint32_t k) {
  ChainLinks result;
  result.end = comparison == Operation::Jeq || comparison == Operation::Jge;
  const bool ordered = comparison == Operation::Jgt || comparison == Operation::Jge;
  // Collected from the highest bit; a constant bit that leaves the chain cuts it short.
  for (std::size_t i = 32; i-- > 0;) {
    const bool wanted = (k >> i & 1) != 0;
    if (comparison == Operation::Jset && !wanted) continue;
    const bool on = comparison == Operation::Jset ? false : wanted;
    const bool left = comparison == Operation::Jset || (ordered && !wanted);
    const Edge bit = a.bits[i];
    if (bit.index() == 0) {
      if ((bit == yes) == on) continue;
      if (!ordered) {
        result.count = 0;
        result.end = left;
        return result;
      }
      result.end = left;
      break;
    }
    if (!diagram.is_literal(bit)) return std::nullopt;
    result.links[result.count++] = {diagram.level(bit), on != bit.negated(), left};
  }
  const auto first = result.links.begin();
  const auto last = first + static_cast<std::ptrdiff_t>(result.count);
  const auto above = [](const Link& p, const Link& q) { return p.level < q.level; };
  if (!std::is_sorted(first, last, above)) {
    if (ordered) return std::nullopt;
    std::sort(first, last, above);
  }
  const auto same = [](const Link& p, const Link& q) { return p.level == q.level; };
  if (std::adjacent_find(first, last, same) != last) return std::nullopt;
  return result;
}

}  // namespace assay::symbolic
