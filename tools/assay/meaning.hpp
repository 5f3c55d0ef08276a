// What `check` says of an accepted filter's meaning: what it can return, and what is odd.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "assay/symbolic/question.hpp"
#include "assay/verify/program.hpp"
#include "json.hpp"

namespace assay::tool {

// One line of a report about an instruction.
struct Remark {
  std::size_t insn = 0;
  std::string kind;
  std::string message;
  Json more = Json::object();  // further fields
};

struct Meaning {
  // Strongest first; nothing where not decided.
  std::optional<std::vector<std::string>> returns;
  std::vector<Remark> remarks;  // in the order of the instructions
  std::optional<symbolic::Unanswered> open;
};

Meaning meaning_of(const verify::Program& program, const seccomp::Semantics& semantics,
                   const symbolic::Budget& budget);

}  // namespace assay::tool
