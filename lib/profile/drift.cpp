#include "assay/profile/drift.hpp"

#include <algorithm>

#include "assay/names/errnos.hpp"

namespace assay::profile {
namespace {

using seccomp::Action;
using seccomp::Arch;
using seccomp::KernelVersion;
using seccomp::Verdict;
using symbolic::Comparison;
using symbolic::Condition;
using symbolic::Term;
using symbolic::VerdictFunction;

constexpr std::size_t nr_word = 0;
constexpr std::size_t arch_word = 1;

constexpr auto fallback_rows = std::to_array<Fallback>({
#include "fallbacks.inc"
});

// The kernel after which libseccomp's tables were made, by its list of changes.
struct Release {
  std::string_view name;
  KernelVersion tables;
};
constexpr auto releases = std::to_array<Release>({
    {"libseccomp-2.3.0", {4, 5}},
    {"libseccomp-2.3.1", {4, 5}},
    {"libseccomp-2.3.2", {4, 10}},
    {"libseccomp-2.3.3", {4, 15}},
    {"libseccomp-2.4.0", {5, 0}},
    {"libseccomp-2.4.1", {5, 0}},
    {"libseccomp-2.4.2", {5, 4}},
    {"libseccomp-2.4.3", {5, 4}},
    {"libseccomp-2.5.0", {5, 8}},
    {"libseccomp-2.5.1", {5, 8}},
    {"libseccomp-2.5.2", {5, 14}},
    {"libseccomp-2.5.3", {5, 15}},
    {"libseccomp-2.5.4", {5, 17}},
});

Condition abi(symbolic::Manager& manager, Arch arch) {
  const Term nr = Term::word(manager, nr_word);
  const Condition machine =
      compare(Term::word(manager, arch_word), Comparison::Equal, describe(arch).audit);
  if (arch == Arch::x86_64) return machine & compare(nr, Comparison::Less, seccomp::x32_bit);
  // -1 is nobody's: a tracer took the call away.
  if (arch == Arch::x32) return machine & in_range(nr, seccomp::x32_bit, 0xfffffffe);
  return machine;
}

bool is_newer(const names::NewSyscall& call, Arch arch, const Since& since) {
  if (since.installed_libseccomp) return !names::libseccomp_number(arch, call.name);
  return call.since > since.kernel;
}

bool is_enosys(Verdict verdict, Arch arch) {
  return verdict.action() == Action::Errno && verdict.data() == names::errno_number(arch, "ENOSYS");
}

DriftRow row_of(const names::NewSyscall& call, Arch arch, std::uint32_t nr,
                const VerdictFunction& here, std::span<const Verdict> all) {
  DriftRow row{&call, arch, nr, {}, find_fallback(call.name), false};
  const Condition number = compare(Term::word(here.manager(), nr_word), Comparison::Equal, nr) &
                           abi(here.manager(), arch);
  for (const Verdict verdict : all)
    if (here.where(verdict).meets(number)) row.verdicts.push_back(verdict);
  std::sort(row.verdicts.begin(), row.verdicts.end(),
            [](Verdict a, Verdict b) { return seccomp::overrides(a, b); });
  row.breaks = row.fallback != nullptr && !row.allowed() &&
               (row.fallback->need == Need::Never || !row.enosys());
  return row;
}

}  // namespace

std::optional<Since> find_since(std::string_view text) {
  if (text == "libseccomp") return Since{{}, true};
  for (const Release& release : releases)
    if (release.name == text) return Since{release.tables, false};
  const std::string name = (text.starts_with("linux-") ? "" : "linux-") + std::string(text);
  const auto semantics = seccomp::find_semantics(name);
  if (!semantics) return std::nullopt;
  return Since{semantics->version, false};
}

std::vector<std::string_view> known_libseccomps() {
  std::vector<std::string_view> names;
  for (const Release& release : releases) names.push_back(release.name);
  return names;
}

std::span<const Fallback> fallbacks() { return fallback_rows; }

const Fallback* find_fallback(std::string_view call) {
  const auto row = std::find_if(fallback_rows.begin(), fallback_rows.end(),
                                [&](const Fallback& each) { return each.call == call; });
  return row == fallback_rows.end() ? nullptr : &*row;
}

bool DriftRow::allowed() const {
  return std::any_of(verdicts.begin(), verdicts.end(), [](Verdict verdict) {
    return verdict.action() == Action::Allow || verdict.action() == Action::Log;
  });
}

bool DriftRow::enosys() const {
  return std::all_of(verdicts.begin(), verdicts.end(),
                     [&](Verdict verdict) { return is_enosys(verdict, arch); });
}

std::vector<Arch> told_apart(const VerdictFunction& function) {
  std::vector<Arch> arches;
  const auto verdicts = function.verdicts();
  for (const seccomp::ArchInfo& info : seccomp::arches) {
    const Condition here = abi(function.manager(), info.arch);
    const auto met = std::count_if(verdicts.begin(), verdicts.end(), [&](Verdict verdict) {
      return function.where(verdict).meets(here);
    });
    if (met > 1) arches.push_back(info.arch);
  }
  return arches;
}

std::vector<DriftRow> drift_of(const VerdictFunction& function, std::span<const Arch> arches,
                               const Since& since) {
  std::vector<DriftRow> rows;
  const auto verdicts = function.verdicts();
  for (const names::NewSyscall& call : names::new_syscalls())
    for (const Arch arch : arches) {
      if (!is_newer(call, arch, since)) continue;
      if (const auto nr = call.number(arch))
        rows.push_back(row_of(call, arch, *nr, function, verdicts));
    }
  return rows;
}

}  // namespace assay::profile
