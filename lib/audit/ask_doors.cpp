// Questions about calls that have one power and are treated unequally.
//
// "One closed, one open" is a hole only if the power was meant to be taken away. In a deny-list
// a closed call shows that, and an open one was forgotten. In an allow-list a call that was never
// listed shows nothing; one that is open for other arguments and closed for this use does.
#include <algorithm>

#include "audit/doors.hpp"

namespace assay::audit {

using seccomp::Words;
using symbolic::Condition;

namespace {

struct OpenDoor {
  std::string_view call;
  Words words;
};

// Whether the filter takes this use away on purpose.
bool taken_away(const Inquiry& inquiry, const Abi& abi, const Power& power, const Door& door) {
  const Treatment* const treatment = abi.find(door.use.call);
  if (treatment == nullptr || door.part == Part::Way || !restricted(inquiry, *treatment))
    return false;
  const Condition use = inputs_of(inquiry, abi, door.use);
  if (treatment->open().meets(use)) return false;
  const bool open_otherwise = !treatment->never_open();
  if (abi.deny_list() && !power.of_some_arguments)
    return !declared_missing(inquiry, treatment->function());
  return open_otherwise;
}

// Ways that are open for the use; in an allow-list they must have been meant for something else.
std::vector<OpenDoor> open_doors(const Inquiry& inquiry, const Abi& abi, const Power& power) {
  std::vector<OpenDoor> result;
  for (const Door& door : power.doors) {
    if (door.part == Part::Evidence) continue;
    if (const auto words = some_open(inquiry, abi, door.use))
      result.push_back({door.use.call, *words});
  }
  return result;
}

struct Hole {
  const Power* power;
  std::string_view refused;
  Words refused_words;
  std::vector<OpenDoor> open;
};

std::optional<Hole> hole(const Inquiry& inquiry, const Abi& abi, const Power& power) {
  if (!abi.deny_list() && !abi.allow_list() && !power.of_some_arguments) return std::nullopt;
  const auto closed = std::find_if(power.doors.begin(), power.doors.end(), [&](const Door& door) {
    return taken_away(inquiry, abi, power, door);
  });
  if (closed == power.doors.end()) return std::nullopt;
  auto open = open_doors(inquiry, abi, power);
  const auto refused = some_not_open(inquiry, abi, closed->use);
  if (open.empty() || !refused) return std::nullopt;
  return Hole{&power, closed->use.call, *refused, std::move(open)};
}

std::vector<std::string> names_of(const std::vector<OpenDoor>& doors) {
  std::vector<std::string> names;
  for (const OpenDoor& door : doors)
    if (std::find(names.begin(), names.end(), door.call) == names.end())
      names.emplace_back(door.call);
  return names;
}

Finding finding_of(const Inquiry& inquiry, const Abi& abi, const Hole& hole,
                   const std::string& what) {
  const auto names = names_of(hole.open);
  Finding finding = inquiry.finding(
      hole.power->rule, subject(abi, hole.refused) + ": " + what,
      (&abi == &inquiry.native() ? "" : std::string(abi.token()) + ": ") + what +
          " is refused by " + std::string(hole.refused) + " and open by " + listed(names));
  finding.evidence.calls = {inquiry.exhibit("gets through", hole.open.front().words),
                            inquiry.exhibit("is refused", hole.refused_words)};
  for (std::size_t i = 1; i < hole.open.size(); ++i)
    finding.evidence.calls.push_back(inquiry.exhibit("gets through, too", hole.open[i].words));
  return finding;
}

void report(const Inquiry& inquiry, const Abi& abi, Finding finding, const Need& need) {
  if (&abi != &inquiry.native() && !require(finding, inquiry.abi_present(abi.arch()), Unmet::Drops))
    return;
  if (need.kind != Need::Kind::None) {
    Requirement requirement = requirement_of(inquiry, need);
    const bool held = requirement.holds == true;
    require(finding, std::move(requirement), Unmet::Lowers);
    // A new user namespace gives the capability over the mounts that it makes.
    const bool given = need.name == "CAP_SYS_ADMIN" && makes_user_namespaces(inquiry);
    const bool capability = need.kind == Need::Kind::Capability;
    if (capability && !held && !given)
      finding.severity = std::min(finding.severity, Severity::Medium);
  }
  inquiry.report(std::move(finding));
}

bool same_doors(const Hole& a, const Hole& b) {
  return a.refused == b.refused && names_of(a.open) == names_of(b.open);
}

// Namespaces that are treated alike become one finding.
void report_all(const Inquiry& inquiry, const Abi& abi, const std::vector<Hole>& holes) {
  std::vector<bool> done(holes.size());
  for (std::size_t i = 0; i < holes.size(); ++i) {
    if (done[i]) continue;
    std::vector<std::string> whats;
    for (std::size_t j = i; j < holes.size(); ++j) {
      if (holes[j].power->rule != holes[i].power->rule || !same_doors(holes[i], holes[j])) continue;
      done[j] = true;
      whats.emplace_back(holes[j].power->what);
    }
    report(inquiry, abi, finding_of(inquiry, abi, holes[i], listed(whats, 8)),
           holes[i].power->need);
  }
}

std::vector<Hole> holes_of(const Inquiry& inquiry, const Abi& abi, const std::vector<Hole>& known) {
  std::vector<Hole> result;
  for (const Power& power : powers()) {
    const bool said = std::any_of(known.begin(), known.end(),
                                  [&](const Hole& other) { return other.power == &power; });
    if (said || !inquiry.wanted(power.rule)) continue;
    if (auto found = hole(inquiry, abi, power)) result.push_back(std::move(*found));
  }
  return result;
}

// The power to have memory both writable and executable.
constexpr std::array<CallUse, 3> both_at_once{
    {{"mmap", {{{2, "6", "6"}}}}, {"mmap2", {{{2, "6", "6"}}}}, {"mprotect", {{{2, "6", "6"}}}}}};
struct Detour {
  CallUse use;
  Severity severity;
};
constexpr std::array<Detour, 5> detours{{
    {{"personality", {{{0, "READ_IMPLIES_EXEC", "READ_IMPLIES_EXEC"}}}}, Severity::High},
    {{"mprotect", {{{2, "PROT_EXEC", "PROT_EXEC"}}}}, Severity::High},
    {{"pkey_mprotect", {{{2, "PROT_EXEC", "PROT_EXEC"}}}}, Severity::High},
    {{"shmat", {{{2, "SHM_EXEC", "SHM_EXEC"}}}}, Severity::High},
    {{"memfd_create"}, Severity::Medium},
}};
constexpr CallUse mapped_executable{"mmap", {{{2, "6", "4"}}}};

// The use is closed and the call is open otherwise.
bool closed_apart(const Inquiry& inquiry, const Abi& abi, const CallUse& use) {
  const Treatment* const treatment = abi.find(use.call);
  return treatment != nullptr && !treatment->never_open() && !some_open(inquiry, abi, use) &&
         restricted(inquiry, *treatment);
}

void ask_write_execute(const Inquiry& inquiry) {
  if (!inquiry.wanted("write-execute")) return;
  const Abi& abi = inquiry.native();
  const auto use = std::find_if(both_at_once.begin(), both_at_once.end(), [&](const CallUse& both) {
    return closed_apart(inquiry, abi, both);
  });
  if (use == both_at_once.end()) return;
  std::vector<OpenDoor> open;
  Severity severity = Severity::Info;
  for (const Detour& detour : detours) {
    if (detour.use.call == "memfd_create" && !some_open(inquiry, abi, mapped_executable)) continue;
    const auto words = some_open(inquiry, abi, detour.use);
    if (!words) continue;
    open.push_back({detour.use.call, *words});
    severity = std::max(severity, detour.severity);
  }
  const auto refused = some_not_open(inquiry, abi, *use);
  if (open.empty() || !refused) return;
  Finding finding = inquiry.finding("write-execute", std::string(abi.token()),
                                    "memory both writable and executable is refused by " +
                                        std::string(use->call) + ", and to be had through " +
                                        listed(names_of(open)));
  finding.severity = severity;
  finding.evidence.calls = {inquiry.exhibit("gets through", open.front().words),
                            inquiry.exhibit("is refused", *refused)};
  for (std::size_t i = 1; i < open.size(); ++i)
    finding.evidence.calls.push_back(inquiry.exhibit("gets through, too", open[i].words));
  inquiry.report(std::move(finding));
}

// What operations of a ring do instead of these calls.
constexpr auto ring_calls = std::to_array<std::string_view>(
    {"openat",   "openat2", "open",      "socket",    "connect",   "bind",
     "listen",   "accept4", "sendto",    "sendmsg",   "recvmsg",   "renameat2",
     "unlinkat", "mkdirat", "symlinkat", "linkat",    "setxattr",  "fsetxattr",
     "statx",    "read",    "write",     "fallocate", "ftruncate", "splice"});

std::optional<Words> kept_from(const Inquiry& inquiry, const Abi& abi, std::string_view call) {
  const Treatment* const treatment = abi.find(call);
  if (treatment == nullptr || !restricted(inquiry, *treatment)) return std::nullopt;
  if (treatment->always_open()) return std::nullopt;
  const bool meant = abi.deny_list() ? !declared_missing(inquiry, treatment->function())
                                     : !treatment->never_open();
  if (!meant) return std::nullopt;
  return some_not_open(inquiry, abi, {call});
}

// At 1 rings are left to the capability and to a group, of which a process's are not known.
Requirement rings_permitted(const Inquiry& inquiry) {
  constexpr std::string_view disabled = "kernel.io_uring_disabled";
  Requirement result =
      requirement_of(inquiry, {Need::Kind::AtMost, disabled, 0, "CAP_SYS_ADMIN", 1});
  result.text =
      std::string(disabled) + " = 0 (<= 1 with CAP_SYS_ADMIN or in kernel.io_uring_group)";
  const bool no_group = inquiry.machine().sysctl("kernel.io_uring_group") == -1;
  if (result.holds == false && inquiry.machine().sysctl(disabled) == 1 && !no_group)
    result.holds.reset();
  return result;
}

void ask_io_uring(const Inquiry& inquiry) {
  if (!inquiry.wanted("door-io-uring")) return;
  const Abi& abi = inquiry.native();
  const auto setup = some_open(inquiry, abi, {"io_uring_setup"});
  if (!setup) return;
  std::vector<OpenDoor> kept;
  for (const std::string_view call : ring_calls)
    if (const auto words = kept_from(inquiry, abi, call)) kept.push_back({call, *words});
  if (kept.empty()) return;
  Finding finding = inquiry.finding(
      "door-io-uring", std::string(abi.token()),
      "a ring does what the filter refuses or restricts: " + listed(names_of(kept)));
  finding.evidence.calls = {inquiry.exhibit("gets through", *setup),
                            inquiry.exhibit("is refused as a call", kept.front().words)};
  if (require(finding, rings_permitted(inquiry), Unmet::Drops)) inquiry.report(std::move(finding));
}

}  // namespace

void ask_doors(const Inquiry& inquiry) {
  const std::vector<Hole> native = holes_of(inquiry, inquiry.native(), {});
  report_all(inquiry, inquiry.native(), native);
  for (const auto& abi : inquiry.abis())
    if (abi != inquiry.abis().front() && abi->arch() != seccomp::Arch::x32 && abi->serves())
      report_all(inquiry, *abi, holes_of(inquiry, *abi, native));
  ask_write_execute(inquiry);
  ask_io_uring(inquiry);
}

}  // namespace assay::audit
