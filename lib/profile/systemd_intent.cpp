// Each option says which inputs get which verdict; all of them together are put in the order in
// which the kernel lets verdicts win, so that the first that holds is the answer: the strongest
// action, and of one action that of the option installed last.
#include "assay/profile/systemd_intent.hpp"

#include <algorithm>
#include <initializer_list>

#include "assay/names/syscalls.hpp"
#include "profile/multiplexer.hpp"

namespace assay::profile {
namespace {

using seccomp::Action;
using seccomp::Arch;
using seccomp::Verdict;
using symbolic::Comparison;
using symbolic::Condition;
using symbolic::Manager;
using symbolic::Term;
using symbolic::VerdictFunction;

constexpr std::size_t nr_word = 0;
constexpr std::size_t arch_word = 1;
constexpr std::uint32_t no_number = 0xffffffff;  // a call that a tracer took away

constexpr std::uint64_t set_user_id = 04000;
constexpr std::uint64_t set_group_id = 02000;
constexpr std::uint64_t create_file = 0100;  // O_CREAT
constexpr std::uint64_t may_write = 2;       // PROT_WRITE
constexpr std::uint64_t may_execute = 4;     // PROT_EXEC
constexpr std::uint64_t attach_executable = 0100000;
constexpr std::uint32_t sched_other = 0;
constexpr std::uint32_t sched_batch = 3;
constexpr std::uint32_t sched_idle = 5;

Verdict answer(std::uint16_t error) { return {value_of(Action::Errno, error)}; }
constexpr std::uint16_t eperm = 1;
constexpr std::uint16_t enosys = 38;
constexpr std::uint16_t eafnosupport = 97;

bool is_narrow(Arch arch) { return arch == Arch::x32 || (describe(arch).audit & 0x80000000) == 0; }

class Meaning {
 public:
  Meaning(Manager& manager, const Sandbox& sandbox, const Environment& environment, bool pure)
      : manager_(manager),
        sandbox_(sandbox),
        environment_(environment),
        pure_(pure),
        arches_(systemd_arches(environment.host)) {}

  void add(SystemdOption option) {
    if (!sandbox_.restricts(option)) return;
    option_ = option;
    if (option == SystemdOption::SystemCallArchitectures) return architectures();
    const bool late = option > SystemdOption::SystemCallArchitectures;
    for (const Arch arch : arches_)
      if (!late || keeps(arch)) add(option, arch);
  }

  VerdictFunction::Decided finish() {
    std::stable_sort(cases_.begin(), cases_.end(), [](const Case& a, const Case& b) {
      if (seccomp::overrides(a.verdict, b.verdict)) return true;
      return !seccomp::overrides(b.verdict, a.verdict) && a.option > b.option;
    });
    std::vector<VerdictFunction::Case> cases;
    for (const Case& row : cases_) cases.emplace_back(row.where, row.verdict.normalised());
    return VerdictFunction::of_cases(manager_, cases, {value_of(Action::Allow)});
  }

 private:
  struct Case {
    Condition where;
    Verdict verdict;
    SystemdOption option;
  };

  void add(SystemdOption option, Arch arch) {
    switch (option) {
      case SystemdOption::ProtectHostname: return deny(arch, {"sethostname", "setdomainname"});
      case SystemdOption::RestrictAddressFamilies: return address_families(arch);
      case SystemdOption::MemoryDenyWriteExecute: return write_and_execute(arch);
      case SystemdOption::RestrictRealtime: return realtime(arch);
      case SystemdOption::RestrictSUIDSGID: return set_id_files(arch);
      case SystemdOption::RestrictNamespaces: return namespaces(arch);
      case SystemdOption::ProtectKernelTunables: return deny(arch, {"_sysctl"});
      case SystemdOption::ProtectKernelModules:
        return deny(arch, {"delete_module", "finit_module", "init_module"});
      case SystemdOption::ProtectKernelLogs: return deny(arch, {"syslog"});
      case SystemdOption::ProtectClock:
        return deny(arch, {"adjtimex", "clock_adjtime", "clock_adjtime64", "clock_settime",
                           "clock_settime64", "settimeofday"});
      case SystemdOption::PrivateDevices:
        return deny(arch, {"ioperm", "iopl", "pciconfig_iobase", "pciconfig_read",
                           "pciconfig_write", "s390_pci_mmio_read", "s390_pci_mmio_write"});
      case SystemdOption::LockPersonality: return personality(arch);
      case SystemdOption::SystemCallLog: return log(arch);
      case SystemdOption::SystemCallFilter: return filter(arch);
      case SystemdOption::SystemCallArchitectures: break;
    }
  }

  // Inputs.

  Condition number(Comparison comparison, std::uint32_t value) const {
    return compare(Term::word(manager_, nr_word), comparison, value);
  }
  Condition abi(Arch arch) const {
    const Condition machine =
        compare(Term::word(manager_, arch_word), Comparison::Equal, describe(arch).audit);
    if (arch == Arch::x32) return machine & number(Comparison::GreaterEqual, seccomp::x32_bit);
    if (arch != Arch::x86_64) return machine;
    const Condition own = number(Comparison::Less, seccomp::x32_bit);
    return machine & (pure_ ? own : own | number(Comparison::Equal, no_number));
  }
  // As wide as the ABI passes it.
  Term argument(Arch arch, std::size_t index) const {
    const std::size_t low = 4 + 2 * index;
    if (is_narrow(arch)) return Term::word(manager_, low);
    return Term::joined(Term::word(manager_, low), Term::word(manager_, low + 1));
  }
  Condition has_any(Arch arch, std::size_t index, std::uint64_t bits) const {
    return compare(argument(arch, index).masked(bits), Comparison::NotEqual, 0);
  }
  Condition has_all(Arch arch, std::size_t index, std::uint64_t bits) const {
    return compare(argument(arch, index).masked(bits), Comparison::Equal, bits);
  }

  // Calls.

  std::optional<std::uint32_t> number_of(Arch arch, std::string_view call) const {
    return pure_ ? names::syscall_number(arch, call) : names::libseccomp_number(arch, call);
  }
  Condition direct(Arch arch, std::string_view call) const {
    const auto nr = number_of(arch, call);
    if (!nr) return Condition::never(manager_);
    return abi(arch) & number(Comparison::Equal, *nr);
  }
  // Through socketcall or ipc.
  Condition through_another(Arch arch, std::string_view call) const {
    const auto through = multiplexed(arch, call);
    if (pure_ || !through) return Condition::never(manager_);
    return direct(arch, through->through) &
           compare(Term::word(manager_, 4), Comparison::Equal, through->subcode);
  }
  Condition calls(Arch arch, std::string_view call) const {
    return direct(arch, call) | through_another(arch, call);
  }

  void put(const Condition& where, Verdict verdict) { cases_.push_back({where, verdict, option_}); }
  void deny(const Condition& where) { put(where, answer(eperm)); }
  void deny(Arch arch, std::initializer_list<std::string_view> names) {
    Condition any = Condition::never(manager_);
    for (const std::string_view call : names) any = any | calls(arch, call);
    deny(any);
  }

  // Options.

  // Only where socket is a call of its own.
  void address_families(Arch arch) {
    if (multiplexed(arch, "socket")) return;
    const AddressFamilies& families = *sandbox_.address_families;
    Condition listed = Condition::never(manager_);
    for (const std::uint32_t family : families.families)
      listed = listed | compare(argument(arch, 0), Comparison::Equal, family);
    put(direct(arch, "socket") & (families.allow ? !listed : listed), answer(eafnosupport));
  }

  // Mappings that are, or become, both writable and executable.
  void write_and_execute(Arch arch) {
    const bool has_mmap2 = arch == Arch::x86 || arch == Arch::arm;
    deny(direct(arch, has_mmap2 ? "mmap2" : "mmap") & has_all(arch, 2, may_write | may_execute));
    // Its arguments stand in memory, where no filter looks.
    if (arch == Arch::x86) deny(direct(arch, "mmap"));
    for (const std::string_view call : {"mprotect", "pkey_mprotect"})
      deny(direct(arch, call) & has_any(arch, 2, may_execute));
    if (!multiplexed(arch, "shmat"))
      deny(direct(arch, "shmat") & has_any(arch, 2, attach_executable));
  }

  void realtime(Arch arch) {
    Condition permitted = Condition::never(manager_);
    for (const std::uint32_t policy : {sched_other, sched_batch, sched_idle})
      permitted = permitted | compare(argument(arch, 1), Comparison::Equal, policy);
    deny(direct(arch, "sched_setscheduler") & !permitted);
  }

  // Files with a set-user-ID or set-group-ID bit.
  void set_id_files(Arch arch) {
    struct Mode {
      std::string_view call;
      std::size_t argument;
    };
    constexpr auto modes = std::to_array<Mode>({{"chmod", 1},
                                                {"fchmod", 1},
                                                {"fchmodat", 2},
                                                {"fchmodat2", 2},
                                                {"mkdir", 1},
                                                {"mkdirat", 2},
                                                {"mknod", 1},
                                                {"mknodat", 2},
                                                {"creat", 1}});
    constexpr std::uint64_t bits = set_user_id | set_group_id;
    for (const auto& [call, at] : modes) deny(direct(arch, call) & has_any(arch, at, bits));
    deny(direct(arch, "open") & has_any(arch, 1, create_file) & has_any(arch, 2, bits));
    deny(direct(arch, "openat") & has_any(arch, 2, create_file) & has_any(arch, 3, bits));
    put(direct(arch, "openat2"), answer(enosys));
  }

  void namespaces(Arch arch) {
    const std::uint32_t retained = *sandbox_.namespaces;
    const std::uint32_t refused = (all_namespaces | time_namespace) & ~retained;
    deny(direct(arch, "unshare") & has_any(arch, 0, refused));
    deny(direct(arch, "clone") & has_any(arch, 0, refused));
    // Its flags stand in memory.
    put(direct(arch, "clone3"), answer(enosys));
    const Condition any_kind = compare(argument(arch, 1), Comparison::Equal, 0);
    const bool none = (retained & all_namespaces) == 0;
    deny(direct(arch, "setns") &
         (none ? Condition::always(manager_) : any_kind | has_any(arch, 1, refused)));
  }

  void personality(Arch arch) {
    deny(direct(arch, "personality") &
         compare(argument(arch, 0), Comparison::NotEqual, sandbox_.personality.value_or(0)));
  }

  // Which ABIs of the machine remain.
  bool keeps(Arch arch) const {
    if (!sandbox_.restricts(SystemdOption::SystemCallArchitectures)) return true;
    return arch == environment_.host || sandbox_.architectures.contains(systemd_word(arch));
  }
  static std::string_view systemd_word(Arch arch) {
    if (arch == Arch::x86_64) return "x86-64";
    return arch == Arch::aarch64 ? "arm64" : describe(arch).token;
  }

  // Nothing is installed where every ABI of the machine remains.
  void architectures() {
    const auto kept = [&](Arch arch) { return keeps(arch); };
    if (std::all_of(arches_.begin(), arches_.end(), kept)) return;
    Condition remaining = Condition::never(manager_);
    for (const Arch arch : arches_)
      if (keeps(arch)) remaining = remaining | abi(arch);
    put(!remaining, {value_of(Action::KillThread)});
  }

  Verdict kill() const {
    const bool whole = environment_.kernel >= seccomp::KernelVersion{4, 14};
    return {value_of(whole ? Action::KillProcess : Action::KillThread)};
  }
  Verdict refusal() const {
    return sandbox_.error_number ? answer(*sandbox_.error_number) : kill();
  }

  void log(Arch arch) {
    const Verdict logged{value_of(Action::Log)};
    const Verdict silent{value_of(Action::Allow)};
    const bool allow = sandbox_.log->allow;
    list(arch, *sandbox_.log, allow ? logged : silent, allow ? silent : logged);
  }

  void filter(Arch arch) {
    const Verdict permitted{value_of(Action::Allow)};
    const bool allow = sandbox_.filter->allow;
    list(arch, *sandbox_.filter, allow ? permitted : refusal(), allow ? refusal() : permitted);
  }

  // What is listed gets one verdict or its own, all else the other. Where socketcall is listed
  // itself, that decides for all that goes through it.
  void list(Arch arch, const CallList& list, Verdict listed, Verdict otherwise) {
    Condition any = Condition::never(manager_);
    for (const auto& [call, own] : list.calls) {
      const auto through = multiplexed(arch, call);
      const bool covered = through && list.calls.contains(through->through);
      const Condition here = covered ? direct(arch, call) : calls(arch, call);
      Verdict verdict = own.value_or(listed);
      if (verdict.action() == Action::KillProcess) verdict = kill();
      if (verdict.action() != Action::Allow) put(here, verdict);
      any = any | here;
    }
    if (otherwise.action() != Action::Allow) put(abi(arch) & !any, otherwise);
  }

  Manager& manager_;
  const Sandbox& sandbox_;
  const Environment& environment_;
  bool pure_;
  std::vector<Arch> arches_;
  SystemdOption option_{};
  std::vector<Case> cases_;
};

}  // namespace

std::vector<Arch> systemd_arches(Arch host) {
  switch (host) {
    case Arch::x86_64: return {Arch::x86, Arch::x32, Arch::x86_64};
    case Arch::x86: return {Arch::x86};
    case Arch::aarch64: return {Arch::arm, Arch::aarch64};
    case Arch::arm: return {Arch::arm};
    case Arch::riscv64: return {Arch::riscv64};
    default: return {};
  }
}

VerdictFunction::Decided systemd_intent(Manager& manager, const Sandbox& sandbox,
                                        const Environment& environment, bool pure) {
  Meaning meaning(manager, sandbox, environment, pure);
  for (std::size_t i = 0; i < systemd_option_names.size(); ++i)
    meaning.add(static_cast<SystemdOption>(i));
  return meaning.finish();
}

VerdictFunction::Decided systemd_intent(Manager& manager, const Sandbox& sandbox,
                                        SystemdOption option, const Environment& environment,
                                        bool pure) {
  Meaning meaning(manager, sandbox, environment, pure);
  meaning.add(option);
  return meaning.finish();
}

}  // namespace assay::profile
