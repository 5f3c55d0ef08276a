// What the handles of assay.h stand for, and how a function of the border ends: with a status,
// a sentence, and never with an exception.
#pragma once

#include <cstdlib>
#include <cstring>
#include <new>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "assay/assay.h"
#include "assay/seccomp/semantics.hpp"
#include "assay/symbolic/budget.hpp"
#include "assay/verify/program.hpp"

struct assay_filter {
  std::vector<assay::verify::Program> programs;  // oldest first
  assay::seccomp::Semantics semantics;
  assay::symbolic::Budget budget;
};

namespace assay::c {

struct Failure {
  assay_status status = ASSAY_BAD_INPUT;
  std::string why;
};

// A status, or a failure with its sentence.
using Outcome = tl::expected<assay_status, Failure>;

inline tl::unexpected<Failure> fail(assay_status status, std::string why) {
  return tl::unexpected(Failure{status, std::move(why)});
}

// For free(); NULL when there is no memory.
inline char* copy_of(const std::string& text) {
  auto* const copy = static_cast<char*>(std::malloc(text.size() + 1));
  if (copy != nullptr) std::memcpy(copy, text.c_str(), text.size() + 1);
  return copy;
}

// Hands a text out; the caller of the border frees it.
inline Outcome hand_out(const std::string& text, char** to, assay_status status) {
  *to = copy_of(text);
  if (*to == nullptr) return fail(ASSAY_CANNOT, "out of memory");
  return status;
}

template <class Function>
assay_status at_border(char** why, Function function) noexcept {
  if (why != nullptr) *why = nullptr;
  try {
    const Outcome outcome = function();
    if (outcome) return *outcome;
    if (why != nullptr) *why = copy_of(outcome.error().why);
    return outcome.error().status;
  } catch (const std::bad_alloc&) {
    return ASSAY_CANNOT;
  } catch (...) {
    return ASSAY_CANNOT;
  }
}

}  // namespace assay::c
