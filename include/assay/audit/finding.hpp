// A finding: one thing that a rule has to say about a target, with the evidence for it.
//
// Evidence is a witness (calls, each with the verdict that the whole stack gives it) where the
// message says that a call is treated so; a proof where it says that something never happens;
// a measure for costs and limits. Findings are plain values: what they look like on a terminal,
// in JSON, SARIF or HTML is for others to decide.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "assay/seccomp/seccomp_data.hpp"
#include "assay/seccomp/verdict.hpp"

namespace assay::audit {

enum class Severity : std::uint8_t {
  Info,      // explains, asks for nothing
  Low,       // compatibility or hygiene
  Medium,    // needs a capability, a sysctl or a kernel option
  High,      // defeats a stated restriction
  Critical,  // defeats the filter, with no privilege
};
std::string_view name(Severity severity);  // "critical"
std::optional<Severity> find_severity(std::string_view name);

enum class EvidenceKind : std::uint8_t { Witness, Proof, Measure };
std::string_view name(EvidenceKind kind);  // "witness"

// A call and what becomes of it.
struct Exhibit {
  std::string shows;                       // "gets through", "is refused"
  seccomp::Words words{};                  // the record, in the byte order of its arch
  seccomp::Verdict verdict;                // of the whole stack; the interpreter agrees
  std::optional<seccomp::Verdict> kernel;  // what the running kernel said, when it was asked
  friend bool operator==(const Exhibit&, const Exhibit&) = default;
};

struct Evidence {
  EvidenceKind kind{};
  std::vector<Exhibit> calls;  // Witness: the one that matters first
  std::string statement;       // Proof: what holds for every input. Measure: what was measured
  std::string checked;         // Proof: the second way in which it was checked
  std::uint64_t value = 0;     // Measure
  std::uint64_t limit = 0;     // and what it is held against, 0 for nothing
  std::string unit;            // "instructions"
  friend bool operator==(const Evidence&, const Evidence&) = default;
};

// Where to look. A finding about the whole stack has neither filter nor instruction.
struct Location {
  std::optional<std::size_t> filter;  // of the stack, 0 = oldest
  std::optional<std::size_t> insn;    // first instruction of the run that is meant
  std::size_t count = 1;              // its length
  std::string file;                   // the target, or the filter's own name
  std::optional<std::size_t> line;    // of a source text, from 1
  friend bool operator==(const Location&, const Location&) = default;
};

// What must be so outside the filter for the finding to matter.
struct Requirement {
  std::string text;           // "CAP_SYS_MODULE", "kernel.io_uring_disabled = 0"
  std::optional<bool> holds;  // none: not known for this target
  friend bool operator==(const Requirement&, const Requirement&) = default;
};

struct Finding {
  std::string rule;     // its id; rule.hpp has the rest
  std::string subject;  // what it is about, stable from run to run: "x86_64 execveat"
  Severity severity{};
  std::string message;  // one sentence
  Location location;
  Evidence evidence;
  std::vector<Requirement> requirements;
  std::string help;  // what to do
  friend bool operator==(const Finding&, const Finding&) = default;
};

}  // namespace assay::audit
