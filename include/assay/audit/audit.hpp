// Audits one target: asks every rule about the meaning of its filters together.
//
//   const Target target{"docker.bpf", {program}};
//   const auto outline = audit(target);
//
// Nothing is reported that cannot happen, and every finding carries evidence that was checked:
// each witness was run by the interpreter, each proof done a second way. Deterministic; may be
// called from many threads at a time.
#pragma once

#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "assay/audit/finding.hpp"
#include "assay/audit/rule.hpp"
#include "assay/audit/surroundings.hpp"
#include "assay/symbolic/budget.hpp"
#include "assay/verify/program.hpp"

namespace assay::audit {

struct Filter {
  std::string name;  // "docker.bpf", "pid:12/0"
  verify::Program program;
  std::optional<std::uint32_t> flags;  // of its installation, where known
};

// Filters of one thread, oldest first; none: nothing is filtered.
struct Target {
  std::string name;
  std::vector<Filter> filters;
  Surroundings surroundings;
  // Stacks of other threads of the process that differ from this one.
  std::vector<std::vector<Filter>> other_threads;
};

struct Options {
  std::vector<std::string> only;    // rule ids; none: all
  std::vector<std::string> ignore;  // rule ids
  symbolic::Budget budget;
  // Whose fingerprint of the filters is told as well; none: it is not made.
  std::optional<seccomp::Semantics> fingerprint;
};

// What an audit found. The machine is the one that the surroundings name, or, when nothing of
// it gets through the filters, another that they were made for.
struct Outline {
  seccomp::Arch machine{};
  std::vector<Finding> findings;  // the worst first; of one severity in the order of the rules
  // Where Options want it and the budget, a second time, holds it.
  std::optional<std::string> fingerprint;
};

// NotDecided when the budget does not hold the meaning of the filters.
tl::expected<Outline, symbolic::NotDecided> audit(const Target& target,
                                                  const Options& options = {});

}  // namespace assay::audit
