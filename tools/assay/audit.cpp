// assay audit: what is wrong with a filter, and the call that shows it.
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <fstream>
#include <map>
#include <mutex>
#include <thread>

#include "assay/audit/machine.hpp"
#include "assay/load/record.hpp"
#include "assay/report/sarif.hpp"
#include "audit_result.hpp"
#include "budget_options.hpp"
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

struct Wanted {
  audit::Options options;
  audit::Surroundings surroundings;
  Severity shown = Severity::Info;
  std::optional<Severity> fail_on = Severity::High;  // none: never
  std::set<std::string> baseline;
  unsigned jobs = 1;
  bool confirm = false;
};

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

std::optional<ExitStatus> read_surroundings(const CommandLine& line, Wanted& wanted) {
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
std::optional<ExitStatus> read_baseline(const CommandLine& line, Wanted& wanted) {
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

tl::expected<Wanted, ExitStatus> read_wanted(const CommandLine& line) {
  Wanted wanted;
  const auto only = read_rules(line, "rule");
  const auto ignore = read_rules(line, "ignore");
  if (!only) return tl::unexpected(only.error());
  if (!ignore) return tl::unexpected(ignore.error());
  wanted.options.only = *only;
  wanted.options.ignore = *ignore;
  const auto budget = read_budget(line);
  if (!budget) return tl::unexpected(budget.error());
  wanted.options.budget = *budget;
  const auto shown = read_severity(line, "severity", Severity::Info);
  const auto fail_on = read_severity(line, "fail-on", Severity::High);
  if (!shown) return tl::unexpected(shown.error());
  if (!fail_on) return tl::unexpected(fail_on.error());
  wanted.shown = *shown;
  wanted.fail_on = *fail_on;
  if (line.text("fail-on") == "never") wanted.fail_on.reset();
  const unsigned processors = std::max(1U, std::thread::hardware_concurrency());
  const auto jobs = line.number("jobs", 1, 1024, processors);
  if (!jobs) return tl::unexpected(jobs.error());
  wanted.jobs = *jobs;
  wanted.confirm = line.has("confirm");
  if (const auto status = read_surroundings(line, wanted)) return tl::unexpected(*status);
  if (const auto status = read_baseline(line, wanted)) return tl::unexpected(*status);
  return wanted;
}

// With what --confirm needs to go on from.
struct Audited {
  AuditResult result;
  audit::Target target;
};

Audited audited(const Named& named, const CommandLine& line, const Wanted& wanted) {
  Audited audited;
  AuditResult& result = audited.result;
  result.target = named.name;
  auto loaded = load_target(named, line, wanted.surroundings);
  if (!loaded) {
    result.problem = loaded.error();
    return audited;
  }
  result.filters = loaded->target.filters.size();
  result.insns = loaded->insns;
  result.bad_suppressions = loaded->suppressions.bad;
  auto outline = audit::audit(loaded->target, wanted.options);
  if (!outline) {
    result.open = outline.error();
    return audited;
  }
  result.machine = outline->machine;
  auto& findings = outline->findings;
  findings.erase(std::remove_if(findings.begin(), findings.end(),
                                [&](const Finding& one) { return one.severity < wanted.shown; }),
                 findings.end());
  result.selected =
      audit::select(named.name, std::move(findings), loaded->suppressions.good, wanted.baseline);
  if (wanted.confirm) audited.target = std::move(loaded->target);
  return audited;
}

// Workers audit ahead of who takes the results, by a few targets and no more.
class Audits {
 public:
  Audits(const std::vector<Named>& targets, const CommandLine& line, const Wanted& wanted)
      : targets_(targets), line_(line), wanted_(wanted) {
    constexpr std::size_t ahead = 4;
    const std::size_t count = std::min<std::size_t>(wanted.jobs, targets.size());
    window_ = ahead * count;
    for (std::size_t i = 0; i < count; ++i) workers_.emplace_back([this] { work(); });
  }
  Audits(const Audits&) = delete;
  Audits& operator=(const Audits&) = delete;
  ~Audits() {
    {
      const std::lock_guard lock(mutex_);
      stopped_ = true;
    }
    changed_.notify_all();
    for (std::thread& worker : workers_) worker.join();
  }

  // In the order of the targets, or as they finish; nothing after the last one.
  std::optional<Audited> next(bool in_order) {
    std::unique_lock lock(mutex_);
    if (taken_ == targets_.size()) return std::nullopt;
    changed_.wait(lock, [&] { return in_order ? done_.contains(taken_) : !done_.empty(); });
    auto node = done_.extract(in_order ? taken_ : done_.begin()->first);
    ++taken_;
    lock.unlock();
    changed_.notify_all();
    return std::move(node.mapped());
  }

 private:
  void work() {
    while (true) {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] {
        return stopped_ || started_ == targets_.size() || started_ < taken_ + window_;
      });
      if (stopped_ || started_ == targets_.size()) return;
      const std::size_t index = started_++;
      lock.unlock();
      Audited one = audited(targets_[index], line_, wanted_);
      lock.lock();
      done_.emplace(index, std::move(one));
      lock.unlock();
      changed_.notify_all();
    }
  }

  const std::vector<Named>& targets_;
  const CommandLine& line_;
  const Wanted& wanted_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::size_t, Audited> done_;
  std::size_t window_ = 0;  // targets that may be started and not taken
  std::size_t started_ = 0;
  std::size_t taken_ = 0;
  bool stopped_ = false;
  std::vector<std::thread> workers_;
};

// On a terminal a line that is written over: how far, and what was found so far.
class Progress {
 public:
  explicit Progress(std::size_t total, bool quiet)
      : total_(total), on_(!quiet && total > 1 && ::isatty(STDERR_FILENO) == 1) {}
  ~Progress() { clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void step() {
    if (!on_) return;
    constexpr std::size_t width = 30;
    ++done_;
    const std::size_t full = width * done_ / total_;
    const std::string bar = std::string(full, '#') + std::string(width - full, '.');
    const std::string text =
        "\r[" + bar + "] " + std::to_string(done_) + "/" + std::to_string(total_) + "\x1b[K";
    (void)!::write(STDERR_FILENO, text.data(), text.size());
  }
  void clear() {
    constexpr std::string_view erase = "\r\x1b[K";
    if (on_ && done_ > 0) (void)!::write(STDERR_FILENO, erase.data(), erase.size());
  }

 private:
  std::size_t total_;
  std::size_t done_ = 0;
  bool on_;
};

// The worst targets, for the end of a long list.
class Summary {
 public:
  void add(const AuditResult& result) {
    if (result.problem || result.open) {
      ++failed_;
      return;
    }
    ++audited_;
    for (const Finding& finding : result.findings()) ++rules_[finding.rule];
    const auto worst = result.worst();
    if (!worst || *worst < Severity::Medium) return;
    const auto count =
        std::count_if(result.findings().begin(), result.findings().end(),
                      [&](const Finding& finding) { return finding.severity == *worst; });
    worst_.emplace_back(std::pair(*worst, count), result.target);
    std::stable_sort(worst_.begin(), worst_.end(),
                     [](const auto& a, const auto& b) { return a.first > b.first; });
    if (worst_.size() > most) worst_.pop_back();
  }

  std::string text() const {
    std::string text = "\n" + std::to_string(audited_) + " audited";
    if (failed_ > 0) text += ", " + std::to_string(failed_) + " could not be";
    text += "\n";
    if (!worst_.empty()) text += "The worst:\n";
    for (const auto& [badness, target] : worst_)
      text += "  " + std::to_string(badness.second) + " " + std::string(name(badness.first)) +
              "  " + text::printable(target) + "\n";
    if (!rules_.empty()) text += "By rule:\n";
    for (const Rule& rule : audit::rules())
      if (const auto found = rules_.find(std::string(rule.id)); found != rules_.end())
        text += "  " + std::to_string(found->second) + "  " + found->first + "\n";
    return text;
  }

 private:
  static constexpr std::size_t most = 10;
  std::size_t audited_ = 0;
  std::size_t failed_ = 0;
  std::map<std::string, std::size_t> rules_;
  std::vector<std::pair<std::pair<Severity, std::ptrdiff_t>, std::string>> worst_;
};

class Writer {
 public:
  Writer(const CommandLine& line, Output& output, std::size_t targets)
      : line_(line), output_(output), single_(targets == 1), sarif_(line.format() == "sarif") {
    if (sarif_) output_.write(report::sarif_begin(version));
  }

  void write(const AuditResult& result) {
    if (sarif_) {
      if (result.problem) problems_.push_back(result.problem->sentence);
      output_.write(report::sarif_results(
          {result.target, result.findings(), result.selected.suppressed}, first_));
    } else if (line_.json()) {
      output_.write(audit_json(result, line_.semantics()));
    } else if (!single_ && !line_.has("details")) {
      output_.write(audit_line(result, line_.paint()));
      output_.flush();
    } else if (!result.problem && !result.open) {
      output_.write(audit_text(result, line_.paint(), line_.semantics()));
    }
    summary_.add(result);
  }

  void end() {
    if (sarif_) output_.write(report::sarif_end(problems_));
    if (!sarif_ && !line_.json() && !single_) output_.write(summary_.text());
  }

 private:
  const CommandLine& line_;
  Output& output_;
  bool single_;
  bool sarif_;
  bool first_ = true;
  std::vector<std::string> problems_;
  Summary summary_;
};

ExitStatus status_of(const AuditResult& result, const Wanted& wanted) {
  if (result.problem) return result.problem->status;
  if (result.open) return not_decided;
  const auto worst = result.worst();
  return worst && wanted.fail_on && *worst >= *wanted.fail_on ? no : yes;
}

// Opens the oracle at its first use: it belongs to the thread that does.
class Confirming {
 public:
  std::optional<ExitStatus> confirm(Audited& audited) {
    if (!oracle_) {
      auto opened = kernel::Oracle::open();
      if (!opened) {
        complain("--confirm: " + std::string(kernel::describe(opened.error().lack)));
        return cannot;
      }
      oracle_.emplace(std::move(*opened));
    }
    const auto confirmation =
        audit::confirm(*oracle_, audited.target, audited.result.selected.told);
    if (!confirmation) {
      complain("--confirm: " + std::string(kernel::describe(confirmation.error().kind)));
      return cannot;
    }
    audited.result.confirmation = *confirmation;
    if (confirmation->mismatches > 0)
      complain(text::printable(audited.result.target) + ": the kernel contradicts " +
               std::to_string(confirmation->mismatches) + " calls");
    return confirmation->mismatches > 0 ? std::optional(no) : std::nullopt;
  }

 private:
  std::optional<kernel::Oracle> oracle_;
};

void complain_of(const AuditResult& result, const CommandLine& line, bool single,
                 const symbolic::Budget& budget) {
  const bool in_results = !single || line.json();
  if (result.problem && (!in_results || line.format() == "sarif"))
    complain(result.problem->sentence);
  if (result.open) undecided(result.target, {*result.open, std::nullopt}, budget);
  for (const audit::BadSuppression& bad : result.bad_suppressions)
    complain(text::printable(result.target) + ": " + describe(bad));
}

ExitStatus audit_all(const CommandLine& line, const Wanted& wanted,
                     const std::vector<Named>& targets, Output& output) {
  const bool single = targets.size() == 1;
  const bool on_terminal = ::isatty(STDOUT_FILENO) == 1 && !line.has("output");
  const bool in_order = line.format() != "text" || line.has("details") || !on_terminal;
  Writer writer(line, output, targets.size());
  Confirming confirming;
  ExitStatus worst = yes;
  {
    Audits audits(targets, line, wanted);
    Progress progress(targets.size(), line.quiet());
    while (auto one = audits.next(in_order)) {
      progress.clear();
      if (wanted.confirm && !one->result.problem && !one->result.open)
        if (const auto status = confirming.confirm(*one)) worst = worse(worst, *status);
      complain_of(one->result, line, single, wanted.options.budget);
      writer.write(one->result);
      worst = worse(worst, status_of(one->result, wanted));
      progress.step();
    }
  }
  writer.end();
  return worst;
}

// What the findings depend on, beside the targets.
constexpr const char* settings[] = {
    "rule", "ignore", "severity",  "baseline",  "confirm",      "stack",      "kernel",
    "fact", "libc",   "installed", "semantics", "input-format", "node-limit", "time-limit"};

// As a job: item k is target k.
ExitStatus audit_share(const CommandLine& line, const Wanted& wanted,
                       const std::vector<Named>& targets) {
  const auto share = share_of(line);
  if (!share) return share.error();
  std::vector<std::string> names;
  for (const Named& target : targets) names.push_back(target.name);
  auto run = open_run(line, "audit", settings_of(line, names, settings));
  if (!run) return run.error();
  const auto saved = saved_status(*run);
  if (!saved) return saved.error();
  ExitStatus worst = *saved;
  if (run->complete()) return worst;
  std::vector<Named> left;
  for (std::uint64_t item = share->next(run->next()); item < targets.size();
       item = share->next(item + 1))
    left.push_back(targets[item]);
  Confirming confirming;
  fleet::Run::Done done;
  std::uint64_t item = share->next(run->next());
  Audits audits(left, line, wanted);
  for (auto one = audits.next(true); one && done; one = audits.next(true)) {
    if (wanted.confirm && !one->result.problem && !one->result.open)
      if (const auto status = confirming.confirm(*one)) worst = worse(worst, *status);
    complain_of(one->result, line, false, wanted.options.budget);
    std::string document = audit_json(one->result, line.semantics());
    document.pop_back();
    done = run->add(item, document);
    worst = worse(worst, status_of(one->result, wanted));
    if (done) done = run->reached(item + 1, [&] { return std::to_string(worst); });
    item = share->next(item + 1);
  }
  if (done) done = run->finish(targets.size(), "{}", std::to_string(worst));
  return done ? worst : failed(done.error());
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

tl::expected<std::vector<Named>, ExitStatus> read_targets(const CommandLine& line) {
  const auto operands = operands_and_listed(line);
  if (!operands) return tl::unexpected(operands.error());
  if (operands->empty() && !line.has("targets"))
    return tl::unexpected(line.usage("expected a TARGET"));
  if (std::count(operands->begin(), operands->end(), "-") > 1)
    return tl::unexpected(line.usage("stdin can be one TARGET only"));
  return expand(*operands, line.has("stack"), line);
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
