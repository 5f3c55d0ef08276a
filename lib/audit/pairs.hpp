// Two inputs that differ in given places only, one of them in a set and the other not.
#pragma once

#include <optional>
#include <span>

#include "assay/symbolic/condition.hpp"

namespace assay::audit {

struct Pair {
  seccomp::Words in;
  seccomp::Words out;
};

// They agree in all other words than these.
std::optional<Pair> differing_in(const symbolic::Condition& set,
                                 std::span<const std::size_t> words);

// Holds where the given bits of the input can be chosen to satisfy it.
symbolic::Condition with_some(const symbolic::Condition& set, const seccomp::Words& bits);
// Holds where it does with these bits set so.
symbolic::Condition with_bits(const symbolic::Condition& set, const seccomp::Words& bits,
                              const seccomp::Words& values);
// The inputs that agree with `words` outside the given bits.
symbolic::Condition alike(symbolic::Manager& manager, const seccomp::Words& words,
                          const seccomp::Words& but);

}  // namespace assay::audit
