// Questions about calls that break out or weaken: open in the stack, and what else must hold.
#include <algorithm>

#include "audit/call.hpp"

namespace assay::audit {

using seccomp::Words;

namespace {

constexpr seccomp::KernelVersion present{~0U, 0};

struct Reached {
  CallUse use;
  Need need = {};
  seccomp::KernelVersion gone = present;  // the first without the call
  std::string_view label = {};            // for the message, when the call's name does not say it
};

struct Reach {
  std::string_view rule;
  std::string_view message;  // followed by what is open
  std::span<const Reached> calls;
};

using enum Need::Kind;

constexpr auto kernel_code = std::to_array<Reached>({
    {{"init_module"}, {Capability, "CAP_SYS_MODULE"}},
    {{"finit_module"}, {Capability, "CAP_SYS_MODULE"}},
    {{"kexec_load"}, {Capability, "CAP_SYS_BOOT"}},
    {{"kexec_file_load"}, {Capability, "CAP_SYS_BOOT"}},
    {{"bpf"}, {Capability, "CAP_BPF"}},
    {{"iopl"}, {Capability, "CAP_SYS_RAWIO"}},
    {{"ioperm"}, {Capability, "CAP_SYS_RAWIO"}},
    {{"open_by_handle_at"}, {Capability, "CAP_DAC_READ_SEARCH"}},
});
constexpr Need user_namespaces{AtLeast, "user.max_user_namespaces", 1};
constexpr auto new_users = std::to_array<Reached>({
    {{"unshare", {{{0, "CLONE_NEWUSER", "CLONE_NEWUSER"}}}}, user_namespaces},
    {{"clone", {{{0, "CLONE_NEWUSER", "CLONE_NEWUSER"}}}}, user_namespaces},
    {{"clone3"}, user_namespaces},
});
constexpr Need admin{Capability, "CAP_SYS_ADMIN"};
constexpr auto mounts = std::to_array<Reached>({
    {{"mount"}, admin},
    {{"pivot_root"}, admin},
    {{"move_mount"}, admin},
    {{"fsmount"}, admin},
    {{"mount_setattr"}, admin},
    {{"chroot"}, {Capability, "CAP_SYS_CHROOT"}},
});
constexpr auto processes = std::to_array<Reached>({
    {{"ptrace", {{{0, "*", "PTRACE_ATTACH"}}}}, may_trace},
    {{"ptrace", {{{0, "*", "PTRACE_SEIZE"}}}}, may_trace},
    {{"process_vm_writev"}, may_trace},
    {{"process_vm_readv"}, may_trace},
    {{"pidfd_getfd"}, may_trace},
});
constexpr Need legacy_tiocsti{AtLeast, "dev.tty.legacy_tiocsti", 1, "CAP_SYS_ADMIN"};
constexpr auto terminals = std::to_array<Reached>({
    {{"ioctl", {{{1, "*", "TIOCSTI"}}}}, legacy_tiocsti, present, "TIOCSTI"},
    {{"ioctl", {{{1, "*", "TIOCLINUX"}}}}, admin, present, "TIOCLINUX"},
});
constexpr Reached family(std::string_view name, Need need = {}) {
  return {{"socket", {{{0, "*", name}}}}, need, present, name};
}
constexpr Need raw{NamespaceCapability, "CAP_NET_RAW"};
constexpr auto socket_families = std::to_array<Reached>({
    family("AF_ALG"),
    family("AF_VSOCK"),
    family("AF_PACKET", raw),
    family("AF_TIPC"),
    family("AF_RDS"),
    family("AF_KEY"),
    family("AF_CAN"),
    family("AF_BLUETOOTH"),
    family("AF_X25"),
    family("AF_LLC"),
    family("AF_PPPOX"),
    family("AF_KCM"),
    family("AF_QIPCRTR"),
    family("AF_SMC"),
    family("AF_XDP", raw),
});
constexpr auto faults = std::to_array<Reached>({
    {{"userfaultfd", {{{0, "UFFD_USER_MODE_ONLY", "0"}}}},
     {AtLeast, "vm.unprivileged_userfaultfd", 1, "CAP_SYS_PTRACE"}},
});
constexpr auto events = std::to_array<Reached>({
    {{"perf_event_open"}, {AtMost, "kernel.perf_event_paranoid", 2, "CAP_PERFMON"}},
});
constexpr auto keys = std::to_array<Reached>({{{"add_key"}}, {{"request_key"}}, {{"keyctl"}}});

// A query passes all bits set; it sets nothing.
constexpr Reached persona(std::string_view flag) {
  return {{"personality", {{{0, flag, flag}, {0, "0x80000000", "0"}}}}, {}, present, flag};
}
constexpr auto personalities = std::to_array<Reached>({
    persona("READ_IMPLIES_EXEC"),
    persona("ADDR_NO_RANDOMIZE"),
    persona("MMAP_PAGE_ZERO"),
});
constexpr Reached option(std::string_view name) {
  return {{"prctl", {{{0, "*", name}}}}, {}, present, name};
}
constexpr auto options = std::to_array<Reached>({
    option("PR_SET_MM"),
    option("PR_SET_PTRACER"),
    option("PR_SET_DUMPABLE"),
    option("PR_SET_SPECULATION_CTRL"),
    option("PR_SET_SYSCALL_USER_DISPATCH"),
});
constexpr auto administration = std::to_array<Reached>({
    {{"quotactl"}, admin},
    {{"acct"}, {Capability, "CAP_SYS_PACCT"}},
    {{"swapon"}, admin},
    {{"reboot"}, {Capability, "CAP_SYS_BOOT"}},
    {{"settimeofday"}, {Capability, "CAP_SYS_TIME"}},
    {{"clock_settime"}, {Capability, "CAP_SYS_TIME"}},
    {{"sethostname"}, admin},
    {{"setdomainname"}, admin},
    // Reading all of the kernel log, SYSLOG_ACTION_READ_ALL, and what else syslog does.
    {{"syslog", {{{0, "*", "3"}}}},
     {AtMost, "kernel.dmesg_restrict", 0, "CAP_SYSLOG"},
     present,
     "syslog"},
    {{"syslog"}, {Capability, "CAP_SYSLOG"}},
    {{"vhangup"}, {Capability, "CAP_SYS_TTY_CONFIG"}},
});
constexpr auto old_code = std::to_array<Reached>({
    {{"modify_ldt"}},
    {{"remap_file_pages"}},
    {{"sysfs"}},
    {{"ustat"}},
    {{"vm86"}},
    {{"lookup_dcookie"}, {}, {5, 12}},
});

constexpr auto reaches = std::to_array<Reach>({
    {"reach-kernel-code", "open, and with its capability the end of the sandbox: ", kernel_code},
    {"reach-user-namespace", "user namespaces can be made: ", new_users},
    {"reach-mount", "mounts or the root directory can be changed: ", mounts},
    {"reach-other-process", "processes of the same user can be controlled: ", processes},
    {"reach-terminal", "input can be pushed into a shared terminal: ioctl ", terminals},
    {"reach-socket-families", "sockets of rarely used families: ", socket_families},
    {"reach-userfaultfd", "the kernel can be made to wait for memory: ", faults},
    {"reach-perf", "open: ", events},
    {"reach-keyring", "keys of the user can be used: ", keys},
    {"reach-personality", "protections of memory can be switched off: personality ", personalities},
    {"reach-prctl", "protections of the process can be weakened: prctl ", options},
    {"reach-administration", "open, and left to the kernel's own conditions: ", administration},
    {"reach-old-code", "open: ", old_code},
});

struct Found {
  const Reached* call;
  Words words;
  std::optional<Requirement> requirement;
};

std::vector<Found> found_in(const Inquiry& inquiry, const Reach& reach) {
  std::vector<Found> result;
  for (const Reached& call : reach.calls) {
    if (inquiry.semantics().version >= call.gone) continue;
    const auto words = some_open(inquiry, inquiry.native(), call.use);
    if (!words) continue;
    Found found{&call, *words, std::nullopt};
    if (call.need.kind != None) {
      found.requirement = requirement_of(inquiry, call.need);
      // Others of the list need something else, or nothing.
      if (!call.label.empty()) found.requirement->text += " (" + std::string(call.label) + ")";
    }
    result.push_back(std::move(found));
  }
  return result;
}

bool unmet(const Found& found) { return found.requirement && found.requirement->holds == false; }

// Each requirement once.
std::vector<Requirement> requirements_of(const std::vector<Found>& found) {
  std::vector<Requirement> result;
  for (const Found& one : found) {
    if (!one.requirement) continue;
    if (std::find(result.begin(), result.end(), *one.requirement) == result.end())
      result.push_back(*one.requirement);
  }
  return result;
}

std::vector<std::string> names_of(const std::vector<Found>& found) {
  std::vector<std::string> names;
  for (const Found& one : found) {
    const std::string_view name = one.call->label.empty() ? one.call->use.call : one.call->label;
    if (std::find(names.begin(), names.end(), name) == names.end()) names.emplace_back(name);
  }
  return names;
}

void ask(const Inquiry& inquiry, const Reach& reach) {
  if (!inquiry.wanted(reach.rule)) return;
  auto found = found_in(inquiry, reach);
  // What is known to be out of reach says nothing beside what is not.
  const bool all_unmet = std::all_of(found.begin(), found.end(), unmet);
  if (!all_unmet) found.erase(std::remove_if(found.begin(), found.end(), unmet), found.end());
  if (found.empty()) return;
  Finding finding = inquiry.finding(reach.rule, std::string(inquiry.native().token()),
                                    std::string(reach.message) + listed(names_of(found), 6));
  finding.requirements = requirements_of(found);
  if (all_unmet) finding.severity = std::min(finding.severity, Severity::Low);
  for (const Found& one : found)
    finding.evidence.calls.push_back(inquiry.exhibit("gets through", one.words));
  inquiry.report(std::move(finding));
}

}  // namespace

void ask_reach(const Inquiry& inquiry) {
  for (const Reach& reach : reaches) ask(inquiry, reach);
}

}  // namespace assay::audit
