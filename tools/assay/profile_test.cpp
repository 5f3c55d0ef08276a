// assay profile test: a table of calls and the verdicts expected for them, proven over all
// inputs of each row.
#include "assay/profile/table_test.hpp"
#include "assay/report/junit.hpp"
#include "assay/text/rejection.hpp"
#include "assay/text/verdict.hpp"
#include "assay/verify/accept.hpp"
#include "budget_options.hpp"
#include "filters.hpp"
#include "profile_actions.hpp"
#include "profile_options.hpp"
#include "witness_record.hpp"

namespace assay::tool {
namespace {

using profile::CaseResult;
using profile::Coverage;
using profile::Table;
using profile::TableCase;
using profile::TableResult;
using profile::Target;

using Programs = std::vector<verify::Program>;

// What a pipe into the browser shows of those that are not covered.
constexpr std::size_t most_missed = 10;

ExitStatus complain_of_input(const load::InputError& error) {
  complain(load::describe(error));
  return status_of(error);
}

tl::expected<Table, ExitStatus> read_table(const CommandLine& line) {
  if (!line.has("table")) return tl::unexpected(line.usage("expected --table FILE"));
  const std::string path = line.text("table");
  auto file = load::InputFile::open(path);
  if (!file) return tl::unexpected(complain_of_input(file.error()));
  const auto text = load::read_up_to(*file, profile::profile_limit);
  if (!text) return tl::unexpected(complain_of_input(text.error()));
  auto table = profile::read_table(*text);
  if (table) return std::move(*table);
  load::InputError error{.kind = load::InputErrorKind::Malformed,
                         .file = path,
                         .found = table.error().found,
                         .expected = table.error().expected,
                         .suggestion = table.error().suggestion};
  error.line = table.error().place.line;
  error.column = table.error().place.column;
  return tl::unexpected(complain_of_input(error));
}

// The filters that the runtime would load, or that of --against.
tl::expected<Programs, ExitStatus> programs_of(const ProfileJob& job, const load::Profile& profile,
                                               const Target& target) {
  if (job.line.has("against")) {
    const std::string argument = job.line.text("against");
    auto stack = load_stack(job.line, {&argument, 1});
    if (!stack) return tl::unexpected(stack.error());
    return std::move(stack->programs);
  }
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

class Telling {
 public:
  Telling(const ProfileJob& job, const load::Profile& profile, const Target& target,
          const Table& table, const TableResult& result)
      : job_(job), profile_(profile), target_(target), table_(table), result_(result) {}

  std::string text() const {
    std::string text;
    for (const CaseResult& each : result_.results) text += case_text(each);
    return text + summary();
  }

  Json json() const {
    Json json = target_json(job_.line, profile_, target_);
    json["cases"] = Json::array();
    for (const CaseResult& each : result_.results) json["cases"].push_back(case_json(each));
    json["passed"] = result_.results.size() - result_.failed();
    json["failed"] = result_.failed();
    json["coverage"] = {{"rules", coverage_json(result_.rules)},
                        {"branches", coverage_json(result_.branches)}};
    json["findings"] = findings_json(all_findings(profile_), profile_.targets.files);
    return json;
  }

  report::JunitSuite junit() const {
    report::JunitSuite suite{title(profile_, target_), {}, summary()};
    for (const CaseResult& each : result_.results) {
      using Outcome = report::JunitCase::Outcome;
      report::JunitCase row{
          std::string(describe(each.arch).token), of(each).name, Outcome::Passed, {}, {}};
      if (!each.passed()) {
        row.outcome = each.violations.empty() ? Outcome::Error : Outcome::Failed;
        row.message = reason(each);
        row.details = details(each);
      }
      suite.cases.push_back(std::move(row));
    }
    return suite;
  }

 private:
  const TableCase& of(const CaseResult& each) const { return table_.cases[each.row]; }

  std::string case_text(const CaseResult& each) const {
    const auto& paint = job_.line.paint();
    const std::string label = std::string(describe(each.arch).token) + ": " + of(each).name;
    if (each.passed())
      return job_.line.quiet() ? "" : paint(Shade::Good, "ok") + " " + label + "\n";
    return paint(Shade::Bad, "FAILED") + " " + label + " (line " +
           std::to_string(of(each).place.line) + "): " + reason(each) + "\n" + details(each);
  }

  std::string reason(const CaseResult& each) const {
    if (each.violations.empty()) return "no call of this arch is meant";
    std::string text = "expected " + of(each).expected_text + ", found ";
    for (std::size_t i = 0; i < each.violations.size(); ++i)
      text += (i == 0 ? "" : ", ") + text::to_text(each.violations[i].verdict);
    return text;
  }

  static std::string details(const CaseResult& each) {
    std::string text;
    for (const profile::Violation& violation : each.violations)
      text += "  " + text::to_text(violation.verdict) + ": " +
              inputs_text(violation.inputs.log2()) + ", such as " + to_options(violation.witness) +
              "\n";
    return text;
  }

  std::string summary() const {
    const std::size_t all = result_.results.size();
    std::string text = title(profile_, target_) + ": " + std::to_string(all - result_.failed()) +
                       " of " + std::to_string(all) + " passed; covers " +
                       in_words(result_.rules, "rules") + ", " +
                       in_words(result_.branches, "branches") + "\n";
    std::size_t told = 0;
    for (const Coverage::Missed& missed : result_.rules.missed) {
      if (++told > most_missed) break;
      text += "  not covered: " + missed.what;
      if (missed.place.line != 0)
        text += " (" + load::where(missed.place, profile_.targets.files) + ")";
      text += ", as in " + to_options(missed.witness) + "\n";
    }
    if (result_.rules.missed.size() > most_missed)
      text += "  and " + std::to_string(result_.rules.missed.size() - most_missed) + " more\n";
    return text;
  }

  static std::string in_words(const Coverage& coverage, std::string_view what) {
    return std::to_string(coverage.covered) + " of " + std::to_string(coverage.total) + " " +
           std::string(what);
  }

  Json case_json(const CaseResult& each) const {
    Json violations = Json::array();
    for (const profile::Violation& violation : each.violations)
      violations.push_back({{"verdict", text::to_text(violation.verdict)},
                            {"witness", to_record(violation.witness)},
                            {"inputs_log2", log2_of(violation.inputs.log2())}});
    const bool none = each.inputs.is_zero();
    return {{"name", of(each).name},
            {"line", of(each).place.line},
            {"arch", describe(each.arch).token},
            {"outcome", each.passed() ? "passed"
                        : none        ? "error"
                                      : "failed"},
            {"expected", of(each).expected_text},
            {"inputs_log2", none ? Json() : log2_of(each.inputs.log2())},
            {"violations", violations}};
  }

  Json coverage_json(const Coverage& coverage) const {
    Json missed = Json::array();
    for (const Coverage::Missed& each : coverage.missed)
      missed.push_back({{"what", each.what},
                        {"line", each.place.line == 0 ? Json() : Json(each.place.line)},
                        {"witness", to_record(each.witness)}});
    return {{"covered", coverage.covered}, {"total", coverage.total}, {"missed", missed}};
  }

  const ProfileJob& job_;
  const load::Profile& profile_;
  const Target& target_;
  const Table& table_;
  const TableResult& result_;
};

ExitStatus write_junit(const CommandLine& line, std::span<const report::JunitSuite> suites) {
  auto file = Output::open(line.text("junit"));
  if (!file) {
    complain(file.error());
    return cannot;
  }
  file->write(report::junit_xml(suites));
  return file->finish(yes);
}

ExitStatus test(const ProfileJob& job, const load::Profile& profile, const Target& target,
                const Table& table, std::vector<report::JunitSuite>& suites) {
  const auto programs = programs_of(job, profile, target);
  if (!programs) return programs.error();
  const auto result = profile::run_table(table, &target, profile.environment, *programs,
                                         {job.budget, job.line.semantics()});
  if (!result) return undecided(title(profile, target), {result.error(), {}}, job.budget);
  const Telling telling(job, profile, target, table, *result);
  job.output.write(job.line.json() ? json_line(telling.json()) : telling.text());
  suites.push_back(telling.junit());
  return result->failed() == 0 ? yes : no;
}

}  // namespace

ExitStatus test_profile(const ProfileJob& job, const load::Profile& profile) {
  const auto table = read_table(job.line);
  if (!table) return table.error();
  std::vector<report::JunitSuite> suites;
  ExitStatus worst = yes;
  for (const Target& target : profile.targets.targets)
    worst = worse(worst, test(job, profile, target, *table, suites));
  if (profile.targets.targets.empty()) {
    complain(load::printable(profile.file) + ": no filter is loaded that could be tested");
    worst = no;
  }
  if (job.line.has("junit")) worst = worse(worst, write_junit(job.line, suites));
  return worst;
}

}  // namespace assay::tool
