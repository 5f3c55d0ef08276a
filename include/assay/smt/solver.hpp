// The exact but slower decider: filters as formulas over bit vectors, decided by Z3.
//
// It takes what diagrams blow up on (products, quotients, sums of two input words) as long as
// its limits hold. An input that it finds has been confirmed by the interpreter. Each question
// has a Z3 context of its own, so that deciders in several threads do not meet; only Z3's
// count of memory is one for the whole process.
#pragma once

#include <chrono>
#include <cstddef>

#include "assay/symbolic/decider.hpp"

namespace assay::smt {

struct Limits {
  std::chrono::milliseconds time{10'000};  // for each call of a Decider
  std::size_t bytes = std::size_t{1} << 30;
};

// Makes deciders; Z3 is not touched before one is asked.
symbolic::DeciderFactory solver(const Limits& limits = {});

}  // namespace assay::smt
