#include "audit/pairs.hpp"

namespace assay::audit {

using seccomp::Words;
using symbolic::Condition;

namespace {

template <class Step>
Condition over_bits(Condition set, const Words& bits, const Step& step) {
  const Words dependent = set.bits();
  for (std::size_t word = 0; word < bits.size(); ++word)
    for (std::size_t bit = 0; bit < 32; ++bit)
      if ((bits[word] & dependent[word]) >> bit & 1) set = step(set, word, bit);
  return set;
}

}  // namespace

Condition with_some(const Condition& set, const Words& bits) {
  return over_bits(set, bits, [](const Condition& f, std::size_t word, std::size_t bit) {
    return f.with_bit(word, bit, false) | f.with_bit(word, bit, true);
  });
}

Condition with_bits(const Condition& set, const Words& bits, const Words& values) {
  return over_bits(set, bits, [&](const Condition& f, std::size_t word, std::size_t bit) {
    return f.with_bit(word, bit, (values[word] >> bit & 1) != 0);
  });
}

Condition alike(symbolic::Manager& manager, const Words& words, const Words& but) {
  Condition result = Condition::always(manager);
  for (std::size_t word = 0; word < words.size(); ++word) {
    const std::uint32_t kept = ~but[word];
    if (kept == 0) continue;
    const auto term = symbolic::Term::word(manager, word).masked(kept);
    result = result & compare(term, symbolic::Comparison::Equal, words[word] & kept);
  }
  return result;
}

std::optional<Pair> differing_in(const Condition& set, std::span<const std::size_t> words) {
  Words free{};
  for (const std::size_t word : words) free[word] = ~std::uint32_t{0};
  const Condition both = with_some(set, free) & with_some(!set, free);
  const auto at = both.witness();
  if (!at) return std::nullopt;
  const Condition near = alike(set.manager(), *at, free);
  const auto in = (set & near).witness();
  const auto out = (near & !set).witness();
  if (!in || !out) return std::nullopt;  // the budget is used up
  return Pair{*in, *out};
}

}  // namespace assay::audit
