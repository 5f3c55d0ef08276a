// A filter's answer: the raw 32 bits it returned, and what the kernel reads in them.
//
// The upper half names the action, the lower half is data. Values that name no action are
// verdicts too: they have a place in the order of precedence and an effect (seccomp/
// effect.hpp). Rules: __seccomp_filter() and seccomp_run_filters() in kernel/seccomp.c.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "assay/seccomp/semantics.hpp"

namespace assay::seccomp {

enum class Action : std::uint8_t {
  KillProcess,
  KillThread,
  Trap,
  Errno,
  UserNotif,
  Trace,
  Log,
  Allow,
  Unknown,
};

struct ActionInfo {
  Action action;
  std::uint32_t value;
  std::string_view name;  // as in reports
  bool data;              // whether somebody can see the lower 16 bits
};

// Strongest first, as the kernel orders them.
inline constexpr auto actions = std::to_array<ActionInfo>({
    {Action::KillProcess, 0x80000000, "KILL_PROCESS", false},
    {Action::KillThread, 0x00000000, "KILL_THREAD", false},
    {Action::Trap, 0x00030000, "TRAP", true},
    {Action::Errno, 0x00050000, "ERRNO", true},
    {Action::UserNotif, 0x7fc00000, "USER_NOTIF", false},
    {Action::Trace, 0x7ff00000, "TRACE", true},
    {Action::Log, 0x7ffc0000, "LOG", false},
    {Action::Allow, 0x7fff0000, "ALLOW", false},
});

inline constexpr std::uint32_t action_mask = 0xffff0000;
inline constexpr std::uint32_t data_mask = 0x0000ffff;
inline constexpr std::uint32_t max_errno = 4095;

constexpr std::uint32_t value_of(Action action, std::uint16_t data = 0) {
  return actions[static_cast<std::size_t>(action)].value | data;
}

struct Verdict {
  std::uint32_t value = 0;

  // The action that these rules see. Before 4.14 bit 31 was ignored.
  Action action(const Semantics& = {}) const;
  // What somebody can see of the data: ERRNO capped at 4095, TRAP and TRACE whole, else 0.
  std::uint16_t data(const Semantics& = {}) const;
  // One value for all that act alike: data where it shows, unknown actions as the kill
  // that they are.
  Verdict normalised(const Semantics& = {}) const;

  friend constexpr bool operator==(const Verdict&, const Verdict&) = default;
};

// Whether `candidate`, returned by an older filter, wins over `current`: strictly stronger
// actions do, so that on a tie the newest filter's data stays.
bool overrides(Verdict candidate, Verdict current, const Semantics& = {});

// The verdict of a stack from the values of its filters, oldest first as stacks are
// written; ALLOW when there is none.
Verdict strongest(std::span<const Verdict> oldest_first, const Semantics& = {});

}  // namespace assay::seccomp
