// Where a filter stands in the text that it comes from, so that a finding can say a line: of an
// instruction, or of what decides a call.
//
//   source->of_instruction(12)                 of assembly: the line of the instruction
//   source->of_answer({words, verdict, 12})    of a profile: the line of the rule that decides
//
// What cannot be known is nothing, never a guess. One thread at a time.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "assay/audit/audit.hpp"
#include "assay/bpf/lines.hpp"
#include "assay/profile/environment.hpp"
#include "assay/profile/rule_set.hpp"
#include "assay/seccomp/seccomp_data.hpp"
#include "assay/seccomp/verdict.hpp"
#include "assay/symbolic/budget.hpp"

namespace assay::audit {

struct Line {
  std::string file;
  std::size_t number = 0;  // from 1
  friend bool operator==(const Line&, const Line&) = default;
};

// A call as one filter answered it.
struct Answer {
  seccomp::Words words{};
  seccomp::Verdict verdict;  // normalised
  std::size_t insn = 0;      // the last one executed
};

class Source {
 public:
  virtual ~Source() = default;
  virtual std::optional<Line> of_instruction(std::size_t insn) const = 0;
  virtual std::optional<Line> of_answer(const Answer& answer) const = 0;
};

// A text with a line for each instruction; null when there is none.
std::shared_ptr<const Source> text_source(std::string file, bpf::Lines lines);

// Rules that a filter was compiled from: an answer is looked up in what they mean, and where the
// filter answers otherwise there is no line. `files` are the names for places. Null when the
// rules have no meaning, or none within the budget.
std::shared_ptr<const Source> rules_source(profile::RuleSet rules,
                                           const profile::Environment& environment,
                                           std::vector<std::string> files,
                                           const symbolic::Budget& budget = {});

// Sets the lines, and the files that they are of, of the target's findings: of the instruction
// that a finding is about, else of what decides the first call that it shows. One source for each
// filter of the target, or null.
void locate(const Target& target, std::span<const std::shared_ptr<const Source>> sources,
            Outline& outline);

}  // namespace assay::audit
