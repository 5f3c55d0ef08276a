// Questions about verdicts that do not do what they seem to.
#include <algorithm>

#include "assay/names/syscalls.hpp"
#include "assay/text/verdict.hpp"
#include "audit/call.hpp"

namespace assay::audit {

using seccomp::Action;
using seccomp::Verdict;
using seccomp::Words;
using symbolic::Condition;

namespace {

Action action(const Inquiry& inquiry, Verdict verdict) {
  return verdict.action(inquiry.semantics());
}

bool has_action(const Inquiry& inquiry, const Treatment& treatment, Action wanted) {
  const auto verdicts = treatment.function().verdicts();
  return std::any_of(verdicts.begin(), verdicts.end(),
                     [&](Verdict verdict) { return action(inquiry, verdict) == wanted; });
}

// A call of the native ABI that has the action, a named one if there is one.
std::optional<Words> some_call(const Inquiry& inquiry, Action wanted) {
  const Abi& abi = inquiry.native();
  const auto among = [&](std::uint32_t nr) -> std::optional<Words> {
    const auto words =
        abi.of(nr)
            .function()
            .where([&](Verdict verdict) { return action(inquiry, verdict) == wanted; })
            .witness();
    if (!words) return std::nullopt;
    return abi.input(nr, *words);
  };
  for (const std::string_view call : names::all_syscall_names(abi.arch()))
    if (const auto found = among(*abi.number(call))) return found;
  return among(abi.far_number());
}

bool open(const Inquiry& inquiry, const CallUse& use) {
  return some_open(inquiry, inquiry.native(), use).has_value();
}

// What a filter of the stack returns as it is, before anything is taken as something else.
struct Raw {
  std::size_t filter;
  std::size_t insn;
  std::uint32_t value;
  Words words;
};

std::vector<Raw> raw_returns(const Inquiry& inquiry, const std::function<bool(Verdict)>& odd) {
  std::vector<Raw> result;
  for (std::size_t i = 0; i < inquiry.programs().size(); ++i) {
    const verify::Program& program = inquiry.programs()[i];
    for (std::size_t pc = 0; pc < program.size(); ++pc) {
      const bpf::Opcode& opcode = program.opcode(pc);
      const bool constant =
          opcode.operation == bpf::Operation::Ret && opcode.operand == bpf::Operand::Immediate;
      if (!constant || !odd({program[pc].k})) continue;
      const symbolic::Analysis* const analysis = inquiry.analysis(i);
      const auto words = analysis == nullptr ? std::nullopt : analysis->witness(pc);
      if (words) result.push_back({i, pc, program[pc].k, *words});
    }
  }
  return result;
}

void locate(const Inquiry& inquiry, Finding& finding, std::size_t filter, std::size_t insn) {
  finding.location = {filter, insn, 1, inquiry.target().filters[filter].name, std::nullopt};
}

void report_raw(const Inquiry& inquiry, std::string_view rule, const std::string& message,
                const std::function<bool(Verdict)>& odd) {
  if (!inquiry.wanted(rule)) return;
  const auto found = raw_returns(inquiry, odd);
  if (found.empty()) return;
  const Raw& first = found.front();
  Finding finding = inquiry.finding(
      rule, "filter " + std::to_string(first.filter) + " insn " + std::to_string(first.insn),
      message);
  locate(inquiry, finding, first.filter, first.insn);
  finding.evidence.calls = {inquiry.exhibit("gets this value", first.words)};
  inquiry.report(std::move(finding));
}

void ask_odd_values(const Inquiry& inquiry) {
  const auto& semantics = inquiry.semantics();
  const auto unknown = [&](Verdict verdict) {
    return verdict.action(semantics) == Action::Unknown;
  };
  report_raw(inquiry, "unknown-action",
             semantics.unknown_kills_process ? "a value that names no action kills the process"
                                             : "a value that names no action kills the thread",
             unknown);
  report_raw(inquiry, "errno-too-large", "the errno is capped to 4095, which no error has",
             [&](Verdict verdict) {
               return verdict.action(semantics) == Action::Errno &&
                      (verdict.value & seccomp::data_mask) > seccomp::max_errno;
             });
  report_raw(inquiry, "data-ignored", "the low 16 bits of this action are ignored",
             [&](Verdict verdict) {
               const Action what = verdict.action(semantics);
               return what != Action::Errno && what != Action::Trap && what != Action::Trace &&
                      what != Action::Unknown && (verdict.value & seccomp::data_mask) != 0;
             });
}

// What it means that a call reports a success that did not happen.
struct FakeClass {
  std::span<const std::string_view> calls;
  Severity severity;
  std::string_view means;
};
constexpr auto making = std::to_array<std::string_view>({"clone", "clone3", "fork", "vfork"});
constexpr auto dropping = std::to_array<std::string_view>(
    {"setuid", "setgid", "setreuid", "setregid", "setresuid", "setresgid", "setgroups", "capset",
     "prctl", "seccomp", "chroot", "unshare", "setfsuid", "setfsgid"});
constexpr auto looping =
    std::to_array<std::string_view>({"write", "writev", "pwrite64", "sendto", "sendmsg", "read"});
constexpr auto protecting =
    std::to_array<std::string_view>({"mprotect", "pkey_mprotect", "munmap"});
constexpr auto fake_classes = std::to_array<FakeClass>({
    {making, Severity::High, "the parent runs the child's branch"},
    {dropping, Severity::High, "giving up privileges silently does not happen"},
    {looping, Severity::Medium, "a caller that repeats until all is done never ends"},
    {protecting, Severity::Medium, "a protection is silently not applied"},
});

// Emulating root for a build of an image fakes chown together with the set-id calls: there the
// program is root of a user namespace and drops nothing.
bool emulates_root(const Inquiry& inquiry) {
  const Treatment* const chown = inquiry.native().find("chown");
  return chown != nullptr && !chown->fake().is_never();
}

void ask_errno_zero(const Inquiry& inquiry) {
  if (!inquiry.wanted("errno-zero")) return;
  const Abi& abi = inquiry.native();
  std::vector<std::string_view> rest;
  for (const std::string_view call : names::all_syscall_names(abi.arch()))
    if (!abi.find(call)->fake().is_never()) rest.push_back(call);
  const auto report = [&](const std::vector<std::string_view>& calls, Severity severity,
                          std::string_view means) {
    if (calls.empty()) return;
    Finding finding = inquiry.finding("errno-zero", subject(abi, calls.front()),
                                      listed(std::vector<std::string>(calls.begin(), calls.end())) +
                                          " report success and do nothing: " + std::string(means));
    finding.severity = severity;
    for (const std::string_view call : calls)
      finding.evidence.calls.push_back(inquiry.exhibit(
          "is skipped", abi.input(*abi.number(call), *abi.find(call)->fake().witness())));
    inquiry.report(std::move(finding));
  };
  for (const FakeClass& row : fake_classes) {
    std::vector<std::string_view> calls;
    for (const std::string_view call : row.calls) {
      const auto at = std::find(rest.begin(), rest.end(), call);
      if (at == rest.end()) continue;
      calls.push_back(call);
      rest.erase(at);
    }
    const bool by_design = row.calls.data() == dropping.data() && emulates_root(inquiry);
    report(
        calls, by_design ? Severity::Info : row.severity,
        by_design ? "with chown faked, too, this looks like root emulated for a build" : row.means);
  }
  report(rest, Severity::Info, "harmless where the effect is not needed");
}

bool can_make_threads(const Inquiry& inquiry) {
  return open(inquiry, {"clone", {{{0, "CLONE_THREAD", "CLONE_THREAD"}}}}) ||
         open(inquiry, {"clone3"});
}

void ask_kill_thread(const Inquiry& inquiry) {
  if (!inquiry.wanted("kill-thread")) return;
  const auto words = some_call(inquiry, Action::KillThread);
  if (!words) return;
  const bool threads =
      can_make_threads(inquiry) || (inquiry.process() && inquiry.process()->threads > 1);
  Finding finding = inquiry.finding(
      "kill-thread", std::string(inquiry.native().token()),
      threads ? "a refused call ends one thread, and the rest of the process runs on"
              : "KILL_THREAD is returned; no thread can be made, so that the process ends");
  if (!threads) finding.severity = Severity::Info;
  finding.evidence.calls = {inquiry.exhibit("ends its thread", *words)};
  inquiry.report(std::move(finding));
}

void report_trap(const Inquiry& inquiry, std::string_view rule, const Words& words,
                 const std::string& message, std::vector<Exhibit> more = {}) {
  Finding finding = inquiry.finding(rule, std::string(inquiry.native().token()), message);
  finding.evidence.calls = {inquiry.exhibit("raises SIGSYS", words)};
  for (Exhibit& exhibit : more) finding.evidence.calls.push_back(std::move(exhibit));
  inquiry.report(std::move(finding));
}

void ask_trap(const Inquiry& inquiry) {
  const auto words = some_call(inquiry, Action::Trap);
  if (!words) return;
  const auto& process = inquiry.process();
  if (inquiry.wanted("trap-without-handler") && process && process->sigsys_handler == false)
    report_trap(inquiry, "trap-without-handler", *words,
                "the process does not catch SIGSYS: TRAP kills it");
  const Abi& abi = inquiry.native();
  if (const auto exec = some_open(inquiry, abi, {"execve"});
      exec && inquiry.wanted("trap-across-exec"))
    report_trap(inquiry, "trap-across-exec", *words,
                "programs started with execve inherit TRAP without the handler",
                {inquiry.exhibit("gets through", *exec)});
  const Treatment* const back = abi.find("rt_sigreturn");
  if (back != nullptr && back->never_open() && inquiry.wanted("trap-no-return"))
    report_trap(
        inquiry, "trap-no-return", *words,
        "a SIGSYS handler could not return: rt_sigreturn is not open",
        {inquiry.exhibit("is needed by the handler", abi.input(*abi.number("rt_sigreturn"), {}))});
}

constexpr std::array<CallUse, 2> installing{
    {{"seccomp", {{{0, "*", "SECCOMP_SET_MODE_FILTER"}}}},
     {"prctl", {{{0, "*", "PR_SET_SECCOMP"}, {1, "*", "SECCOMP_MODE_FILTER"}}}}}};

// Only seccomp(2) can ask for a listener, and a prctl filter can still answer TRACE.
void ask_mediation(const Inquiry& inquiry) {
  if (!inquiry.wanted("mediation-undone")) return;
  const auto install = some_open(inquiry, inquiry.native(), installing[0]);
  if (!install) return;
  for (const Action mediated : {Action::Trace, Action::UserNotif}) {
    const auto words = some_call(inquiry, mediated);
    if (!words || !inquiry.semantics().user_notif) continue;
    const bool trace = mediated == Action::Trace;
    // A tracer that refuses nothing watches only.
    if (trace && inquiry.native().deny_list() && !inquiry.process()) {
      const auto verdicts = inquiry.native().function().verdicts();
      const bool watches = std::all_of(verdicts.begin(), verdicts.end(), [&](Verdict verdict) {
        return outcome(verdict, inquiry.semantics()) == Outcome::Open ||
               action(inquiry, verdict) == Action::Trace;
      });
      if (watches) continue;
    }
    Finding finding = inquiry.finding(
        "mediation-undone", trace ? "TRACE" : "USER_NOTIF",
        trace ? "a filter of the sandbox's own can answer what is left to the tracer"
              : "once the supervisor is gone, a filter of the sandbox's own can take its place");
    if (!trace) finding.severity = Severity::Medium;
    finding.evidence.calls = {inquiry.exhibit("installs a filter", *install),
                              inquiry.exhibit("is mediated", *words)};
    inquiry.report(std::move(finding));
  }
}

constexpr std::uint32_t new_listener = 1U << 3;  // SECCOMP_FILTER_FLAG_NEW_LISTENER

void ask_shadowed_listener(const Inquiry& inquiry) {
  if (!inquiry.wanted("listener-shadowed") || inquiry.programs().size() < 2) return;
  std::vector<std::pair<std::size_t, Condition>> notifying;
  for (std::size_t i = 0; i < inquiry.programs().size(); ++i) {
    const auto function = symbolic::VerdictFunction::of(inquiry.manager(), inquiry.programs()[i],
                                                        inquiry.semantics());
    if (!function) return;
    const Condition where = function->where(
        [&](Verdict verdict) { return action(inquiry, verdict) == Action::UserNotif; });
    if (!where.is_never()) notifying.emplace_back(i, where);
  }
  const Condition decided = inquiry.function().where(
      [&](Verdict verdict) { return action(inquiry, verdict) == Action::UserNotif; });
  for (std::size_t newer = 1; newer < notifying.size(); ++newer) {
    const auto& flags = inquiry.target().filters[notifying[newer].first].flags;
    if (flags && (*flags & new_listener) != 0) continue;
    for (std::size_t older = 0; older < newer; ++older) {
      const auto words = (notifying[newer].second & notifying[older].second & decided).witness();
      if (!words) continue;
      Finding finding = inquiry.finding(
          "listener-shadowed", "filter " + std::to_string(notifying[newer].first),
          "filter " + std::to_string(notifying[newer].first) +
              " answers USER_NOTIF before filter " + std::to_string(notifying[older].first) +
              ", whose supervisor is then not asked");
      locate(inquiry, finding, notifying[newer].first, 0);
      finding.location.insn.reset();
      finding.evidence.calls = {inquiry.exhibit("goes to the newer filter", *words)};
      if (!flags)
        finding.requirements.push_back({"the newer filter has no listener", std::nullopt});
      inquiry.report(std::move(finding));
      return;
    }
  }
}

constexpr auto by_pointer = std::to_array<std::string_view>(
    {"execve", "execveat", "open",     "openat",  "openat2",   "connect", "bind",
     "mount",  "unlink",   "unlinkat", "rename",  "renameat2", "mkdir",   "chmod",
     "chown",  "setxattr", "sendto",   "sendmsg", "clone3",    "bpf"});

void ask_pointer_mediation(const Inquiry& inquiry) {
  if (!inquiry.wanted("pointer-mediated")) return;
  const Abi& abi = inquiry.native();
  std::vector<std::string> calls;
  std::vector<Exhibit> exhibits;
  for (const std::string_view call : by_pointer) {
    const Treatment* const treatment = abi.find(call);
    if (treatment == nullptr || !has_action(inquiry, *treatment, Action::UserNotif)) continue;
    const auto words =
        treatment->function()
            .where([&](Verdict verdict) { return action(inquiry, verdict) == Action::UserNotif; })
            .witness();
    calls.emplace_back(call);
    exhibits.push_back(
        inquiry.exhibit("is decided by the supervisor", abi.input(*abi.number(call), *words)));
  }
  if (calls.empty()) return;
  Finding finding = inquiry.finding("pointer-mediated", std::string(abi.token()),
                                    "the supervisor reads the caller's memory to decide " +
                                        listed(calls) + "; it can change before the kernel does");
  finding.evidence.calls = std::move(exhibits);
  inquiry.report(std::move(finding));
}

void ask_log(const Inquiry& inquiry) {
  if (!inquiry.wanted("log-not-refused")) return;
  const Abi& abi = inquiry.native();
  const auto verdict = abi.far().function().constant();
  if (!verdict || action(inquiry, *verdict) != Action::Log) return;
  Finding finding = inquiry.finding("log-not-refused", std::string(abi.token()),
                                    "what the filter does not name is logged and carried out");
  finding.evidence.calls = {
      inquiry.exhibit("is logged and would run", abi.input(abi.far_number(), {}))};
  inquiry.report(std::move(finding));
}

}  // namespace

void ask_actions(const Inquiry& inquiry) {
  ask_odd_values(inquiry);
  ask_errno_zero(inquiry);
  ask_kill_thread(inquiry);
  ask_trap(inquiry);
  ask_mediation(inquiry);
  ask_shadowed_listener(inquiry);
  ask_pointer_mediation(inquiry);
  ask_log(inquiry);
}

}  // namespace assay::audit
