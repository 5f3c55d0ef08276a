#include "assay/text/verdict.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cstdio>
#include <optional>

#include "assay/names/errnos.hpp"

namespace assay::text {
namespace {

using seccomp::Action;
using seccomp::ActionInfo;

constexpr std::string_view unknown_name = "UNKNOWN";
constexpr std::string_view all_names =
    "ALLOW, LOG, TRACE(n), USER_NOTIF, ERRNO(n), TRAP(n), KILL_THREAD, KILL_PROCESS or "
    "UNKNOWN(0x...)";

std::optional<std::uint32_t> read_number(std::string_view text) {
  const bool hex = text.substr(0, 2) == "0x";
  if (hex) text.remove_prefix(2);
  std::uint32_t value = 0;
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, value, hex ? 16 : 10);
  if (text.empty() || result.ec != std::errc{} || result.ptr != end) return {};
  return value;
}

tl::unexpected<VerdictError> error(VerdictErrorKind kind, std::string_view found,
                                   std::string expected) {
  return tl::unexpected(VerdictError{kind, std::string(found), std::move(expected)});
}

tl::expected<seccomp::Verdict, VerdictError> with_data(Action action, std::string_view data) {
  const std::uint32_t limit = action == Action::Errno ? seccomp::max_errno : seccomp::data_mask;
  std::optional<std::uint32_t> value = read_number(data);
  if (!value && action == Action::Errno) value = names::errno_number(seccomp::Arch::x86_64, data);
  if (value && *value <= limit)
    return seccomp::Verdict{seccomp::value_of(action, static_cast<std::uint16_t>(*value))};
  return error(VerdictErrorKind::BadData, data,
               "a number up to " + std::to_string(limit) +
                   (action == Action::Errno ? " or a name such as EPERM" : ""));
}

tl::expected<seccomp::Verdict, VerdictError> unknown(std::string_view data) {
  const auto value = read_number(data);
  if (value && seccomp::Verdict{*value}.action() == Action::Unknown)
    return seccomp::Verdict{*value};
  return error(VerdictErrorKind::BadData, data, "32 bits that name no action");
}

}  // namespace

std::string to_text(seccomp::Verdict verdict, const seccomp::Semantics& semantics) {
  const Action action = verdict.action(semantics);
  if (action == Action::Unknown) {
    std::array<char, 32> text;  // NOLINT: snprintf fills it
    std::snprintf(text.data(), text.size(), "UNKNOWN(0x%08x)", verdict.value);
    return text.data();
  }
  const ActionInfo& info = seccomp::actions[static_cast<std::size_t>(action)];
  std::string text(info.name);
  if (info.data) text.append("(").append(std::to_string(verdict.data(semantics))).append(")");
  return text;
}

tl::expected<seccomp::Verdict, VerdictError> parse_verdict(std::string_view text) {
  const std::size_t open = text.find('(');
  const std::string_view name = text.substr(0, open);
  const bool has_data = open != std::string_view::npos && text.back() == ')';
  const auto info = std::find_if(seccomp::actions.begin(), seccomp::actions.end(),
                                 [&](const ActionInfo& row) { return row.name == name; });
  const bool known = info != seccomp::actions.end() || name == unknown_name;
  if (!known || (open != std::string_view::npos && !has_data))
    return error(VerdictErrorKind::UnknownAction, text, std::string(all_names));
  const std::string_view data = has_data ? text.substr(open + 1, text.size() - open - 2) : "";
  const bool wants_data = name == unknown_name || info->data;
  if (wants_data && !has_data)
    return error(VerdictErrorKind::MissingData, text, std::string(name) + "(n)");
  if (!wants_data && has_data)
    return error(VerdictErrorKind::UnexpectedData, text, std::string(name));
  if (name == unknown_name) return unknown(data);
  if (wants_data) return with_data(info->action, data);
  return seccomp::Verdict{info->value};
}

}  // namespace assay::text
