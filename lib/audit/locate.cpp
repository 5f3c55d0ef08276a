#include "assay/audit/source.hpp"
#include "assay/engine/filter_stack.hpp"

namespace assay::audit {
namespace {

using Sources = std::span<const std::shared_ptr<const Source>>;

class Last : public engine::Observer {
 public:
  void on_instruction(const engine::State& state) override { pc_ = state.pc; }
  std::size_t pc() const { return pc_; }

 private:
  std::size_t pc_ = 0;
};

class Locating {
 public:
  Locating(const Target& target, Sources sources, const seccomp::Semantics& semantics)
      : stack_(programs_of(target), semantics), sources_(sources), semantics_(semantics) {}

  std::optional<Line> line_of(const Finding& finding) const {
    const Location& location = finding.location;
    if (location.filter && location.insn && sources_[*location.filter]) {
      auto line = sources_[*location.filter]->of_instruction(*location.insn);
      if (line) return line;
    }
    if (finding.evidence.calls.empty()) return std::nullopt;
    return line_of(finding.evidence.calls.front());
  }

 private:
  static std::vector<verify::Program> programs_of(const Target& target) {
    std::vector<verify::Program> programs;
    for (const Filter& filter : target.filters) programs.push_back(filter.program);
    return programs;
  }

  std::optional<Line> line_of(const Exhibit& exhibit) const {
    const auto filter = who_decides(exhibit);
    if (!filter || !sources_[*filter]) return std::nullopt;
    Last last;
    stack_[*filter].observe(exhibit.words, last);
    return sources_[*filter]->of_answer({exhibit.words, exhibit.verdict, last.pc()});
  }

  // The only filter of the stack that gives the verdict; what several agree on, none decides alone.
  std::optional<std::size_t> who_decides(const Exhibit& exhibit) const {
    std::optional<std::size_t> found;
    const auto answer = stack_.examine(exhibit.words);
    for (std::size_t i = 0; i < answer.outcomes.size(); ++i) {
      const seccomp::Verdict verdict{answer.outcomes[i].value};
      if (verdict.normalised(semantics_) != exhibit.verdict) continue;
      if (found) return std::nullopt;
      found = i;
    }
    return found;
  }

  engine::FilterStack stack_;
  Sources sources_;
  seccomp::Semantics semantics_;
};

}  // namespace

void locate(const Target& target, Sources sources, Outline& outline) {
  seccomp::Semantics semantics = target.surroundings.machine.semantics;
  semantics.machine = outline.machine;
  const Locating locating(target, sources, semantics);
  for (Finding& finding : outline.findings) {
    const auto line = locating.line_of(finding);
    if (!line) continue;
    finding.location.file = line->file;
    finding.location.line = line->number;
  }
}

}  // namespace assay::audit
