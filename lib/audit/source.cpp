#include "assay/audit/source.hpp"

#include <algorithm>

#include "assay/names/syscalls.hpp"
#include "assay/profile/intent.hpp"

namespace assay::audit {
namespace {

using profile::Place;
using seccomp::Arch;

class Text : public Source {
 public:
  Text(std::string file, bpf::Lines lines) : file_(std::move(file)), lines_(std::move(lines)) {}

  std::optional<Line> of_instruction(std::size_t insn) const override {
    if (insn >= lines_.size()) return std::nullopt;
    return Line{file_, lines_[insn]};
  }
  std::optional<Line> of_answer(const Answer& answer) const override {
    return of_instruction(answer.insn);
  }

 private:
  std::string file_;
  bpf::Lines lines_;
};

// Whether the number is that of the call, on any ABI with that AUDIT_ARCH.
bool is_number_of(const profile::Call& call, const seccomp::Words& words) {
  const auto arch = seccomp::find_arch(words[1]);
  if (!arch) return false;
  return names::syscall_number(*arch, call.name) == words[0] ||
         (arch == Arch::x86_64 && names::syscall_number(Arch::x32, call.name) == words[0]);
}

class Rules : public Source {
 public:
  Rules(profile::RuleSet rules, const profile::Environment& environment,
        std::vector<std::string> files, const symbolic::Budget& budget)
      : manager_(symbolic::Order::fixed(), budget),
        rules_(std::move(rules)),
        files_(std::move(files)) {
    if (auto meaning = profile::intent(manager_, rules_, environment, {false, true}))
      meaning_.emplace(std::move(*meaning));
  }

  bool means_something() const { return meaning_.has_value() && !manager_.exhausted(); }

  // An instruction of what libseccomp made of many rules stands on no line.
  std::optional<Line> of_instruction(std::size_t) const override { return std::nullopt; }

  std::optional<Line> of_answer(const Answer& answer) const override {
    if (meaning_->ambiguous.holds(answer.words)) return std::nullopt;
    for (const profile::Clause& clause : meaning_->clauses)
      if (clause.verdict == answer.verdict && clause.where.holds(answer.words))
        return line_of(clause.source, answer.words);
    return std::nullopt;
  }

 private:
  std::optional<Line> line_of(const profile::Source& source, const seccomp::Words& words) const {
    if (std::holds_alternative<profile::DefaultAction>(source)) return at(rules_.place);
    const auto* const index = std::get_if<profile::RuleIndex>(&source);
    if (index == nullptr) return std::nullopt;
    // A list of names may be hundreds of lines long: the line of the name is meant.
    const profile::Rule& rule = rules_.rules[index->rule];
    const auto call =
        std::find_if(rule.calls.begin(), rule.calls.end(),
                     [&](const profile::Call& one) { return is_number_of(one, words); });
    const bool named = call != rule.calls.end() && call->place.line != 0;
    return at(named ? call->place : rule.place);
  }

  std::optional<Line> at(const Place& place) const {
    if (place.line == 0 || place.file >= files_.size()) return std::nullopt;
    return Line{files_[place.file], place.line};
  }

  symbolic::Manager manager_;
  profile::RuleSet rules_;
  std::vector<std::string> files_;
  std::optional<profile::Meaning> meaning_;
};

}  // namespace

std::shared_ptr<const Source> text_source(std::string file, bpf::Lines lines) {
  if (lines.empty()) return nullptr;
  return std::make_shared<Text>(std::move(file), std::move(lines));
}

std::shared_ptr<const Source> rules_source(profile::RuleSet rules,
                                           const profile::Environment& environment,
                                           std::vector<std::string> files,
                                           const symbolic::Budget& budget) {
  auto source = std::make_shared<Rules>(std::move(rules), environment, std::move(files), budget);
  return source->means_something() ? source : nullptr;
}

}  // namespace assay::audit
