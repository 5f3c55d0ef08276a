#include "bpf/labels.hpp"

#include <algorithm>
#include <tuple>

namespace assay::bpf {

std::optional<LabelProblem> Labels::check_definitions(std::size_t statements) const {
  std::optional<LabelProblem> first;
  const auto report = [&](DecodeErrorKind kind, const Definition& at, std::string_view expected) {
    if (!first || at.offset < first->offset)
      first = LabelProblem{kind, at.offset, at.name, expected};
  };
  for (std::size_t i = 0; i < definitions_.size(); ++i) {
    const Definition& here = definitions_[i];
    if (i > 0 && definitions_[i - 1].name == here.name)
      report(DecodeErrorKind::DuplicateLabel, here, "a label that is not defined already");
    if (here.statement == statements)
      report(DecodeErrorKind::LabelAtEnd, here, "an instruction after the label");
  }
  return first;
}

std::optional<LabelProblem> Labels::bind(std::vector<Statement>& statements) {
  std::sort(definitions_.begin(), definitions_.end(), [](const auto& a, const auto& b) {
    return std::tie(a.name, a.offset) < std::tie(b.name, b.offset);
  });
  if (auto problem = check_definitions(statements.size())) return problem;
  for (const Reference& reference : references_) {
    const auto found = std::lower_bound(
        definitions_.begin(), definitions_.end(), reference.name,
        [](const Definition& definition, std::string_view name) { return definition.name < name; });
    if (found == definitions_.end() || found->name != reference.name)
      return LabelProblem{DecodeErrorKind::UndefinedLabel, reference.offset, reference.name,
                          "a label that is defined"};
    if (found->statement <= reference.statement)
      return LabelProblem{DecodeErrorKind::BackwardJump, reference.offset, reference.name,
                          "a label further down, since jumps only go forward"};
    statements[reference.statement].*reference.side = found->statement;
  }
  return {};
}

std::vector<std::string_view> Labels::some_names() const {
  constexpr std::size_t enough = 1000;
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < std::min(enough, definitions_.size()); ++i)
    names.push_back(definitions_[i].name);
  return names;
}

}  // namespace assay::bpf
