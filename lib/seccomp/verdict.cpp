#include "assay/seccomp/verdict.hpp"

#include <algorithm>

namespace assay::seccomp {
namespace {

constexpr std::uint32_t unsigned_action_mask = 0x7fff0000;

bool exists(Action action, const Semantics& semantics) {
  switch (action) {
    case Action::KillProcess:
    case Action::Log: return semantics.kill_process;
    case Action::UserNotif: return semantics.user_notif;
    default: return true;
  }
}

std::uint32_t action_bits(Verdict verdict, const Semantics& semantics) {
  return verdict.value & (semantics.signed_actions ? action_mask : unsigned_action_mask);
}

}  // namespace

Action Verdict::action(const Semantics& semantics) const {
  const std::uint32_t bits = action_bits(*this, semantics);
  const auto row = std::find_if(actions.begin(), actions.end(),
                                [&](const ActionInfo& info) { return info.value == bits; });
  if (row == actions.end() || !exists(row->action, semantics)) return Action::Unknown;
  return row->action;
}

std::uint16_t Verdict::data(const Semantics& semantics) const {
  const std::uint32_t raw = value & data_mask;
  switch (action(semantics)) {
    case Action::Errno:
      return static_cast<std::uint16_t>(semantics.errno_capped ? std::min(raw, max_errno) : raw);
    case Action::Trap:
    case Action::Trace: return static_cast<std::uint16_t>(raw);
    default: return 0;
  }
}

Verdict Verdict::normalised(const Semantics& semantics) const {
  const Action seen = action(semantics);
  if (seen == Action::Unknown)
    return {value_of(semantics.unknown_kills_process ? Action::KillProcess : Action::KillThread)};
  return {value_of(seen, data(semantics))};
}

bool overrides(Verdict candidate, Verdict current, const Semantics& semantics) {
  const std::uint32_t a = action_bits(candidate, semantics);
  const std::uint32_t b = action_bits(current, semantics);
  if (!semantics.signed_actions) return a < b;
  return static_cast<std::int32_t>(a) < static_cast<std::int32_t>(b);
}

Verdict strongest(std::span<const Verdict> oldest_first, const Semantics& semantics) {
  Verdict result{value_of(Action::Allow)};
  for (std::size_t i = oldest_first.size(); i-- > 0;)
    if (overrides(oldest_first[i], result, semantics)) result = oldest_first[i];
  return result;
}

}  // namespace assay::seccomp
