// assay audit at work: targets by several threads, what is found as it comes or in order, and
// the same in shares.
#include "audit_job.hpp"

#include <unistd.h>

#include <algorithm>
#include <map>

#include "assay/report/sarif.hpp"
#include "audit_result.hpp"
#include "budget_options.hpp"
#include "in_order.hpp"
#include "long_job.hpp"

namespace assay::tool {
namespace {

using audit::Finding;
using audit::Rule;
using audit::Severity;

// With what --confirm needs to go on from.
struct Audited {
  AuditResult result;
  audit::Target target;
};

Audited audited(const Named& named, const CommandLine& line, const AuditWanted& wanted) {
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
  result.fingerprint = std::move(outline->fingerprint);
  audit::locate(loaded->target, loaded->sources, *outline);
  auto& findings = outline->findings;
  findings.erase(std::remove_if(findings.begin(), findings.end(),
                                [&](const Finding& one) { return one.severity < wanted.shown; }),
                 findings.end());
  result.selected =
      audit::select(named.name, std::move(findings), loaded->suppressions.good, wanted.baseline);
  if (wanted.confirm) audited.target = std::move(loaded->target);
  return audited;
}

// By several threads.
InOrder<Audited> audits(const Items& items, const CommandLine& line, const AuditWanted& wanted,
                        const Targets& targets) {
  return {items, wanted.jobs,
          [&](std::uint64_t item) { return audited(targets[item], line, wanted); }};
}

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

ExitStatus status_of(const AuditResult& result, const AuditWanted& wanted) {
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

// What the findings depend on, beside the targets.
constexpr const char* settings[] = {
    "rule", "ignore", "severity",  "baseline",  "confirm",      "stack",      "kernel",
    "fact", "libc",   "installed", "semantics", "input-format", "node-limit", "time-limit"};

}  // namespace

ExitStatus audit_all(const CommandLine& line, const AuditWanted& wanted, const Targets& targets,
                     Output& output) {
  const bool single = targets.size() == 1;
  const bool on_terminal = ::isatty(STDOUT_FILENO) == 1 && !line.has("output");
  const bool in_order = line.format() != "text" || line.has("details") || !on_terminal;
  Writer writer(line, output, targets.size());
  Confirming confirming;
  ExitStatus worst = yes;
  {
    auto made = audits({0, 1, targets.size()}, line, wanted, targets);
    Progress progress(targets.size(), line.quiet());
    while (auto one = in_order ? made.next() : made.next_finished()) {
      Audited& audited = one->result;
      progress.clear();
      if (wanted.confirm && !audited.result.problem && !audited.result.open)
        if (const auto status = confirming.confirm(audited)) worst = worse(worst, *status);
      complain_of(audited.result, line, single, wanted.options.budget);
      writer.write(audited.result);
      worst = worse(worst, status_of(audited.result, wanted));
      progress.step();
    }
  }
  writer.end();
  return worst;
}

ExitStatus audit_share(const CommandLine& line, const AuditWanted& wanted, const Targets& targets) {
  auto begun = begin_share(line, "audit", settings_of(line, targets.names(), settings));
  if (!begun) return begun.error();
  fleet::Run& run = begun->run;
  ExitStatus& worst = begun->status;
  if (run.complete()) return worst;
  Confirming confirming;
  fleet::Run::Done done;
  const Items items{begun->share.next(run.next()), begun->share.count, targets.size()};
  auto made = audits(items, line, wanted, targets);
  for (auto one = made.next(); one && done; one = made.next()) {
    auto& [item, audited] = *one;
    if (wanted.confirm && !audited.result.problem && !audited.result.open)
      if (const auto status = confirming.confirm(audited)) worst = worse(worst, *status);
    complain_of(audited.result, line, false, wanted.options.budget);
    std::string document = audit_json(audited.result, line.semantics());
    document.pop_back();
    done = run.add(item, document);
    worst = worse(worst, status_of(audited.result, wanted));
    if (done) done = run.reached(item + 1, [&] { return std::to_string(worst); });
  }
  if (done) done = run.finish(targets.size(), "{}", std::to_string(worst));
  return done ? worst : failed(done.error());
}

}  // namespace assay::tool
