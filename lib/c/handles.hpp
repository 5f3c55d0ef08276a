// What the handles of assay.h stand for, and how a function of the border ends: with a status,
// a sentence, and never with an exception.
#pragma once

#include <cstdlib>
#include <exception>
#include <new>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "assay/assay.h"
#include "assay/report/json.hpp"
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

// Both together, for free(); NULL when there is no memory. Throws nothing: who hands out the
// sentence about an exception can do without another.
inline char* copy_of(std::string_view text, std::string_view more = {}) noexcept {
  auto* const copy = static_cast<char*>(std::malloc(text.size() + more.size() + 1));
  if (copy == nullptr) return nullptr;
  text.copy(copy, text.size());
  more.copy(copy + text.size(), more.size());
  copy[text.size() + more.size()] = '\0';
  return copy;
}

// What every text of JSON starts with.
inline report::Json document(const seccomp::Semantics& semantics) {
  return {{"assay", assay_version()}, {"semantics", semantics.name()}};
}

// Hands a text out; the caller of the border frees it.
inline Outcome hand_out(const std::string& text, char** to, assay_status status) {
  *to = copy_of(text);
  if (*to == nullptr) return fail(ASSAY_CANNOT, "out of memory");
  return status;
}

inline assay_status cannot(char** why, std::string_view text, std::string_view more = {}) noexcept {
  if (why != nullptr) *why = copy_of(text, more);
  return ASSAY_CANNOT;
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
    return cannot(why, "out of memory");
  } catch (const std::exception& error) {
    return cannot(why, "a mistake of the library: ", error.what());
  } catch (...) {
    return cannot(why, "a mistake of the library: an exception without a name");
  }
}

}  // namespace assay::c
