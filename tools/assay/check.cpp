// assay check: would the kernel accept it, and what is odd about it.
#include <algorithm>
#include <map>

#include "assay/names/errnos.hpp"
#include "assay/text/rejection.hpp"
#include "assay/verify/findings.hpp"
#include "assay/verify/install.hpp"
#include "budget_options.hpp"
#include "filters.hpp"
#include "install_options.hpp"
#include "json.hpp"
#include "meaning.hpp"

namespace assay::tool {
namespace {

constexpr Manual manual{
    "check", "FILTER...",
    "Says whether Linux would accept each filter, why not, and what is odd about it.",
    "FILTER is a file, - for stdin, or pid:N (the filters of a live process; pid:N/I for one of\n"
    "them, 0 = oldest).\n"
    "Exit status: 0 all accepted, 1 some rejected, 3 some unreadable or malformed (the others are\n"
    "checked all the same), 5 what it means was not decided within the budget; of several the\n"
    "highest.",
    "  $ printf 'ld [nr]\\nret #ERRNO(1)\\nret #ALLOW\\n' | assay check -\n"
    "  -: accepted, 3 instructions, chain length 8, returns ERRNO(1)\n"
    "    2: unreachable: no path leads here"};

struct Checked {
  verify::InstallResult result;
  std::optional<verify::Program> program;  // accepted as a filter, installed or not
  std::uint32_t chain_length = 0;
  Meaning meaning;
  std::vector<Remark> findings;  // about structure and meaning
};

std::string count_of(std::size_t count, std::string_view noun) {
  return std::to_string(count) + " " + std::string(noun) + (count == 1 ? "" : "s");
}

std::string message(const verify::Finding& finding) {
  switch (finding.kind) {
    case verify::FindingKind::Unreachable:
      return finding.count == 1
                 ? "no path leads here"
                 : "no path leads to these " + count_of(finding.count, "instruction");
    case verify::FindingKind::SameTargets:
      return "both sides of the condition go to the same place";
    case verify::FindingKind::JumpToNext: return "the jump goes to the next instruction";
    case verify::FindingKind::UnusedField:
      return std::string(name(finding.field)) + " is set, and the kernel ignores it";
    case verify::FindingKind::DuplicateReturn:
      return "returns the same value as instruction " + std::to_string(finding.first);
  }
  return "";
}

Remark remark(const verify::Finding& finding) {
  Remark result{finding.insn, std::string(name(finding.kind)), message(finding), Json::object()};
  if (finding.kind == verify::FindingKind::Unreachable) result.more["count"] = finding.count;
  if (finding.kind == verify::FindingKind::DuplicateReturn) result.more["first"] = finding.first;
  if (finding.kind == verify::FindingKind::UnusedField) result.more["field"] = name(finding.field);
  return result;
}

// Of one instruction those about its structure first.
std::vector<Remark> findings_of(const verify::Program& program, const Meaning& meaning) {
  std::vector<Remark> result;
  for (const verify::Finding& finding : verify::structural_findings(program))
    result.push_back(remark(finding));
  result.insert(result.end(), meaning.remarks.begin(), meaning.remarks.end());
  std::stable_sort(result.begin(), result.end(),
                   [](const Remark& a, const Remark& b) { return a.insn < b.insn; });
  return result;
}

Checked check(const load::Filter& filter, const Circumstances& circumstances,
              const seccomp::Semantics& semantics, const symbolic::Budget& budget) {
  Checked checked;
  verify::InstallRequest request;
  request.instructions = filter.instructions;
  request.flags = circumstances.flags;
  checked.result = verify::install_result(request, circumstances.installer, semantics);
  const auto program = verify::accept(filter.instructions, semantics);
  if (!program) return checked;
  checked.program = *program;
  checked.chain_length = verify::chain_cost(*program, circumstances.installer.blinding, semantics);
  checked.meaning = meaning_of(*program, semantics, budget);
  checked.findings = findings_of(*program, checked.meaning);
  return checked;
}

std::string reason(const Checked& checked) {
  if (checked.result.rejection) return text::to_text(*checked.result.rejection);
  return std::string(sentence(checked.result.kind));
}

std::string_view kind(const Checked& checked) {
  const verify::InstallResult& result = checked.result;
  return result.rejection ? name(result.rejection->kind) : name(result.kind);
}

Json to_json(const Remark& remark) {
  Json json{{"kind", remark.kind}, {"insn", remark.insn}, {"message", remark.message}};
  json.update(remark.more);
  return json;
}

std::string to_json(const load::Filter& filter, const Checked& checked,
                    const seccomp::Semantics& semantics) {
  const verify::InstallResult& result = checked.result;
  Json json = json_document(semantics);
  json["file"] = filter.file;
  json["insns"] = filter.instructions.size();
  json["accepted"] = result.installed();
  json["errno"] = result.installed() ? Json() : Json(result.error);
  const bool at = result.rejection && result.rejection->insn;
  json["insn"] = at ? Json(*result.rejection->insn) : Json();
  json["kind"] = result.installed() ? Json() : Json(kind(checked));
  json["reason"] = result.installed() ? Json() : Json(reason(checked));
  json["chain_length"] = checked.program ? Json(checked.chain_length) : Json();
  json["returns"] = checked.meaning.returns ? Json(*checked.meaning.returns) : Json();
  json["findings"] = Json::array();
  for (const Remark& finding : checked.findings) json["findings"].push_back(to_json(finding));
  if (checked.meaning.open) json["not_decided"] = counters_json(*checked.meaning.open);
  return json_line(json);
}

// A filter that returns A may return thousands of values.
std::string returns_text(const Meaning& meaning) {
  constexpr std::size_t most = 8;
  if (!meaning.returns) return "";
  std::string text;
  for (std::size_t i = 0; i < std::min(most, meaning.returns->size()); ++i)
    text += (i == 0 ? ", returns " : ", ") + (*meaning.returns)[i];
  const std::size_t left = meaning.returns->size() - std::min(most, meaning.returns->size());
  return left == 0 ? text : text + " and " + std::to_string(left) + " more";
}

// The first of each kind; a search tree may have hundreds of conditions that always hold.
std::string findings_text(const std::vector<Remark>& findings, const Paint& paint) {
  constexpr std::size_t most = 10;
  std::string text;
  std::map<std::string, std::size_t> seen;
  for (const Remark& finding : findings)
    if (++seen[finding.kind] <= most)
      text += "  " + std::to_string(finding.insn) + ": " + paint(Shade::Notice, finding.kind) +
              ": " + finding.message + "\n";
  for (const auto& [kind, count] : seen)
    if (count > most)
      text += "  and " + std::to_string(count - most) + " more " + paint(Shade::Notice, kind) +
              " (--format json has all)\n";
  return text;
}

std::string to_text(const load::Filter& filter, const Checked& checked, const CommandLine& line) {
  const verify::InstallResult& result = checked.result;
  std::string text = load::printable(filter.file) + ": ";
  if (result.installed()) {
    text += line.paint()(Shade::Good, "accepted") + ", " +
            count_of(filter.instructions.size(), "instruction") + ", chain length " +
            std::to_string(checked.chain_length) + returns_text(checked.meaning) + "\n";
  } else {
    const auto number = static_cast<std::uint32_t>(result.error);
    const auto symbol = names::errno_name(line.semantics().machine, number);
    text += line.paint()(Shade::Bad, "rejected") + " (" +
            (symbol ? std::string(*symbol) : std::to_string(number)) + "): " + reason(checked) +
            "\n";
  }
  text += findings_text(checked.findings, line.paint());
  return text;
}

}  // namespace

ExitStatus run_check(const Arguments& arguments) {
  CommandLine line(manual);
  line.add_input_format();
  add_install_options(line);
  add_budget_options(line);
  if (const auto status = line.parse(arguments)) return *status;
  if (line.operands().empty()) return line.usage("expected a FILTER");
  auto circumstances = read_install_options(line);
  if (!circumstances) return circumstances.error();
  const auto budget = read_budget(line);
  if (!budget) return budget.error();
  auto output = line.open_output();
  if (!output) return output.error();

  const ExitStatus status = for_each_filter(line, [&](const load::Filter& filter) {
    const Checked checked = check(filter, *circumstances, line.semantics(), *budget);
    output->write(line.json() ? to_json(filter, checked, line.semantics())
                              : to_text(filter, checked, line));
    const bool installed = checked.result.installed();
    if (line.has("stack") && installed)
      circumstances->installer.attached.push_back(checked.chain_length);
    if (checked.meaning.open) return undecided(filter.file, *checked.meaning.open, *budget);
    return installed ? yes : no;
  });
  return output->finish(status);
}

}  // namespace assay::tool
