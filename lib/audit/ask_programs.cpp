// Questions about what the program inside will run into. Which calls matter depends on libc and
// on when the filter is installed; a filter under which execve is open starts programs anew.
#include <algorithm>

#include "assay/names/errnos.hpp"
#include "audit/call.hpp"

namespace assay::audit {

using seccomp::Action;
using seccomp::Verdict;

namespace {

bool is_open(const Abi& abi, std::string_view call) {
  const Treatment* const treatment = abi.find(call);
  return treatment != nullptr && !treatment->never_open();
}

// The ABI has it, and no input of it gets through or to somebody who could carry it out.
bool is_closed(const Abi& abi, std::string_view call) {
  const Treatment* const treatment = abi.find(call);
  return treatment != nullptr && treatment->never_open() && treatment->mediated().is_never() &&
         treatment->fake().is_never();
}

bool kills(const Inquiry& inquiry, const Abi& abi, std::string_view call) {
  const auto verdicts = abi.find(call)->function().verdicts();
  return std::any_of(verdicts.begin(), verdicts.end(), [&](Verdict verdict) {
    const Action action = verdict.action(inquiry.semantics());
    return action == Action::KillProcess || action == Action::KillThread ||
           action == Action::Unknown;
  });
}

Exhibit refused(const Inquiry& inquiry, const Abi& abi, std::string_view call) {
  return inquiry.exhibit("is refused", abi.input(*abi.number(call), {}));
}

// A call that libc tries first, what it falls back to after ENOSYS, and who does so.
struct Fallback {
  std::string_view call;
  std::string_view older;
  Libc libc;  // Unknown: not libc alone
  std::string_view who;
};
constexpr auto fallbacks = std::to_array<Fallback>({
    {"clone3", "clone", Libc::Glibc, "glibc 2.34 and later: threads, posix_spawn, system"},
    {"faccessat2", "faccessat", Libc::Glibc, "glibc 2.33 and later: faccessat with flags"},
    {"statx", "newfstatat", Libc::Unknown, "runtimes of Rust, Qt, Java; 32-bit glibc at start"},
    {"statx", "fstat64", Libc::Glibc, "32-bit glibc at start"},
    {"openat2", "openat", Libc::Unknown, "container runtimes, systemd"},
    {"fchmodat2", "fchmodat", Libc::Glibc, "glibc 2.39 and later: fchmodat with flags"},
    {"preadv2", "preadv", Libc::Glibc, "glibc: preadv2"},
    {"pwritev2", "pwritev", Libc::Glibc, "glibc: pwritev2"},
    {"clock_gettime64", "clock_gettime", Libc::Unknown, "32-bit libc with 64-bit time"},
});

bool concerns(const Inquiry& inquiry, Libc libc) {
  const Libc known = inquiry.target().surroundings.libc;
  return libc == Libc::Unknown || known == Libc::Unknown || known == libc;
}

void ask_fallbacks(const Inquiry& inquiry, const Abi& abi) {
  std::vector<std::string> calls;
  std::vector<Exhibit> exhibits;
  std::vector<Requirement> requirements;
  for (const Fallback& row : fallbacks) {
    if (!concerns(inquiry, row.libc) || !is_open(abi, row.older) || !is_closed(abi, row.call))
      continue;
    if (declared_missing(inquiry, abi.find(row.call)->function())) continue;
    calls.emplace_back(row.call);
    exhibits.push_back(refused(inquiry, abi, row.call));
    requirements.push_back({std::string(row.who), std::nullopt});
  }
  if (calls.empty()) return;
  Finding finding =
      inquiry.finding("errno-breaks-fallback", std::string(abi.token()),
                      "refused otherwise than with ENOSYS, so that the older call is not tried: " +
                          listed(calls, 8));
  finding.evidence.calls = std::move(exhibits);
  finding.requirements = std::move(requirements);
  inquiry.report(std::move(finding));
}

// What libc called once, and what it calls now without a way back.
struct Successor {
  std::string_view older;
  std::string_view newer;
  std::string_view since;
};
constexpr auto successors = std::to_array<Successor>({
    {"open", "openat", "glibc 2.26"},
    {"fork", "clone", "glibc 2.3"},
    {"nanosleep", "clock_nanosleep", "glibc 2.31"},
    {"stat", "newfstatat", "glibc 2.33"},
    {"lstat", "newfstatat", "glibc 2.33"},
    {"fstat", "newfstatat", "glibc 2.33"},
    {"getdents", "getdents64", "glibc 2.28"},
});

void ask_successors(const Inquiry& inquiry, const Abi& abi) {
  if (!concerns(inquiry, Libc::Glibc)) return;
  std::vector<std::string> calls;
  std::vector<Exhibit> exhibits;
  std::vector<Requirement> requirements;
  bool fatal = false;
  for (const Successor& row : successors) {
    if (!is_open(abi, row.older) || !is_closed(abi, row.newer)) continue;
    const std::string newer(row.newer);
    if (std::find(calls.begin(), calls.end(), newer) != calls.end()) continue;
    calls.push_back(newer);
    exhibits.push_back(refused(inquiry, abi, row.newer));
    requirements.push_back(
        {std::string(row.since) + " or later (" + std::string(row.older) + " became " + newer + ")",
         std::nullopt});
    fatal = fatal || kills(inquiry, abi, row.newer);
  }
  if (calls.empty()) return;
  Finding finding = inquiry.finding(
      "newer-call-missing", std::string(abi.token()),
      "the older call is open, what libc now uses instead is not: " + listed(calls));
  if (fatal) finding.severity = Severity::Medium;
  finding.evidence.calls = std::move(exhibits);
  finding.requirements = std::move(requirements);
  inquiry.report(std::move(finding));
}

// Needed as long as one of the alternatives is open; "-" for none.
struct Needed {
  std::string_view call;
  std::string_view instead;
  bool refusal_is_fatal;  // any; otherwise a kill alone is: libc bears the error
  std::string_view what;
  std::optional<seccomp::Arch> only = std::nullopt;
};
constexpr auto at_start = std::to_array<Needed>({
    {"mmap", "mmap2", true, "mapping memory"},
    {"openat", "open", true, "opening shared libraries"},
    {"read", "-", true, "reading shared libraries"},
    {"close", "-", true, "loading shared libraries"},
    {"newfstatat", "fstat", true, "loading shared libraries"},
    {"arch_prctl", "-", true, "setting the thread pointer", seccomp::Arch::x86_64},
    {"set_thread_area", "-", true, "setting the thread pointer", seccomp::Arch::x86},
    {"mprotect", "-", true, "protecting relocated data"},
    {"brk", "-", false, "the heap"},
    {"munmap", "-", false, "unmapping"},
    {"set_tid_address", "-", false, "starting libc"},
    {"set_robust_list", "-", false, "starting libc"},
    {"rseq", "-", false, "starting glibc 2.35 and later"},
    {"prlimit64", "-", false, "starting libc"},
    {"getrandom", "-", false, "starting libc"},
    {"exit_group", "-", false, "ending"},
});

bool starts_programs(const Inquiry& inquiry, const Abi& abi) {
  switch (inquiry.target().surroundings.installed) {
    case Installed::BeforeExec: return true;
    case Installed::AfterStart: return false;
    case Installed::Unknown: break;
  }
  return is_open(abi, "execve");
}

void ask_needed(const Inquiry& inquiry, const Abi& abi) {
  if (!abi.allow_list() || !starts_programs(inquiry, abi)) return;
  std::vector<std::string> calls;
  std::vector<Exhibit> exhibits;
  if (!is_open(abi, "execve") && abi.find("execve") != nullptr &&
      abi.find("execve")->mediated().is_never()) {
    calls.emplace_back("execve");
    exhibits.push_back(refused(inquiry, abi, "execve"));
  }
  for (const Needed& row : at_start) {
    if (row.only && row.only != abi.arch()) continue;
    if (!is_closed(abi, row.call) || is_open(abi, row.instead)) continue;
    if (!row.refusal_is_fatal && !kills(inquiry, abi, row.call)) continue;
    calls.emplace_back(row.call);
    exhibits.push_back(refused(inquiry, abi, row.call));
  }
  if (calls.empty()) return;
  Finding finding = inquiry.finding("needed-call-closed", std::string(abi.token()),
                                    "programs do not start without " + listed(calls, 8));
  finding.evidence.calls = std::move(exhibits);
  if (inquiry.target().surroundings.installed == Installed::Unknown)
    finding.requirements.push_back(
        {"programs are started under the filter (execve is open)", std::nullopt});
  inquiry.report(std::move(finding));
}

bool makes_threads(const Inquiry& inquiry, const Abi& abi) {
  return some_open(inquiry, abi, {"clone", {{{0, "CLONE_THREAD", "CLONE_THREAD"}}}}) ||
         is_open(abi, "clone3");
}

void ask_exit_group(const Inquiry& inquiry, const Abi& abi) {
  if (!is_closed(abi, "exit_group") || kills(inquiry, abi, "exit_group")) return;
  if (!is_open(abi, "exit") || !makes_threads(inquiry, abi)) return;
  Finding finding =
      inquiry.finding("exit-group-closed", subject(abi, "exit_group"),
                      "libc ends the main thread only, and other threads run on after main");
  finding.evidence.calls = {
      refused(inquiry, abi, "exit_group"),
      inquiry.exhibit("ends one thread",
                      abi.input(*abi.number("exit"), *abi.find("exit")->open().witness()))};
  inquiry.report(std::move(finding));
}

constexpr auto restartable = std::to_array<std::string_view>(
    {"nanosleep", "clock_nanosleep", "poll", "futex", "ppoll", "select", "epoll_wait"});

void ask_restart(const Inquiry& inquiry, const Abi& abi) {
  if (!is_closed(abi, "restart_syscall")) return;
  const auto call = std::find_if(restartable.begin(), restartable.end(),
                                 [&](std::string_view name) { return is_open(abi, name); });
  if (call == restartable.end()) return;
  Finding finding =
      inquiry.finding("restart-closed", subject(abi, "restart_syscall"),
                      std::string(*call) + " is open, and cannot go on after a stop or a tracer");
  finding.evidence.calls = {
      refused(inquiry, abi, "restart_syscall"),
      inquiry.exhibit("would be resumed",
                      abi.input(*abi.number(*call), *abi.find(*call)->open().witness()))};
  inquiry.report(std::move(finding));
}

struct Question {
  std::string_view rule;
  void (*ask)(const Inquiry&, const Abi&);
};
constexpr auto questions = std::to_array<Question>({
    {"errno-breaks-fallback", ask_fallbacks},
    {"newer-call-missing", ask_successors},
    {"needed-call-closed", ask_needed},
    {"exit-group-closed", ask_exit_group},
    {"restart-closed", ask_restart},
});

}  // namespace

void ask_programs(const Inquiry& inquiry) {
  if (!inquiry.native().serves()) return;
  for (const Question& question : questions)
    if (inquiry.wanted(question.rule)) question.ask(inquiry, inquiry.native());
}

}  // namespace assay::audit
