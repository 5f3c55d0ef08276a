// Questions about other ways into the kernel than the filter thought of.
#include <algorithm>
#include <array>

#include "assay/names/constants.hpp"
#include "assay/names/syscalls.hpp"
#include "audit/call.hpp"
#include "audit/pairs.hpp"

namespace assay::audit {

using seccomp::Action;
using seccomp::Arch;
using seccomp::Verdict;
using seccomp::Words;
using symbolic::Comparison;
using symbolic::Condition;

namespace {

// A call worth having in spite of a filter, the worst first; `as` is its native name where an
// ABI has another way to it.
struct Prize {
  std::string_view call;
  std::string_view as;
};
constexpr auto prizes = std::to_array<Prize>({
    {"execve", "execve"},
    {"execveat", "execveat"},
    {"ptrace", "ptrace"},
    {"init_module", "init_module"},
    {"finit_module", "finit_module"},
    {"kexec_load", "kexec_load"},
    {"bpf", "bpf"},
    {"mount", "mount"},
    {"umount2", "umount2"},
    {"pivot_root", "pivot_root"},
    {"chroot", "chroot"},
    {"setns", "setns"},
    {"unshare", "unshare"},
    {"open_by_handle_at", "open_by_handle_at"},
    {"process_vm_writev", "process_vm_writev"},
    {"process_vm_readv", "process_vm_readv"},
    {"iopl", "iopl"},
    {"ioperm", "ioperm"},
    {"open", "open"},
    {"openat", "openat"},
    {"creat", "creat"},
    {"unlink", "unlink"},
    {"rename", "rename"},
    {"link", "link"},
    {"mknod", "mknod"},
    {"chmod", "chmod"},
    {"keyctl", "keyctl"},
    {"add_key", "add_key"},
    {"request_key", "request_key"},
    {"perf_event_open", "perf_event_open"},
    {"userfaultfd", "userfaultfd"},
    {"socketcall", "socket"},
    {"socket", "socket"},
    {"kill", "kill"},
    {"fork", "fork"},
    {"personality", "personality"},
    {"reboot", "reboot"},
    {"swapon", "swapon"},
    {"delete_module", "delete_module"},
    {"acct", "acct"},
    {"syslog", "syslog"},
    {"modify_ldt", "modify_ldt"},
});

constexpr std::array multiplexers{std::string_view("socketcall"), std::string_view("ipc")};

bool is_multiplexer(std::string_view call) {
  return std::find(multiplexers.begin(), multiplexers.end(), call) != multiplexers.end();
}

bool kept_back(const Inquiry& inquiry, const Treatment& native) {
  return native.never_open() && restricted(inquiry, native);
}

struct Escape {
  Prize prize;
  std::uint32_t nr;
  Words open;
  Words refused;
};

// Prizes that are restricted natively and open through the other ABI. Of a 32-bit ABI a
// multiplexer counts where `with_multiplexers` says so.
std::vector<Escape> escapes(const Inquiry& inquiry, const Abi& other, bool with_multiplexers) {
  const Abi& native = inquiry.native();
  std::vector<Escape> result;
  for (const Prize& prize : prizes) {
    if (is_multiplexer(prize.call) && !with_multiplexers) continue;
    const auto native_nr = native.number(prize.as);
    const auto nr = other.number(prize.call);
    if (!native_nr || !nr || !kept_back(inquiry, native.of(*native_nr))) continue;
    const auto open = other.of(*nr).open().witness();
    if (!open) continue;
    result.push_back({prize, *nr, other.input(*nr, *open), native.input(*native_nr, Words{})});
  }
  return result;
}

std::vector<std::string> names_of(const std::vector<Escape>& escapes) {
  std::vector<std::string> names;
  for (const Escape& escape : escapes) names.emplace_back(escape.prize.call);
  return names;
}

std::vector<Exhibit> exhibits(const Inquiry& inquiry, const Escape& escape) {
  return {inquiry.exhibit("gets through", escape.open),
          inquiry.exhibit("its native twin does not", escape.refused)};
}

bool needs_exec(Arch machine) { return machine != Arch::x86_64 && machine != Arch::x86; }

bool can_exec(const Abi& native) {
  for (const std::string_view call : {"execve", "execveat"}) {
    const Treatment* const treatment = native.find(call);
    if (treatment != nullptr && !treatment->never_open()) return true;
  }
  return false;
}

std::string blind_message(const Inquiry& inquiry, const Abi& other, const Escape& escape,
                          std::size_t count) {
  const Abi& native = inquiry.native();
  const auto taken_for = names::syscall_name(native.arch(), escape.nr);
  std::string message =
      std::string(other.token()) + " calls are judged by " + std::string(native.token()) +
      " numbers: " + std::string(escape.prize.call) + " (" + std::to_string(escape.nr) + ")";
  message +=
      taken_for ? " passes as " + std::string(*taken_for) : " has a number of no native call";
  if (count > 1) message += "; so do " + std::to_string(count - 1) + " more dangerous calls";
  return message;
}

void ask_other_abi(const Inquiry& inquiry, const Abi& other) {
  const Abi& native = inquiry.native();
  if (needs_exec(native.arch()) && !can_exec(native)) return;
  const bool blind = inquiry.manager().equal(native.function(), other.function());
  const std::string_view rule = blind ? "arch-not-distinguished" : "other-abi-open";
  if (!inquiry.wanted(rule)) return;
  const auto found = escapes(inquiry, other, blind);
  if (found.empty()) return;
  Finding finding =
      inquiry.finding(rule, std::string(other.token()),
                      blind ? blind_message(inquiry, other, found.front(), found.size())
                            : "refused natively and open to " + std::string(other.token()) +
                                  " calls: " + listed(names_of(found)));
  finding.evidence.calls = exhibits(inquiry, found.front());
  if (needs_exec(native.arch())) finding.severity = Severity::Medium;
  if (require(finding, inquiry.abi_present(other.arch()), Unmet::Drops))
    inquiry.report(std::move(finding));
}

// Before Linux 5.4 the table was shared: 512 to 547 ran without bit 30, too.
std::vector<Escape> unmarked(const Inquiry& inquiry, const Abi& x32) {
  constexpr seccomp::KernelVersion separated{5, 4};
  constexpr std::uint32_t first_own = 512;
  std::vector<Escape> result;
  if (inquiry.semantics().version >= separated) return result;
  const Abi& native = inquiry.native();
  for (const Prize& prize : prizes) {
    const auto native_nr = native.number(prize.as);
    const auto marked = x32.number(prize.call);
    if (!native_nr || !marked || !kept_back(inquiry, native.of(*native_nr))) continue;
    const std::uint32_t nr = *marked & ~seccomp::x32_bit;
    const auto open = native.of(nr).open().witness();
    if (nr >= first_own && open)
      result.push_back({prize, nr, native.input(nr, *open), native.input(*native_nr, Words{})});
  }
  return result;
}

void ask_x32(const Inquiry& inquiry) {
  const Abi* const x32 = inquiry.find(Arch::x32);
  if (x32 == nullptr || !inquiry.wanted("x32-open")) return;
  auto found = escapes(inquiry, *x32, false);
  const bool marked = !found.empty();
  if (!marked) found = unmarked(inquiry, *x32);
  if (found.empty()) return;
  Finding finding = inquiry.finding(
      "x32-open", "x32",
      "refused under the plain number and open under " +
          std::string(marked ? "the x32 number" : "its own x32 number without bit 30") + ": " +
          listed(names_of(found)));
  finding.evidence.calls = exhibits(inquiry, found.front());
  if (!inquiry.machine().x32) finding.severity = Severity::Medium;
  require(finding, inquiry.abi_present(Arch::x32), Unmet::Lowers);
  inquiry.report(std::move(finding));
}

// A multiplexer, the operation of it that does what `call` does with the value refused.
struct Multiplexed {
  std::string_view multiplexer;
  std::string_view operation;  // constant: the first argument
  std::uint32_t mask;          // of that argument that the kernel looks at
  std::string_view call;
  std::size_t argument;   // of the call
  std::string_view flag;  // that is refused there; none: any value of the argument
};
constexpr auto multiplexed = std::to_array<Multiplexed>({
    {"socketcall", "SYS_SOCKET", 0xffffffff, "socket", 0, ""},
    {"ipc", "SHMAT", 0xffff, "shmat", 2, "SHM_EXEC"},
});

// Inputs of the call that the filter refuses while it lets others through, or refuses although
// it lets by default everything through.
std::optional<Words> refused_value(const Abi& abi, const Multiplexed& row) {
  const auto nr = abi.number(row.call);
  if (!nr) return std::nullopt;
  const Treatment& treatment = abi.of(*nr);
  const bool meant = !treatment.never_open() || abi.deny_list();
  Condition closed = treatment.closed();
  Condition with_flag = Condition::always(closed.manager());
  if (!row.flag.empty()) {
    const auto value = static_cast<std::uint32_t>(*names::constant_value(row.flag));
    const auto word = symbolic::Term::word(closed.manager(), abi.low(row.argument));
    with_flag = compare(word.masked(value), Comparison::Equal, value);
    if (with_flag.meets(treatment.open())) return std::nullopt;
  }
  closed = closed & with_flag;
  const auto words = meant ? closed.witness() : std::nullopt;
  if (!words) return std::nullopt;
  return abi.input(*nr, *words);
}

void ask_multiplexer(const Inquiry& inquiry, const Abi& abi, const Multiplexed& row) {
  const auto nr = abi.number(row.multiplexer);
  if (!nr) return;
  auto refused = refused_value(abi, row);
  if (!refused) refused = refused_value(inquiry.native(), row);
  if (!refused) return;
  const auto operation = static_cast<std::uint32_t>(*names::constant_value(row.operation));
  const auto word = symbolic::Term::word(inquiry.manager(), abi.low(0));
  Condition asked = compare(word.masked(row.mask), Comparison::Equal, operation);
  if (!row.flag.empty()) {
    // ipc hands the flags of shmat on in a register, too: its third argument.
    const auto value = static_cast<std::uint32_t>(*names::constant_value(row.flag));
    const auto flags = symbolic::Term::word(inquiry.manager(), abi.low(row.argument));
    asked = asked & compare(flags.masked(value), Comparison::Equal, value);
  }
  const auto open = (abi.of(*nr).open() & asked).witness();
  if (!open) return;
  const bool by_exec = needs_exec(inquiry.native().arch()) && &abi != &inquiry.native();
  if (by_exec && !can_exec(inquiry.native())) return;
  Finding finding = inquiry.finding("multiplexer-open", subject(abi, row.multiplexer),
                                    std::string(row.call) + " is refused for some arguments, and " +
                                        std::string(abi.token()) + " " +
                                        std::string(row.multiplexer) + " does the same");
  finding.evidence.calls = {inquiry.exhibit("gets through", abi.input(*nr, *open)),
                            inquiry.exhibit("is refused", *refused)};
  if (by_exec) finding.severity = Severity::Medium;
  const bool foreign = &abi != &inquiry.native();
  if (foreign && !require(finding, inquiry.abi_present(abi.arch()), Unmet::Drops)) return;
  inquiry.report(std::move(finding));
}

void ask_multiplexers(const Inquiry& inquiry) {
  if (!inquiry.wanted("multiplexer-open")) return;
  for (const auto& abi : inquiry.abis())
    for (const Multiplexed& row : multiplexed) ask_multiplexer(inquiry, *abi, row);
}

void ask_instruction_pointer(const Inquiry& inquiry) {
  constexpr std::array<std::size_t, 2> pointer{2, 3};
  if (!inquiry.wanted("instruction-pointer-trusted")) return;
  const Abi& native = inquiry.native();
  const Condition open = native.function().where(
      [&](Verdict verdict) { return outcome(verdict, inquiry.semantics()) == Outcome::Open; });
  const auto words = open.words();
  const auto looks_at = [&](std::size_t word) {
    return std::find(words.begin(), words.end(), word) != words.end();
  };
  if (!looks_at(pointer[0]) && !looks_at(pointer[1])) return;
  const auto pair = differing_in(open, pointer);
  if (!pair) return;
  const bool one_half = looks_at(pointer[0]) != looks_at(pointer[1]);
  Finding finding =
      inquiry.finding("instruction-pointer-trusted", "instruction_pointer",
                      std::string("the verdict depends on where the call is made from") +
                          (one_half ? ", of which one half alone is compared" : ""));
  if (one_half) finding.severity = Severity::Medium;
  finding.evidence.calls = {
      inquiry.exhibit("gets through", native.input(pair->in[0], pair->in)),
      inquiry.exhibit("is refused elsewhere", native.input(pair->out[0], pair->out))};
  inquiry.report(std::move(finding));
}

void ask_uretprobe(const Inquiry& inquiry) {
  constexpr seccomp::KernelVersion first{6, 11};
  const bool filtered =
      inquiry.semantics().version >= first && !inquiry.semantics().uretprobe_exempt;
  if (!filtered || inquiry.native().arch() != Arch::x86_64 || !inquiry.wanted("uretprobe-killed"))
    return;
  const auto nr = inquiry.native().number("uretprobe");
  if (!nr) return;
  const auto killed = inquiry.native().of(*nr).function().where([&](Verdict verdict) {
    const Action action = verdict.action(inquiry.semantics());
    return action == Action::KillProcess || action == Action::KillThread;
  });
  const auto words = killed.witness();
  if (!words) return;
  Finding finding = inquiry.finding("uretprobe-killed", "x86_64 uretprobe",
                                    "a program that is being traced with uprobes dies");
  finding.evidence.calls = {
      inquiry.exhibit("kills the program", inquiry.native().input(*nr, *words))};
  inquiry.report(std::move(finding));
}

}  // namespace

void ask_abi(const Inquiry& inquiry) {
  for (const auto& abi : inquiry.abis())
    if (abi != inquiry.abis().front() && abi->arch() != Arch::x32) ask_other_abi(inquiry, *abi);
  ask_x32(inquiry);
  ask_multiplexers(inquiry);
  ask_instruction_pointer(inquiry);
  ask_uretprobe(inquiry);
}

}  // namespace assay::audit
