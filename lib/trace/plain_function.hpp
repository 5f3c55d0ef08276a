// A verdict function as plain data, to be asked about inputs of which only some bits are known.
// Asking makes no nodes, so that a day's recording costs no memory.
#pragma once

#include <optional>
#include <vector>

#include "assay/symbolic/value_table.hpp"

namespace assay::trace {

// Words of an input of which the bits in `known` are fixed.
struct PartialInput {
  seccomp::Words words{};
  seccomp::Words known{};
};

class PlainFunction {
 public:
  // Of those inputs alone that satisfy `given`. Nothing when the budget does not allow it.
  static std::optional<PlainFunction> of(const symbolic::VerdictFunction& function,
                                         const symbolic::Condition& given);

  // Of all inputs that agree with a partial one: their verdicts, values rising, and the bits
  // that the verdict may depend on.
  struct Answer {
    std::vector<seccomp::Verdict> possible;
    seccomp::Words support{};
  };
  Answer ask(const PartialInput& input) const;

 private:
  explicit PlainFunction(symbolic::ValueTable table) : table_(std::move(table)) {}

  symbolic::ValueTable table_;
  mutable std::vector<std::uint32_t> seen_;  // by place: the walk that met it last
  mutable std::vector<symbolic::ValueTable::Place> stack_;
  mutable std::uint32_t walk_ = 0;
};

}  // namespace assay::trace
