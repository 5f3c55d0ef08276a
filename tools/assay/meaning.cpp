#include "meaning.hpp"

#include <algorithm>

#include "assay/seccomp/arch.hpp"
#include "assay/symbolic/covering.hpp"
#include "assay/symbolic/findings.hpp"
#include "assay/text/condition.hpp"
#include "assay/text/verdict.hpp"
#include "budget_options.hpp"

namespace assay::tool {
namespace {

using seccomp::Semantics;
using seccomp::Verdict;
using symbolic::Analysis;
using symbolic::Finding;
using symbolic::FindingKind;
using symbolic::Manager;
using symbolic::Place;
using symbolic::Unanswered;
using verify::Program;

std::string word_name(std::size_t word, std::endian order) {
  if (word < 2) return text::name({word == 0 ? text::Field::Nr : text::Field::Arch, {}});
  const auto field =
      static_cast<text::Field>(static_cast<std::size_t>(text::Field::Ip) + (word - 2) / 2);
  const bool first = word % 2 == 0;
  const bool low = first == (order == std::endian::little);
  return text::name({field, low ? text::Half::Low : text::Half::High});
}

std::vector<std::string> names_of(const symbolic::Provenance& sources, std::endian order) {
  std::vector<std::string> names;
  for (const std::size_t word : sources.words) names.push_back(word_name(word, order));
  if (sources.constant) names.emplace_back("a constant");
  if (sources.mixed) names.emplace_back("a mixture");
  return names;
}

std::string listed(const std::vector<std::string>& words, std::string_view last) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) text += i + 1 == words.size() ? " " + std::string(last) + " " : ", ";
    text += words[i];
  }
  return text;
}

std::vector<std::string> names_of(const std::vector<seccomp::Arch>& arches) {
  std::vector<std::string> names;
  for (const seccomp::Arch arch : arches) names.emplace_back(describe(arch).token);
  return names;
}

// `order` is that of the inputs that get to the instruction.
Remark remark(const Finding& finding, std::endian order) {
  Remark result{finding.insn, std::string(name(finding.kind)), {}, Json::object()};
  const std::string argument = "arg" + std::to_string(finding.argument);
  switch (finding.kind) {
    case FindingKind::NeverReached:
      result.message = finding.count == 1 ? "no input gets here"
                                          : "no input gets to these " +
                                                std::to_string(finding.count) + " instructions";
      result.more["count"] = finding.count;
      return result;
    case FindingKind::NeverHolds: result.message = "the condition never holds"; return result;
    case FindingKind::AlwaysHolds: result.message = "the condition always holds"; return result;
    case FindingKind::MixedSources: {
      const std::vector<std::string> names = names_of(finding.sources, order);
      const std::string_view held_by = finding.held_by == symbolic::Register::A ? "A" : "X";
      result.message =
          std::string(held_by) + " holds " + listed(names, "or") + ", depending on the path";
      result.more["register"] = held_by;
      result.more["sources"] = names;
      return result;
    }
    case FindingKind::LowHalfOnly:
      result.message = "of " + argument + " the low 32 bits alone are compared";
      break;
    case FindingKind::HighHalfIgnored:
      result.message =
          "the high 32 bits of " + argument + " are ignored here, and matter elsewhere";
      break;
  }
  result.message += " (" + listed(names_of(finding.arches), "and") + ")";
  result.more["argument"] = finding.argument;
  result.more["archs"] = names_of(finding.arches);
  return result;
}

// As the filter returns them, or, where it returns A, as the kernel takes them.
std::vector<Verdict> returned(const Program& program, const Analysis& analysis,
                              const symbolic::VerdictFunction& function) {
  std::vector<Verdict> verdicts;
  for (std::size_t pc = 0; pc < program.size(); ++pc) {
    const bpf::Opcode& opcode = program.opcode(pc);
    if (!analysis.reachable(pc)) continue;
    const bool divides =
        opcode.operation == bpf::Operation::Div && opcode.operand == bpf::Operand::X;
    if (divides && !analysis.ends_at(pc).is_never()) verdicts.push_back({0});
    if (opcode.operation != bpf::Operation::Ret) continue;
    if (opcode.operand == bpf::Operand::A) return function.verdicts();
    verdicts.push_back({program[pc].k});
  }
  return verdicts;
}

std::vector<std::string> worded(std::vector<Verdict> verdicts, const Semantics& semantics) {
  std::stable_sort(verdicts.begin(), verdicts.end(), [&](Verdict a, Verdict b) {
    if (overrides(a, b, semantics)) return true;
    return !overrides(b, a, semantics) && a.value < b.value;
  });
  std::vector<std::string> words;
  for (const Verdict verdict : verdicts) {
    std::string word = text::to_text(verdict, semantics);
    if (words.empty() || words.back() != word) words.push_back(std::move(word));
  }
  return words;
}

tl::expected<Meaning, symbolic::NotDecided> by_diagrams(const Program& program,
                                                        const Semantics& semantics,
                                                        const symbolic::Budget& budget) {
  Manager manager(symbolic::Order::for_programs(std::span(&program, 1)), budget);
  const auto analysis = Analysis::of(manager, program, semantics);
  if (!analysis) return tl::unexpected(analysis.error());
  const auto findings = findings_of(manager, program, *analysis, semantics);
  if (!findings) return tl::unexpected(findings.error());
  Meaning meaning;
  for (const Finding& finding : *findings) {
    const auto input = analysis->witness(finding.insn);
    meaning.remarks.push_back(
        remark(finding, input ? seccomp::byte_order((*input)[1]) : std::endian::little));
  }
  const auto function = analysis->function();
  if (!function) return tl::unexpected(function.error());
  meaning.returns = worded(returned(program, *analysis, *function), semantics);
  if (manager.exhausted()) return tl::unexpected(manager.not_decided());
  return meaning;
}

// What yes and no for each place can tell.
Meaning by_decider(const Program& program, const Semantics& semantics,
                   const symbolic::Budget& budget, const symbolic::NotDecided& diagrams) {
  std::vector<Place> places = symbolic::instructions_of(program);
  const std::vector<Place> edges = symbolic::edges_of(program);
  places.insert(places.end(), edges.begin(), edges.end());
  const auto found = decider(budget)()->passing(program, places, semantics);
  Meaning meaning;
  meaning.open = Unanswered{diagrams, std::nullopt};
  // Not known is not dead.
  const auto passed = [&](const Place& place) {
    const auto at = std::find(places.begin(), places.end(), place) - places.begin();
    const symbolic::Found& answer = found[static_cast<std::size_t>(at)];
    if (!answer) meaning.open->decider = answer.error();
    return !answer || answer->has_value();
  };
  const auto dead = symbolic::dead_parts(
      program,
      [&](std::size_t pc) {
        return passed({pc, std::nullopt});
      },
      [&](const Analysis::Edge& edge) {
        return passed({edge.from, edge.to});
      });
  for (const Finding& finding : dead)
    meaning.remarks.push_back(remark(finding, std::endian::little));
  return meaning;
}

}  // namespace

Meaning meaning_of(const Program& program, const Semantics& semantics,
                   const symbolic::Budget& budget) {
  auto meaning = by_diagrams(program, semantics, budget);
  if (meaning) return std::move(*meaning);
  return by_decider(program, semantics, budget, meaning.error());
}

}  // namespace assay::tool
