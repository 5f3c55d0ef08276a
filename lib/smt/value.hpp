// What filters return and what the kernel makes of it, as formulas. The rules are those of
// seccomp/verdict.hpp; the tests hold the two together.
#pragma once

#include <z3++.h>

#include <span>
#include <vector>

#include "assay/seccomp/verdict.hpp"
#include "assay/symbolic/decider.hpp"

namespace assay::smt {

// Verdict::normalised().
z3::expr normalised(const z3::expr& value, const seccomp::Semantics& semantics);

// seccomp::overrides().
z3::expr overrides(const z3::expr& candidate, const z3::expr& current,
                   const seccomp::Semantics& semantics);

// The verdict of a stack, oldest first, as VerdictFunction::of_stack() has it.
z3::expr verdict(const std::vector<z3::expr>& inputs, symbolic::Decider::Stack stack,
                 const seccomp::Semantics& semantics, symbolic::Precision precision);

z3::expr among(const z3::expr& value, std::span<const symbolic::VerdictRange> ranges);

z3::expr contains(const std::vector<z3::expr>& inputs, const symbolic::InputSet& set);

}  // namespace assay::smt
