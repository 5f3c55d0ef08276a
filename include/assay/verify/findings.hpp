// What is odd about a program's structure, whatever its inputs: facts that a reader of the
// instructions can check, none of which changes a verdict.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "assay/verify/program.hpp"

namespace assay::verify {

enum class FindingKind : std::uint8_t {
  Unreachable,      // no path from the first instruction leads here
  SameTargets,      // a condition whose both sides go to one place
  JumpToNext,       // JA 0
  UnusedField,      // a field the kernel ignores is not 0
  DuplicateReturn,  // the same value is returned by an earlier instruction
};

enum class Field : std::uint8_t { None, Jt, Jf, K };

struct Finding {
  FindingKind kind{};
  std::size_t insn = 0;
  // Unreachable: length of the run that starts at insn. DuplicateReturn: how many return
  // this value, the first of them at `first`.
  std::size_t count = 1;
  std::size_t first = 0;
  Field field = Field::None;  // UnusedField

  friend bool operator==(const Finding&, const Finding&) = default;
};

// In the order of the instructions; of one instruction, in the order of FindingKind.
std::vector<Finding> structural_findings(const Program& program);

// reachable[pc] by the structure alone: both sides of every branch count.
std::vector<bool> reachable(const Program& program);

// The identifiers used in reports: "unreachable", "jt".
std::string_view name(FindingKind kind);
std::string_view name(Field field);

}  // namespace assay::verify
