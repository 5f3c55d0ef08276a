// Questions about the filters as a whole, and about the process that has them.
#include <algorithm>

#include "assay/names/errnos.hpp"
#include "assay/verify/bitmap.hpp"
#include "assay/verify/chain.hpp"
#include "audit/call.hpp"

namespace assay::audit {

using seccomp::Action;
using seccomp::Verdict;
using symbolic::Condition;
using symbolic::VerdictFunction;

namespace {

// With the high halves of a 32-bit ABI free: open for all that occurs and more.
bool each_open(const Inquiry& inquiry, bool open) {
  return std::all_of(inquiry.abis().begin(), inquiry.abis().end(), [&](const auto& abi) {
    const auto verdicts = abi->function().verdicts();
    return std::all_of(verdicts.begin(), verdicts.end(), [&](Verdict verdict) {
      const Outcome what = outcome(verdict, inquiry.semantics());
      return open ? what == Outcome::Open : what == Outcome::Closed;
    });
  });
}

void report_proof(const Inquiry& inquiry, std::string_view rule, std::string message,
                  std::string statement, std::string checked) {
  if (!inquiry.wanted(rule)) return;
  Finding finding =
      inquiry.finding(rule, std::string(inquiry.native().token()), std::move(message));
  finding.evidence.statement = std::move(statement);
  finding.evidence.checked = std::move(checked);
  inquiry.report(std::move(finding));
}

// A record of every known call, run by the interpreter: the second way to show that all or none
// get through.
bool interpreter_agrees(const Inquiry& inquiry, bool open) {
  const Abi& abi = inquiry.native();
  for (std::uint32_t i = 0; i <= 1000; ++i) {
    const Verdict verdict = inquiry.stack().run(abi.input(abi.far_number() - 600 + i, {}));
    const Outcome what = outcome(verdict, inquiry.semantics());
    if (what != (open ? Outcome::Open : Outcome::Closed)) return false;
  }
  return true;
}

void ask_everything(const Inquiry& inquiry) {
  if (each_open(inquiry, true) && interpreter_agrees(inquiry, true)) {
    report_proof(inquiry, "allows-everything", "every call gets through",
                 "the verdict is ALLOW or LOG for every input of this machine",
                 "the interpreter lets the first thousand numbers through");
  }
  if (each_open(inquiry, false) && interpreter_agrees(inquiry, false)) {
    report_proof(inquiry, "allows-nothing", "no call gets through",
                 "the verdict is a kill or an errno for every input of this machine",
                 "the interpreter refuses the first thousand numbers");
  }
}

void ask_default(const Inquiry& inquiry) {
  const Abi& abi = inquiry.native();
  if (inquiry.wanted("default-open") && abi.deny_list() && !each_open(inquiry, true)) {
    Finding finding = inquiry.finding(
        "default-open", std::string(abi.token()),
        "a deny-list: calls that it does not name, newer ones among them, are open");
    finding.evidence.calls = {
        inquiry.exhibit("gets through, whatever it will be", abi.input(abi.far_number(), {}))};
    inquiry.report(std::move(finding));
  }
  if (!inquiry.wanted("unknown-arch-open")) return;
  const Condition open = inquiry.function().with_word(1, 0).where(
      [&](Verdict verdict) { return outcome(verdict, inquiry.semantics()) == Outcome::Open; });
  auto words = open.witness();
  if (!words || each_open(inquiry, true)) return;
  (*words)[1] = 0;
  Finding finding = inquiry.finding("unknown-arch-open", "arch 0",
                                    "an arch that this kernel cannot produce gets through");
  finding.evidence.calls = {inquiry.exhibit("gets through, and cannot occur", *words)};
  inquiry.report(std::move(finding));
}

void ask_chain(const Inquiry& inquiry) {
  if (!inquiry.wanted("chain-length")) return;
  std::uint64_t length = 0;
  for (const verify::Program& program : inquiry.programs()) {
    if (length > 0) length += verify::chain_penalty;
    length += chain_cost(program, verify::Blinding::Off, inquiry.semantics());
  }
  if (length * 2 <= verify::chain_limit) return;
  Finding finding =
      inquiry.finding("chain-length", "chain",
                      std::to_string(length) + " of the " + std::to_string(verify::chain_limit) +
                          " instructions that a chain may have are used");
  finding.evidence.statement = "length of the chain as the kernel counts it";
  finding.evidence.value = length;
  finding.evidence.limit = verify::chain_limit;
  finding.evidence.unit = "instructions";
  inquiry.report(std::move(finding));
}

constexpr auto frequent = std::to_array<std::string_view>(
    {"read", "write", "futex", "epoll_wait", "epoll_pwait", "recvfrom", "sendto", "recvmsg",
     "sendmsg", "poll", "ppoll", "clock_nanosleep", "close", "openat", "newfstatat", "mmap"});

bool in_bitmap(const Inquiry& inquiry, std::uint32_t nr) {
  const std::uint32_t arch = describe(inquiry.native().arch()).audit;
  return inquiry.semantics().constant_bitmap &&
         std::all_of(inquiry.programs().begin(), inquiry.programs().end(),
                     [&](const verify::Program& program) {
                       return verify::bitmap_answer(program, nr, arch).answer ==
                              verify::BitmapAnswer::Constant;
                     });
}

void ask_slow(const Inquiry& inquiry) {
  constexpr std::uint32_t many = 128;
  if (!inquiry.wanted("slow-call")) return;
  const Abi& abi = inquiry.native();
  std::uint32_t worst = 0;
  std::string_view call;
  std::vector<std::string> all;
  for (const std::string_view name : frequent) {
    const Treatment* const treatment = abi.find(name);
    if (treatment == nullptr || in_bitmap(inquiry, *abi.number(name))) continue;
    const auto words = treatment->open().witness();
    if (!words) continue;
    const auto answer = inquiry.stack().examine(abi.input(*abi.number(name), *words));
    if (answer.instructions <= many) continue;
    all.emplace_back(name);
    if (answer.instructions > worst) {
      worst = answer.instructions;
      call = name;
    }
  }
  if (all.empty()) return;
  Finding finding =
      inquiry.finding("slow-call", subject(abi, call),
                      "frequent calls run through the filters each time: " + listed(all) + "; " +
                          std::string(call) + " takes " + std::to_string(worst) + " instructions");
  finding.evidence.statement = "instructions that the interpreter executed for one such call";
  finding.evidence.value = worst;
  finding.evidence.limit = many;
  finding.evidence.unit = "instructions";
  inquiry.report(std::move(finding));
}

std::vector<verify::Program> programs_of(const std::vector<Filter>& filters) {
  std::vector<verify::Program> programs;
  for (const Filter& filter : filters) programs.push_back(filter.program);
  return programs;
}

void ask_threads(const Inquiry& inquiry) {
  if (!inquiry.wanted("threads-differ")) return;
  const auto is_open = [&](Verdict verdict) {
    return outcome(verdict, inquiry.semantics()) == Outcome::Open;
  };
  Condition present = Condition::never(inquiry.manager());
  const auto arch = symbolic::Term::word(inquiry.manager(), 1);
  for (const auto& abi : inquiry.abis())
    present = present | compare(arch, symbolic::Comparison::Equal, describe(abi->arch()).audit);
  for (const auto& stack : inquiry.target().other_threads) {
    const auto other =
        VerdictFunction::of_stack(inquiry.manager(), programs_of(stack), inquiry.semantics());
    if (!other) return;
    const Condition here = inquiry.function().where(is_open) & present;
    const Condition there = other->where(is_open) & present;
    auto words = (there & !here).witness();
    const bool weaker_there = words.has_value();
    if (!words) words = (here & !there).witness();
    if (!words) continue;
    Finding finding = inquiry.finding(
        "threads-differ", "threads",
        weaker_there ? "another thread of the process may make calls that this one may not"
                     : "this thread may make calls that another of the process may not");
    finding.evidence.calls = {inquiry.exhibit(weaker_there
                                                  ? "is kept from this thread, and open to another"
                                                  : "is open to this thread, and kept from another",
                                              *words)};
    inquiry.report(std::move(finding));
    return;
  }
}

void ask_privileges(const Inquiry& inquiry) {
  if (!inquiry.wanted("no-new-privs-unset") || !inquiry.process()) return;
  if (inquiry.process()->no_new_privs != false) return;
  const auto exec = some_open(inquiry, inquiry.native(), {"execve"});
  if (!exec) return;
  Finding finding =
      inquiry.finding("no-new-privs-unset", "process",
                      "execve is open and no_new_privs is not set: a set-user-ID program gains "
                      "its privileges under this filter");
  finding.evidence.statement = "/proc shows NoNewPrivs: 0";
  finding.evidence.checked = "the interpreter lets execve through";
  finding.evidence.calls = {inquiry.exhibit("gets through", *exec)};
  inquiry.report(std::move(finding));
}

// A call declared missing, so that programs use one whose arguments can be seen or mediated.
struct Steered {
  std::string_view call;
  std::string_view instead;
  std::string_view reason;
};
constexpr auto steered = std::to_array<Steered>({
    {"clone3", "clone",
     "its flags lie behind a pointer; libc falls back to clone, whose flags show"},
    {"openat2", "openat", "its flags lie behind a pointer; programs fall back to openat"},
    {"fsopen", "mount", "programs fall back to mount, which is allowed or mediated"},
});

// Whether the call is declared missing on purpose: not merely since every call is that the filter
// does not name, with nobody to look at what the older call is asked.
bool meant(const Treatment& instead, bool missing_by_default) {
  return !missing_by_default || !instead.function().constant();
}

void ask_steered(const Inquiry& inquiry) {
  const Abi& abi = inquiry.native();
  for (const Steered& row : steered) {
    const Treatment* const call = abi.find(row.call);
    const Treatment* const instead = abi.find(row.instead);
    if (call == nullptr || instead == nullptr) continue;
    if (!declared_missing(inquiry, call->function()) ||
        !meant(*instead, declared_missing(inquiry, abi.far().function())))
      continue;
    if (instead->never_open() && instead->mediated().is_never()) continue;
    Finding finding =
        inquiry.finding("by-design", subject(abi, row.call),
                        std::string(row.call) + " answers ENOSYS: " + std::string(row.reason));
    finding.evidence.calls = {
        inquiry.exhibit("is declared missing", abi.input(*abi.number(row.call), {}))};
    inquiry.report(std::move(finding));
  }
}

// Sandboxes of browsers trap what they refuse, and a handler emulates it or reports the number.
void ask_trap_default(const Inquiry& inquiry) {
  const Abi& abi = inquiry.native();
  const auto verdict = abi.far().function().constant();
  if (!verdict || verdict->action(inquiry.semantics()) != Action::Trap) return;
  Finding finding = inquiry.finding(
      "by-design", subject(abi, "default"),
      "what is not allowed raises SIGSYS: a handler of the program is meant to take it over");
  finding.evidence.calls = {inquiry.exhibit("raises SIGSYS", abi.input(abi.far_number(), {}))};
  inquiry.report(std::move(finding));
}

void ask_no_filter(const Inquiry& inquiry) {
  if (!inquiry.wanted("no-filter")) return;
  Finding finding = inquiry.finding("no-filter", "stack", "nothing is filtered");
  finding.evidence.statement = "the stack is empty: every call is carried out";
  finding.evidence.checked = "the interpreter answers ALLOW";
  inquiry.report(std::move(finding));
}

}  // namespace

void ask_whole(const Inquiry& inquiry) {
  if (inquiry.programs().empty()) {
    ask_no_filter(inquiry);
  } else {
    ask_everything(inquiry);
    ask_default(inquiry);
    ask_chain(inquiry);
    ask_slow(inquiry);
    ask_privileges(inquiry);
    if (inquiry.wanted("by-design")) {
      ask_steered(inquiry);
      ask_trap_default(inquiry);
    }
  }
  ask_threads(inquiry);
}

}  // namespace assay::audit
