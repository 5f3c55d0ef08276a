// assay profile drift: what calls get that are newer than a kernel or a libseccomp.
#include <algorithm>

#include "assay/profile/drift.hpp"
#include "assay/text/rejection.hpp"
#include "assay/text/verdict.hpp"
#include "assay/verify/accept.hpp"
#include "budget_options.hpp"
#include "filters.hpp"
#include "profile_actions.hpp"
#include "profile_options.hpp"

namespace assay::tool {
namespace {

using profile::DriftRow;
using profile::Target;
using Rows = std::vector<DriftRow>;

tl::expected<profile::Since, ExitStatus> read_since(const CommandLine& line) {
  const std::string text = line.text("since", "linux-5.0");
  if (const auto since = profile::find_since(text)) return *since;
  return tl::unexpected(line.usage("option '--since': found '" + load::printable(text, 80) +
                                   "', expected a release such as linux-5.0 or "
                                   "libseccomp-2.5.0, or libseccomp for the installed one" +
                                   did_you_mean(text, profile::known_libseccomps())));
}

using Programs = std::vector<verify::Program>;

tl::expected<Programs, ExitStatus> programs_of(const ProfileJob& job, const load::Profile& profile,
                                               const Target& target) {
  const auto filters = compile(target, profile.environment, job.options.form);
  if (!filters) return tl::unexpected(complain_of(profile, filters.error().refusals));
  Programs programs;
  for (const profile::Filter& filter : *filters) {
    const auto program = verify::accept(filter.instructions, job.line.semantics());
    if (!program) {
      complain(title(profile, target) +
               ": the filter is rejected: " + text::to_text(program.error()));
      return tl::unexpected(no);
    }
    programs.push_back(*program);
  }
  return programs;
}

tl::expected<Rows, ExitStatus> rows_of(const ProfileJob& job, const std::string& title,
                                       const Programs& programs, const profile::Since& since) {
  symbolic::Manager manager(symbolic::Order::fixed(), job.budget);
  const auto function =
      symbolic::VerdictFunction::of_stack(manager, programs, job.line.semantics());
  if (!function) return tl::unexpected(undecided(title, {function.error(), {}}, job.budget));
  const auto arches = profile::told_apart(*function);
  Rows rows = profile::drift_of(*function, arches, since);
  if (manager.exhausted())
    return tl::unexpected(undecided(title, {manager.not_decided(), {}}, job.budget));
  return rows;
}

std::string verdicts_text(const DriftRow& row) {
  std::string text;
  for (const seccomp::Verdict verdict : row.verdicts)
    text += (text.empty() ? "" : " or ") + text::to_text(verdict);
  return text;
}

// "openat2, clone3 and 7 more", wrapped to a line.
std::string listed(const std::vector<std::string>& names) {
  std::string text;
  std::size_t column = 6;
  for (const std::string& name : names) {
    if (column + name.size() > 96) {
      text += "\n     ";
      column = 6;
    }
    text += " " + name;
    column += name.size() + 1;
  }
  return text;
}

std::string to_text(const CommandLine& line, const std::string& title, const Rows& rows) {
  std::size_t breaking = 0;
  for (const DriftRow& row : rows) breaking += row.breaks ? 1 : 0;
  std::string text = title + ": " + std::to_string(rows.size()) + " newer calls, " +
                     std::to_string(breaking) + " with an answer that libraries do not expect\n";
  for (const DriftRow& row : rows)
    if (row.breaks)
      text +=
          "  " +
          line.paint()(Shade::Bad,
                       std::string(describe(row.arch).token) + ": " + std::string(row.call->name)) +
          " (Linux " + std::to_string(row.call->since.major) + "." +
          std::to_string(row.call->since.minor) + "): " + verdicts_text(row) + "; " +
          std::string(row.fallback->who) +
          (row.fallback->need == profile::Need::Enosys ? " wants ENOSYS" : " has no fall-back") +
          "\n";
  // The rest by arch and answer.
  std::vector<std::pair<std::string, std::vector<std::string>>> groups;
  for (const DriftRow& row : rows) {
    const std::string key = std::string(describe(row.arch).token) + ": " + verdicts_text(row);
    auto group = std::find_if(groups.begin(), groups.end(),
                              [&](const auto& each) { return each.first == key; });
    if (group == groups.end()) group = groups.insert(groups.end(), {key, {}});
    group->second.emplace_back(row.call->name);
  }
  for (const auto& [key, names] : groups) text += "  " + key + "\n     " + listed(names) + "\n";
  return text;
}

Json to_json(const DriftRow& row) {
  Json verdicts = Json::array();
  for (const seccomp::Verdict verdict : row.verdicts) verdicts.push_back(text::to_text(verdict));
  return {{"syscall", row.call->name},
          {"arch", describe(row.arch).token},
          {"nr", row.nr},
          {"since",
           std::to_string(row.call->since.major) + "." + std::to_string(row.call->since.minor)},
          {"verdicts", verdicts},
          {"allowed", row.allowed()},
          {"enosys", row.enosys()},
          {"needed_by", row.fallback == nullptr ? Json() : Json(row.fallback->who)},
          {"breaks", row.breaks}};
}

bool breaks_somebody(const Rows& rows) {
  return std::any_of(rows.begin(), rows.end(), [](const DriftRow& row) { return row.breaks; });
}

// `json` has the start of the object, `title` that of the text.
ExitStatus tell(const ProfileJob& job, const std::string& title, Json json, const Rows& rows) {
  if (job.line.json()) {
    json["since"] = job.line.text("since", "linux-5.0");
    json["calls"] = Json::array();
    for (const DriftRow& row : rows) json["calls"].push_back(to_json(row));
    job.output.write(json_line(json));
  } else {
    job.output.write(to_text(job.line, title, rows));
  }
  return breaks_somebody(rows) ? no : yes;
}

}  // namespace

ExitStatus drift_profile(const ProfileJob& job, const load::Profile& profile) {
  const auto since = read_since(job.line);
  if (!since) return since.error();
  ExitStatus worst = yes;
  for (const Target& target : profile.targets.targets) {
    const auto programs = programs_of(job, profile, target);
    const auto rows = programs ? rows_of(job, title(profile, target), *programs, *since)
                               : tl::unexpected(programs.error());
    if (!rows) {
      worst = worse(worst, rows.error());
      continue;
    }
    Json json = target_json(job.line, profile, target);
    json["findings"] = findings_json(all_findings(profile), profile.targets.files);
    worst = worse(worst, tell(job, title(profile, target), std::move(json), *rows));
  }
  return worst;
}

ExitStatus drift_filter(const ProfileJob& job, const std::string& operand) {
  const auto since = read_since(job.line);
  if (!since) return since.error();
  const auto stack = load_stack(job.line, {&operand, 1});
  if (!stack) return stack.error();
  const std::string title = load::printable(operand);
  const auto rows = rows_of(job, title, stack->programs, *since);
  if (!rows) return rows.error();
  Json json = json_document(job.line.semantics());
  json["file"] = operand;
  for (const char* field : {"target", "format", "runtime", "arch"}) json[field] = nullptr;
  json["findings"] = Json::array();
  return tell(job, title, std::move(json), *rows);
}

}  // namespace assay::tool
