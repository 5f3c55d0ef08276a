// The labels of an assembly text: where they are defined, who jumps to them.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "assay/bpf/codec.hpp"
#include "bpf/layout.hpp"

namespace assay::bpf {

struct LabelProblem {
  DecodeErrorKind kind;
  std::size_t offset;
  std::string_view label;
  std::string_view expected;
};

class Labels {
 public:
  std::size_t size() const { return definitions_.size(); }
  void define(std::string_view name, std::size_t statement, std::size_t offset) {
    definitions_.push_back({name, statement, offset});
  }
  void refer(std::string_view name, std::size_t statement, std::uint64_t Statement::*side,
             std::size_t offset) {
    references_.push_back({name, statement, offset, side});
  }

  // Writes the targets into the statements, or says what is wrong: among the definitions,
  // then among the references, the first in the text.
  std::optional<LabelProblem> bind(std::vector<Statement>& statements);

  // For suggestions: not all of a hostile number.
  std::vector<std::string_view> some_names() const;

 private:
  struct Definition {
    std::string_view name;
    std::size_t statement;
    std::size_t offset;
  };
  struct Reference {
    std::string_view name;
    std::size_t statement;
    std::size_t offset;
    std::uint64_t Statement::*side;
  };

  std::optional<LabelProblem> check_definitions(std::size_t statements) const;

  std::vector<Definition> definitions_;  // sorted by name once bound
  std::vector<Reference> references_;
};

}  // namespace assay::bpf
