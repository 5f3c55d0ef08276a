// assay audit: what is wrong with a filter, and the call that shows it.
#include <algorithm>
#include <fstream>
#include <thread>

#include "assay/audit/machine.hpp"
#include "assay/load/record.hpp"
#include "audit_job.hpp"
#include "budget_options.hpp"
#include "json.hpp"
#include "long_job.hpp"

namespace assay::tool {
namespace {

using audit::Finding;
using audit::Rule;
using audit::Severity;

constexpr Manual manual{
    "audit", "TARGET...", "What is wrong with a filter, how bad it is, and the call that shows it.",
    "TARGET is a FILTER (a file, - for stdin, pid:N/I), a process pid:N with all its filters, a\n"
    "folder, or pid:* for every process under a filter. A finding carries its evidence: calls\n"
    "that the interpreter has run, a proof that was done twice, or a measure. What a finding\n"
    "needs beside the filter (a capability, a sysctl) is printed unless it is known, as it is of\n"
    "a process. In a text, a comment 'assay: ignore RULE: REASON' takes a rule's findings.\n"
    "Exit status: 0 nothing as bad as --fail-on, 1 something, 3 a target that cannot be read.",
    "  $ printf 'ld [nr]\\njeq #59, +0, +1\\nret #ERRNO(1)\\nret #ALLOW\\n' | assay audit - --rule "
    "door-exec\n"
    "  -: 1 filter, 4 instructions, x86_64: 1 high\n"
    "  high      door-exec: running programs is refused by execve and open by execveat\n"
    "            gets through: --arch x86_64 --syscall execveat: ALLOW\n"
    "            is refused: --arch x86_64 --syscall execve: ERRNO(1)\n"
    "            fix: Close both."};

tl::expected<std::vector<std::string>, ExitStatus> read_rules(const CommandLine& line,
                                                              const char* option) {
  std::vector<std::string> ids;
  std::vector<std::string_view> known;
  for (const Rule& rule : audit::rules()) known.push_back(rule.id);
  for (const std::string& list : line.texts(option)) {
    for (std::size_t start = 0; start <= list.size();) {
      const auto end = std::min(list.find(',', start), list.size());
      const std::string id = list.substr(start, end - start);
      if (audit::find_rule(id) == nullptr)
        return tl::unexpected(line.usage("option '--" + std::string(option) + "': found '" +
                                         load::printable(id) + "', expected a rule" +
                                         did_you_mean(id, known)));
      ids.push_back(id);
      start = end + 1;
    }
  }
  return ids;
}

tl::expected<Severity, ExitStatus> read_severity(const CommandLine& line, const char* option,
                                                 Severity otherwise) {
  if (!line.has(option) || (otherwise == Severity::High && line.text(option) == "never"))
    return otherwise;
  if (const auto severity = audit::find_severity(line.text(option))) return *severity;
  return tl::unexpected(line.usage("option '--" + std::string(option) + "': found '" +
                                   load::printable(line.text(option)) +
                                   "', expected info, low, medium, high or critical"));
}

std::optional<bool> yes_or_no(std::string_view text) {
  if (text == "yes") return true;
  if (text == "no") return false;
  return std::nullopt;
}

// NAME=VALUE: ia32, x32, compat with yes or no; a sysctl with a number.
bool set_fact(audit::Machine& machine, const std::string& fact) {
  const auto equals = fact.find('=');
  if (equals == std::string::npos) return false;
  const std::string name = fact.substr(0, equals);
  const std::string value = fact.substr(equals + 1);
  std::optional<bool>* const ability = name == "ia32"     ? &machine.ia32
                                       : name == "x32"    ? &machine.x32
                                       : name == "compat" ? &machine.compat
                                                          : nullptr;
  if (ability != nullptr) {
    *ability = yes_or_no(value);
    return ability->has_value();
  }
  const auto number = load::parse_value(value);
  if (!number || name.find('.') == std::string::npos) return false;
  machine.sysctls[name] = static_cast<std::int64_t>(*number);
  return true;
}

std::optional<ExitStatus> read_surroundings(const CommandLine& line, AuditWanted& wanted) {
  const auto kernel = line.choice("kernel", {"unknown", "running"});
  const auto libc = line.choice("libc", {"unknown", "glibc", "musl"});
  const auto installed = line.choice("installed", {"unknown", "before-exec", "after-start"});
  if (!kernel) return kernel.error();
  if (!libc) return libc.error();
  if (!installed) return installed.error();
  audit::Surroundings& surroundings = wanted.surroundings;
  if (*kernel == "running") surroundings.machine = audit::running_machine();
  if (line.has("semantics") || *kernel == "unknown")
    surroundings.machine.semantics = line.semantics();
  surroundings.libc = *libc == "glibc"  ? audit::Libc::Glibc
                      : *libc == "musl" ? audit::Libc::Musl
                                        : audit::Libc::Unknown;
  surroundings.installed = *installed == "before-exec"   ? audit::Installed::BeforeExec
                           : *installed == "after-start" ? audit::Installed::AfterStart
                                                         : audit::Installed::Unknown;
  for (const std::string& fact : line.texts("fact")) {
    if (!set_fact(surroundings.machine, fact))
      return line.usage("option '--fact': found '" + load::printable(fact) +
                        "', expected ia32=yes|no, x32=yes|no, compat=yes|no or a sysctl such as "
                        "kernel.io_uring_disabled=2");
  }
  return std::nullopt;
}

// Keys of an earlier `assay audit --format json`.
std::optional<ExitStatus> read_baseline(const CommandLine& line, AuditWanted& wanted) {
  if (!line.has("baseline")) return std::nullopt;
  const std::string name = line.text("baseline");
  std::ifstream input(name);
  std::size_t number = 0;
  for (std::string text; std::getline(input, text);) {
    ++number;
    const Json json = Json::parse(text, nullptr, false);
    if (!json.is_object() || !json.contains("target") || !json.contains("findings")) {
      complain(load::printable(name) + ": line " + std::to_string(number) +
               ": expected a line of 'assay audit --format json'");
      return bad_input;
    }
    for (const Json& row : json["findings"]) {
      Finding finding;
      finding.rule = row.value("rule", "");
      finding.subject = row.value("subject", "");
      wanted.baseline.insert(audit::key(json["target"].get<std::string>(), finding));
    }
  }
  if (number > 0) return std::nullopt;
  complain(load::printable(name) + ": cannot be read, or is empty");
  return bad_input;
}

tl::expected<AuditWanted, ExitStatus> read_wanted(const CommandLine& line) {
  AuditWanted wanted;
  const auto only = read_rules(line, "rule");
  const auto ignore = read_rules(line, "ignore");
  if (!only) return tl::unexpected(only.error());
  if (!ignore) return tl::unexpected(ignore.error());
  wanted.options.only = *only;
  wanted.options.ignore = *ignore;
  const auto budget = read_budget(line);
  if (!budget) return tl::unexpected(budget.error());
  wanted.options.budget = *budget;
  if (line.json() || is_job(line)) wanted.options.fingerprint = line.semantics();
  const auto shown = read_severity(line, "severity", Severity::Info);
  const auto fail_on = read_severity(line, "fail-on", Severity::High);
  if (!shown) return tl::unexpected(shown.error());
  if (!fail_on) return tl::unexpected(fail_on.error());
  wanted.shown = *shown;
  wanted.fail_on = *fail_on;
  if (line.text("fail-on") == "never") wanted.fail_on.reset();
  const unsigned processors = std::max(1U, std::thread::hardware_concurrency());
  const auto jobs = read_jobs(line, processors);
  if (!jobs) return tl::unexpected(jobs.error());
  wanted.jobs = *jobs;
  wanted.confirm = line.has("confirm");
  if (const auto status = read_surroundings(line, wanted)) return tl::unexpected(*status);
  if (const auto status = read_baseline(line, wanted)) return tl::unexpected(*status);
  return wanted;
}

std::string references_text(const Rule& rule) {
  std::string text;
  for (const std::string_view reference : rule.references)
    text += "  " + std::string(reference) + "\n";
  return text;
}

std::string rule_text(const Rule& rule) {
  return std::string(rule.id) + " (" + std::string(name(rule.severity)) + ", " +
         std::string(name(rule.evidence)) + ")\n" + std::string(rule.title) +
         "\n\nAsks: " + std::string(rule.question) + "\n\n" + std::string(rule.explanation) +
         "\n\nWhat to do: " + std::string(rule.advice) + "\n\nSee:\n" + references_text(rule);
}

std::string rule_json(const Rule& rule, const seccomp::Semantics& semantics) {
  Json json = json_document(semantics);
  json["rule"] = rule.id;
  json["family"] = name(rule.family);
  json["title"] = rule.title;
  json["severity"] = name(rule.severity);
  json["evidence"] = name(rule.evidence);
  json["question"] = rule.question;
  json["explanation"] = rule.explanation;
  json["advice"] = rule.advice;
  json["references"] = rule.references;
  return json_line(json);
}

ExitStatus list_rules(const CommandLine& line, Output& output) {
  for (const Rule& rule : audit::rules()) {
    if (line.json()) {
      output.write(rule_json(rule, line.semantics()));
    } else {
      std::string id(rule.id);
      id.resize(std::max<std::size_t>(id.size(), 28), ' ');
      output.write(id + std::string(rule.title) + "\n");
    }
  }
  return output.finish(yes);
}

ExitStatus explain_rule(const CommandLine& line, Output& output) {
  const auto ids = read_rules(line, "explain");
  if (!ids) return ids.error();
  for (const std::string& id : *ids) {
    const Rule& rule = *audit::find_rule(id);
    output.write(line.json() ? rule_json(rule, line.semantics()) : rule_text(rule));
  }
  return output.finish(yes);
}

tl::expected<Targets, ExitStatus> read_targets(const CommandLine& line) {
  auto operands = operands_and_listed(line);
  if (!operands) return tl::unexpected(operands.error());
  if (operands->empty() && !line.has("targets"))
    return tl::unexpected(line.usage("expected a TARGET"));
  if (std::count(operands->begin(), operands->end(), "-") > 1)
    return tl::unexpected(line.usage("stdin can be one TARGET only"));
  return Targets(expand(std::move(*operands), line), line.has("stack"));
}

}  // namespace

ExitStatus run_audit(const Arguments& arguments) {
  CommandLine line(manual);
  line.accept_format("sarif");
  line.add_input_format();
  line.add({
      {"rule", OptionKind::Texts, "RULE", "only this one (repeatable, or a list with commas)"},
      {"ignore", OptionKind::Texts, "RULE", "not this one"},
      {"severity", OptionKind::Text, "S",
       "info|low|medium|high|critical: tell what is at least so bad"},
      {"fail-on", OptionKind::Text, "S",
       "exit 1 if something is at least so bad, or never; the default is high"},
      {"baseline", OptionKind::Text, "FILE",
       "only what is not in this result of 'assay audit --format json'"},
      {"confirm", OptionKind::Flag, "", "put every call of the evidence before the running kernel"},
      {"stack", OptionKind::Flag, "", "the targets are one stack, oldest first"},
      {"targets", OptionKind::Text, "FILE", "further targets, a line each; - is stdin"},
      {"details", OptionKind::Flag, "",
       "of many targets, too, all findings instead of a line each"},
      {"kernel", OptionKind::Text, "WHICH",
       "unknown|running: what is known of the machine; running: this one"},
      {"fact", OptionKind::Texts, "NAME=VALUE",
       "what is known: ia32=no, x32=no, compat=no, kernel.io_uring_disabled=2"},
      {"libc", OptionKind::Text, "NAME", "unknown|glibc|musl of the programs inside"},
      {"installed", OptionKind::Text, "WHEN", "unknown|before-exec|after-start"},
      {"jobs", OptionKind::Text, "J", "targets at a time; the default is one for each processor"},
      {"rules", OptionKind::Flag, "", "list the rules"},
      {"explain", OptionKind::Texts, "RULE", "what a rule asks, why, and what to do"},
  });
  add_budget_options(line);
  add_job_options(line);
  if (const auto status = line.parse(arguments)) return *status;
  if (line.has("rules") || line.has("explain")) {
    auto output = line.open_output();
    if (!output) return output.error();
    return line.has("rules") ? list_rules(line, *output) : explain_rule(line, *output);
  }
  const auto wanted = read_wanted(line);
  if (!wanted) return wanted.error();
  const auto targets = read_targets(line);
  if (!targets) return targets.error();
  if (is_job(line)) return audit_share(line, *wanted, *targets);
  auto output = line.open_output();
  if (!output) return output.error();
  return output->finish(audit_all(line, *wanted, *targets, *output));
}

}  // namespace assay::tool
