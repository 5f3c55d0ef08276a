#include "audit/inquiry.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>

#include "assay/symbolic/fingerprint.hpp"

namespace assay::audit {

using seccomp::Arch;
using seccomp::Verdict;
using symbolic::Manager;
using symbolic::NotDecided;
using symbolic::VerdictFunction;

namespace {

struct Capability {
  std::string_view name;
  unsigned bit;
};
// linux/capability.h
constexpr auto capabilities = std::to_array<Capability>({
    {"CAP_DAC_READ_SEARCH", 2},
    {"CAP_NET_ADMIN", 12},
    {"CAP_NET_RAW", 13},
    {"CAP_SYS_MODULE", 16},
    {"CAP_SYS_RAWIO", 17},
    {"CAP_SYS_CHROOT", 18},
    {"CAP_SYS_PTRACE", 19},
    {"CAP_SYS_PACCT", 20},
    {"CAP_SYS_ADMIN", 21},
    {"CAP_SYS_BOOT", 22},
    {"CAP_SYS_TIME", 25},
    {"CAP_SYS_TTY_CONFIG", 26},
    {"CAP_SYSLOG", 34},
    {"CAP_PERFMON", 38},
    {"CAP_BPF", 39},
});

std::vector<verify::Program> programs_of(const std::vector<Filter>& filters) {
  std::vector<verify::Program> programs;
  programs.reserve(filters.size());
  for (const Filter& filter : filters) programs.push_back(filter.program);
  return programs;
}

// The machine whose kernel the filters are for: the one asked for, or, where nothing of it gets
// through, another whose calls do. A filter for s390x refuses every x86_64 call as foreign.
Arch machine_of(const VerdictFunction& function, const seccomp::Semantics& semantics) {
  const auto served = [&](Arch arch) {
    const VerdictFunction part = function.with_word(1, describe(arch).audit);
    const auto open =
        part.where([&](Verdict verdict) { return outcome(verdict, semantics) != Outcome::Closed; });
    return !open.is_never();
  };
  if (served(semantics.machine)) return semantics.machine;
  constexpr std::array machines{Arch::x86_64,     Arch::aarch64, Arch::s390x,  Arch::ppc64le,
                                Arch::riscv64,    Arch::x86,     Arch::arm,    Arch::mips64,
                                Arch::mipsel64,   Arch::mips,    Arch::mipsel, Arch::ppc64,
                                Arch::loongarch64};
  const auto found = std::find_if(machines.begin(), machines.end(), served);
  return found == machines.end() ? semantics.machine : *found;
}

// The rules' own diagram gives it where its order is that of fingerprints, too.
std::optional<std::string> fingerprint_of(const Inquiry& inquiry, const Options& options) {
  if (!options.fingerprint) return std::nullopt;
  if (*options.fingerprint == inquiry.machine().semantics)
    if (auto digest = symbolic::ready_fingerprint(inquiry.function())) return digest;
  auto digest = symbolic::fingerprint(inquiry.programs(), *options.fingerprint, options.budget);
  return digest ? std::optional(std::move(*digest)) : std::nullopt;
}

}  // namespace

Inquiry::Inquiry(const Target& target, const Options& options)
    : target_(target),
      options_(options),
      semantics_(target.surroundings.machine.semantics),
      programs_(programs_of(target.filters)),
      stack_(programs_, semantics_),
      manager_(std::make_unique<Manager>(symbolic::Order::for_programs(programs_), options.budget)),
      analyses_(programs_.size()) {}

tl::expected<std::unique_ptr<Inquiry>, NotDecided> Inquiry::open(const Target& target,
                                                                 const Options& options) {
  std::unique_ptr<Inquiry> inquiry(new Inquiry(target, options));
  auto function =
      VerdictFunction::of_stack(*inquiry->manager_, inquiry->programs_, inquiry->semantics_);
  if (!function) return tl::unexpected(function.error());
  inquiry->function_ = *function;
  inquiry->semantics_.machine = machine_of(*function, inquiry->semantics_);
  const Machine& machine = inquiry->machine();
  for (const Arch arch : abis_of(inquiry->semantics_.machine)) {
    const bool native = inquiry->abis_.empty();
    const auto& present = arch == Arch::x32   ? machine.x32
                          : arch == Arch::x86 ? machine.ia32
                                              : machine.compat;
    // An x32 number answers ENOSYS where there is no x32: the rule says so, and stays.
    if (native || arch == Arch::x32 || present.value_or(true))
      inquiry->abis_.push_back(std::make_unique<Abi>(*function, arch, inquiry->semantics_));
  }
  return inquiry;
}

const Abi* Inquiry::find(Arch arch) const {
  for (const auto& abi : abis_)
    if (abi->arch() == arch) return abi.get();
  return nullptr;
}

const symbolic::Analysis* Inquiry::analysis(std::size_t filter) const {
  auto& slot = analyses_[filter];
  if (!slot) {
    auto made = symbolic::Analysis::of(*manager_, programs_[filter], semantics_);
    if (!made) return nullptr;
    slot.emplace(std::move(*made));
  }
  return &*slot;
}

Exhibit Inquiry::exhibit(std::string shows, const seccomp::Words& words) const {
  const Verdict verdict = stack_.run(words).normalised(semantics_);
  if (verdict != function_->at(words)) {
    std::fputs("assay: a witness is not confirmed by the interpreter\n", stderr);
    std::abort();
  }
  return {std::move(shows), words, verdict, std::nullopt};
}

Finding Inquiry::finding(std::string_view rule, std::string subject, std::string message) const {
  const Rule& row = *find_rule(rule);
  Finding finding;
  finding.rule = row.id;
  finding.subject = std::move(subject);
  finding.severity = row.severity;
  finding.message = std::move(message);
  finding.location.file = target_.name;
  finding.evidence.kind = row.evidence;
  finding.help = row.advice;
  return finding;
}

void Inquiry::report(Finding finding) const { findings_.push_back(std::move(finding)); }

bool Inquiry::wanted(std::string_view rule) const {
  const auto has = [&](const std::vector<std::string>& list) {
    return std::find(list.begin(), list.end(), rule) != list.end();
  };
  return (options_.only.empty() || has(options_.only)) && !has(options_.ignore);
}

std::optional<bool> Inquiry::held(std::string_view name) const {
  if (!process() || !process()->capabilities) return std::nullopt;
  const auto row = std::find_if(capabilities.begin(), capabilities.end(),
                                [&](const Capability& other) { return other.name == name; });
  return row != capabilities.end() && (*process()->capabilities >> row->bit & 1) != 0;
}

Requirement Inquiry::capability(std::string_view name) const {
  Requirement requirement{std::string(name), held(name)};
  if (requirement.holds == true) requirement.holds = process()->root_user_namespace.value_or(true);
  return requirement;
}

Requirement Inquiry::sysctl_at_most(std::string_view name, std::int64_t most) const {
  Requirement requirement{std::string(name) + " <= " + std::to_string(most), std::nullopt};
  if (most == 0) requirement.text = std::string(name) + " = 0";
  if (const auto value = machine().sysctl(name)) requirement.holds = *value <= most;
  return requirement;
}

Requirement Inquiry::sysctl_at_least(std::string_view name, std::int64_t least) const {
  Requirement requirement{std::string(name) + " >= " + std::to_string(least), std::nullopt};
  if (const auto value = machine().sysctl(name)) requirement.holds = *value >= least;
  return requirement;
}

Requirement Inquiry::abi_present(Arch arch) const {
  if (arch == Arch::x86)
    return {"a kernel with 32-bit calls (CONFIG_IA32_EMULATION)", machine().ia32};
  if (arch == Arch::x32) return {"a kernel with x32 calls (CONFIG_X86_X32_ABI)", machine().x32};
  return {"a kernel and processor that run " + std::string(describe(arch).token) + " programs",
          machine().compat};
}

std::string subject(const Abi& abi, std::string_view call) {
  return std::string(abi.token()) + " " + std::string(call);
}

std::string listed(const std::vector<std::string>& words, std::size_t most) {
  std::string text;
  const std::size_t shown = words.size() > most + 1 ? most : words.size();
  for (std::size_t i = 0; i < shown; ++i) {
    const bool last = i + 1 == words.size();
    if (i > 0) text += last ? " and " : ", ";
    text += words[i];
  }
  if (shown < words.size()) text += " and " + std::to_string(words.size() - shown) + " more";
  return text;
}

bool require(Finding& finding, Requirement requirement, Unmet unmet) {
  const bool fails = requirement.holds == false;
  finding.requirements.push_back(std::move(requirement));
  if (!fails) return true;
  if (unmet == Unmet::Lowers) finding.severity = std::min(finding.severity, Severity::Low);
  return unmet == Unmet::Lowers;
}

std::optional<std::int64_t> Machine::sysctl(std::string_view name) const {
  const auto found = sysctls.find(name);
  return found == sysctls.end() ? std::nullopt : std::optional(found->second);
}

tl::expected<Outline, NotDecided> audit(const Target& target, const Options& options) {
  auto inquiry = Inquiry::open(target, options);
  if (!inquiry) return tl::unexpected(inquiry.error());
  constexpr std::array questions{ask_abi,     ask_arguments, ask_doors,     ask_reach,
                                 ask_actions, ask_programs,  ask_structure, ask_whole};
  const bool empty = target.filters.empty();
  if (empty) {
    ask_whole(**inquiry);
  } else {
    for (const auto& ask : questions) ask(**inquiry);
  }
  if ((*inquiry)->manager().exhausted()) return tl::unexpected((*inquiry)->manager().not_decided());
  Outline outline{(*inquiry)->semantics().machine, (*inquiry)->take(),
                  fingerprint_of(**inquiry, options)};
  std::stable_sort(outline.findings.begin(), outline.findings.end(),
                   [](const Finding& a, const Finding& b) { return a.severity > b.severity; });
  return outline;
}

}  // namespace assay::audit
