// The meaning of a plain program, from its end to its start.
//
// Where A only ever holds an input word, perhaps with some bits fixed, the function from an
// instruction on depends on nothing but what A holds there: a comparison joins two functions
// that are known already, along one chain of bits. What execution carries forward, the
// condition under which an instruction is reached, is never needed.
#pragma once

#include <array>
#include <functional>
#include <optional>

#include "assay/seccomp/seccomp_data.hpp"
#include "assay/verify/program.hpp"
#include "symbolic/value_diagram.hpp"

namespace assay::symbolic {

// `kept`: what of a returned value matters. Nothing for a program that is not plain, or that
// execution does in less.
std::optional<ValueEdge> backward(ValueDiagram& values, Diagram& diagram,
                                  const std::array<Word, seccomp::data_words>& inputs,
                                  const verify::Program& program, const ValueDiagram::Map& kept);

}  // namespace assay::symbolic
