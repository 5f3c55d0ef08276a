// What a filter answers to calls that are newer than it may know: kernels gain calls, libraries
// begin to use them, and a profile that names what is allowed decides by its default.
//
// ENOSYS says "no such call", and libraries then fall back on an older one. Any other answer is
// taken for the result: a container then fails to start a thread or to read a file's mode. Which
// calls somebody needs so is a table with its sources; see docs/drift.md.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "assay/names/syscalls.hpp"
#include "assay/seccomp/verdict.hpp"
#include "assay/symbolic/verdict_function.hpp"

namespace assay::profile {

// Newer than a kernel release, than the tables of a libseccomp, or than those installed.
struct Since {
  seccomp::KernelVersion kernel;
  bool installed_libseccomp = false;  // instead of the release
};

// "linux-5.0", "5.0", "libseccomp-2.5.4", or "libseccomp", which is the one installed.
std::optional<Since> find_since(std::string_view text);
// The releases of libseccomp that are known, for messages.
std::vector<std::string_view> known_libseccomps();

// Who falls back on an older call, and when.
enum class Need : std::uint8_t {
  Enosys,  // on ENOSYS alone
  Never,   // not at all: every error reaches the caller
};
struct Fallback {
  std::string_view call;
  Need need{};
  std::string_view who;
  std::string_view source;
};
std::span<const Fallback> fallbacks();
const Fallback* find_fallback(std::string_view call);

struct DriftRow {
  const names::NewSyscall* call = nullptr;
  seccomp::Arch arch{};
  std::uint32_t nr = 0;
  // Over all arguments, strongest first: more than one where the arguments decide.
  std::vector<seccomp::Verdict> verdicts;
  const Fallback* fallback = nullptr;  // who needs to be told ENOSYS, if anybody
  bool breaks = false;                 // and is told something else

  bool allowed() const;  // for some arguments at least
  bool enosys() const;   // for all of them
};

// The architectures of which the filter tells calls apart; its calls elsewhere have one verdict.
std::vector<seccomp::Arch> told_apart(const symbolic::VerdictFunction& function);

// In the order of the table of newer calls, then of the arches.
std::vector<DriftRow> drift_of(const symbolic::VerdictFunction& function,
                               std::span<const seccomp::Arch> arches, const Since& since);

}  // namespace assay::profile
