// What src/shared/seccomp-util.c of systemd 252 adds to libseccomp, option by option: written
// apart from the intent, so that the two can disagree.
#include <algorithm>

#include "assay/names/syscalls.hpp"
#include "assay/profile/systemd_intent.hpp"
#include "assay/profile/systemd_stack.hpp"

namespace assay::profile {
namespace {

using seccomp::Action;
using seccomp::Arch;
using seccomp::Verdict;

constexpr Verdict allow{value_of(Action::Allow)};

Verdict error(std::uint16_t number) { return {value_of(Action::Errno, number)}; }
constexpr std::uint16_t eperm = 1;
constexpr std::uint16_t enosys = 38;
constexpr std::uint16_t eafnosupport = 97;

ArgumentCondition masked(std::uint32_t index, std::uint64_t bits) {
  return {index, Operator::MaskedEqual, bits, bits, Width::Whole, {}};
}
ArgumentCondition compared(std::uint32_t index, Operator how, std::uint64_t value) {
  return {index, how, value, 0, Width::Whole, {}};
}

// The rules of one option on one ABI.
class Rules {
 public:
  Rules(SystemdOption option, Arch arch, Verdict otherwise, Place place) : place_(place) {
    set_.name = name(option);
    set_.otherwise = otherwise;
    set_.arches = {arch};
    set_.bad_arch = allow;
    set_.place = place;
  }
  void add(Verdict verdict, std::string_view call, std::vector<ArgumentCondition> conditions = {}) {
    for (ArgumentCondition& condition : conditions) condition.place = place_;
    Rule rule;
    rule.calls.push_back({std::string(call), place_});
    rule.verdict = verdict;
    rule.conditions = std::move(conditions);
    rule.place = place_;
    set_.rules.push_back(std::move(rule));
  }
  RuleSet take() { return std::move(set_); }

 private:
  Place place_;
  RuleSet set_;
};

class Filters {
 public:
  Filters(const Unit& unit, const Environment& environment)
      : unit_(unit),
        sandbox_(unit.sandbox),
        environment_(environment),
        arches_(systemd_arches(environment.host)) {}

  std::vector<SystemdFilter> build() {
    for (std::size_t i = 0; i < systemd_option_names.size(); ++i) {
      const auto option = static_cast<SystemdOption>(i);
      if (!sandbox_.restricts(option)) continue;
      if (option == SystemdOption::SystemCallArchitectures)
        architectures();
      else
        for (const Arch arch : arches_) add(option, arch);
    }
    return std::move(filters_);
  }

 private:
  Place place(SystemdOption option) const { return unit_.places[static_cast<std::size_t>(option)]; }

  void add(SystemdOption option, Arch arch) {
    Rules rules(option, arch, otherwise(option), place(option));
    if (fill(option, arch, rules)) filters_.push_back({option, rules.take()});
  }

  Verdict kill() const {
    const bool whole = environment_.kernel >= seccomp::KernelVersion{4, 14};
    return {value_of(whole ? Action::KillProcess : Action::KillThread)};
  }
  Verdict negative() const {
    return sandbox_.error_number ? error(*sandbox_.error_number) : kill();
  }
  Verdict otherwise(SystemdOption option) const {
    if (option == SystemdOption::SystemCallFilter && sandbox_.filter->allow) return negative();
    if (option == SystemdOption::SystemCallLog && !sandbox_.log->allow)
      return {value_of(Action::Log)};
    return allow;
  }

  // Whether the option has a filter on that ABI.
  bool fill(SystemdOption option, Arch arch, Rules& rules) {
    switch (option) {
      case SystemdOption::ProtectHostname:
        rules.add(error(eperm), "sethostname");
        rules.add(error(eperm), "setdomainname");
        return true;
      case SystemdOption::RestrictAddressFamilies: return address_families(arch, rules);
      case SystemdOption::MemoryDenyWriteExecute: return write_execute(arch, rules);
      case SystemdOption::RestrictRealtime: return realtime(rules);
      case SystemdOption::RestrictSUIDSGID: return set_id(rules);
      case SystemdOption::RestrictNamespaces: return namespaces(rules);
      case SystemdOption::ProtectKernelTunables:
        if (arch == Arch::aarch64 || arch == Arch::riscv64 || arch == Arch::x32) return false;
        rules.add(error(eperm), "_sysctl");
        return true;
      case SystemdOption::ProtectKernelModules: return group("module", rules);
      case SystemdOption::ProtectKernelLogs: rules.add(error(eperm), "syslog"); return true;
      case SystemdOption::ProtectClock: return group("clock", rules);
      case SystemdOption::PrivateDevices: return group("raw-io", rules);
      case SystemdOption::LockPersonality:
        rules.add(error(eperm), "personality",
                  {compared(0, Operator::NotEqual, sandbox_.personality.value_or(0))});
        return true;
      case SystemdOption::SystemCallLog:
        return list(*sandbox_.log, sandbox_.log->allow ? Verdict{value_of(Action::Log)} : allow,
                    rules);
      case SystemdOption::SystemCallFilter:
        return list(*sandbox_.filter, sandbox_.filter->allow ? allow : negative(), rules);
      case SystemdOption::SystemCallArchitectures: break;
    }
    return false;
  }

  bool group(std::string_view name, Rules& rules) {
    for (const std::string& call : unit_.groups.calls(name)) rules.add(error(eperm), call);
    return true;
  }

  bool list(const CallList& list, Verdict listed, Rules& rules) {
    for (const auto& [call, own] : list.calls) {
      const bool kills = own && own->action() == Action::KillProcess;
      rules.add(kills ? kill() : own.value_or(listed), call);
    }
    return true;
  }

  // A permitted range with holes, or a rule for each family.
  bool address_families(Arch arch, Rules& rules) {
    if (arch == Arch::x86) return false;
    const AddressFamilies& listed = *sandbox_.address_families;
    const auto refuse = [&](Operator how, std::uint32_t family) {
      rules.add(error(eafnosupport), "socket", {compared(0, how, family)});
    };
    if (!listed.allow) {
      for (const std::uint32_t family : listed.families) refuse(Operator::Equal, family);
      return true;
    }
    if (listed.families.empty()) {
      rules.add(error(eafnosupport), "socket");
      return true;
    }
    const std::uint32_t first = *listed.families.begin();
    const std::uint32_t last = *listed.families.rbegin();
    refuse(Operator::Less, first);
    refuse(Operator::Greater, last);
    for (std::uint32_t family = 1; family < families_end; ++family)
      if (!listed.families.contains(family)) refuse(Operator::Equal, family);
    return true;
  }

  bool write_execute(Arch arch, Rules& rules) {
    constexpr std::uint64_t write = 2;
    constexpr std::uint64_t execute = 4;
    constexpr std::uint64_t attach_executable = 0100000;
    const bool second = arch == Arch::x86 || arch == Arch::arm;
    rules.add(error(eperm), second ? "mmap2" : "mmap", {masked(2, write | execute)});
    if (arch == Arch::x86) rules.add(error(eperm), "mmap");
    rules.add(error(eperm), "mprotect", {masked(2, execute)});
    rules.add(error(eperm), "pkey_mprotect", {masked(2, execute)});
    if (arch != Arch::x86) rules.add(error(eperm), "shmat", {masked(2, attach_executable)});
    return true;
  }

  bool realtime(Rules& rules) {
    constexpr std::uint32_t largest_permitted = 5;  // SCHED_IDLE
    for (const std::uint32_t policy : {1U, 2U, 4U})
      rules.add(error(eperm), "sched_setscheduler", {compared(1, Operator::Equal, policy)});
    rules.add(error(eperm), "sched_setscheduler",
              {compared(1, Operator::Greater, largest_permitted)});
    return true;
  }

  bool set_id(Rules& rules) {
    constexpr std::uint64_t create = 0100;
    for (const std::uint64_t bit : {04000U, 02000U}) {
      rules.add(error(eperm), "chmod", {masked(1, bit)});
      rules.add(error(eperm), "fchmod", {masked(1, bit)});
      rules.add(error(eperm), "fchmodat", {masked(2, bit)});
      rules.add(error(eperm), "fchmodat2", {masked(2, bit)});
      rules.add(error(eperm), "mkdir", {masked(1, bit)});
      rules.add(error(eperm), "mkdirat", {masked(2, bit)});
      rules.add(error(eperm), "mknod", {masked(1, bit)});
      rules.add(error(eperm), "mknodat", {masked(2, bit)});
      rules.add(error(eperm), "open", {masked(1, create), masked(2, bit)});
      rules.add(error(eperm), "openat", {masked(2, create), masked(3, bit)});
      rules.add(error(enosys), "openat2");
      rules.add(error(eperm), "creat", {masked(1, bit)});
    }
    return true;
  }

  bool namespaces(Rules& rules) {
    constexpr auto flags =
        std::to_array<std::uint32_t>({0x02000000, 0x08000000, 0x40000000, 0x00020000, 0x20000000,
                                      0x10000000, 0x04000000, time_namespace});
    const std::uint32_t retained = *sandbox_.namespaces;
    const bool some = (retained & all_namespaces) != 0;
    rules.add(error(enosys), "clone3");
    if (some)
      rules.add(error(eperm), "setns", {compared(1, Operator::Equal, 0)});
    else
      rules.add(error(eperm), "setns");
    for (const std::uint32_t flag : flags) {
      if ((retained & flag) != 0) continue;
      rules.add(error(eperm), "unshare", {masked(0, flag)});
      rules.add(error(eperm), "clone", {masked(0, flag)});
      if (some) rules.add(error(eperm), "setns", {masked(1, flag)});
    }
    return true;
  }

  // One filter for all that remain; those that do not get none of the filters that follow.
  void architectures() {
    std::vector<Arch> kept;
    for (const Arch arch : arches_)
      if (arch == environment_.host || sandbox_.architectures.contains(word(arch)))
        kept.push_back(arch);
    if (kept.size() == arches_.size()) return;
    arches_ = std::move(kept);
    RuleSet set;
    set.name = name(SystemdOption::SystemCallArchitectures);
    set.otherwise = allow;
    set.arches = arches_;
    set.bad_arch = Verdict{value_of(Action::KillThread)};
    set.place = place(SystemdOption::SystemCallArchitectures);
    filters_.push_back({SystemdOption::SystemCallArchitectures, std::move(set)});
  }
  static std::string_view word(Arch arch) {
    if (arch == Arch::x86_64) return "x86-64";
    return arch == Arch::aarch64 ? "arm64" : describe(arch).token;
  }

  static constexpr std::uint32_t families_end = 46;  // AF_MAX as systemd 252 was built

  const Unit& unit_;
  const Sandbox& sandbox_;
  const Environment& environment_;
  std::vector<Arch> arches_;
  std::vector<SystemdFilter> filters_;
};

}  // namespace

std::vector<SystemdFilter> systemd_filters(const Unit& unit, const Environment& environment) {
  return Filters(unit, environment).build();
}

}  // namespace assay::profile
