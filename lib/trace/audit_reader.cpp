// The fields of a record stand in a fixed order, and comm and exe may hold anything when
// ausearch -i wrote them: so each key is looked for from the end of the line, last one first.
#include <array>
#include <string>

#include "assay/names/syscalls.hpp"
#include "trace/abi.hpp"
#include "trace/cursor.hpp"
#include "trace/readers.hpp"

namespace assay::trace {
namespace {

using seccomp::Action;
using seccomp::Arch;

struct Fields {
  std::string_view pid, arch, syscall, compat, ip, code;
};

// The value of the last "KEY=" and what stands before it.
std::optional<std::string_view> take_last(std::string_view& text, std::string_view key) {
  const std::size_t at = text.rfind(key);
  if (at == std::string_view::npos) return std::nullopt;
  std::string_view value = text.substr(at + key.size());
  value = value.substr(0, value.find_first_of(" \x1d\r"));
  text = text.substr(0, at);
  return value;
}

std::optional<Fields> fields_of(std::string_view text) {
  // An enriched record repeats some fields in words, after a separator.
  text = text.substr(0, text.find('\x1d'));
  Fields fields;
  const auto take = [&](std::string_view& to, std::string_view key) {
    const auto value = take_last(text, key);
    if (value) to = *value;
    return value.has_value();
  };
  if (!take(fields.code, " code=") || !take(fields.ip, " ip=") ||
      !take(fields.compat, " compat=") || !take(fields.syscall, " syscall=") ||
      !take(fields.arch, " arch="))
    return std::nullopt;
  const std::size_t pid = text.find(" pid=");  // before comm and exe
  if (pid != std::string_view::npos) {
    text = text.substr(pid + 5);
    fields.pid = text.substr(0, text.find(' '));
  }
  return fields;
}

bool is_record(std::string_view line) {
  const std::size_t type = line.find("type=1326");
  if (type != std::string_view::npos) return true;
  return line.find("type=SECCOMP") != std::string_view::npos ||
         line.find(": SECCOMP ") != std::string_view::npos;
}

struct AuditArch {
  std::uint32_t number;
  Arch table;
};

// "c000003e", or a name of the audit tools.
std::optional<AuditArch> arch_of(std::string_view text) {
  if (const auto number = whole_number<std::uint32_t>(text, 16); number && text.size() >= 2) {
    const auto arch = seccomp::find_arch(*number);
    return AuditArch{*number, arch.value_or(Arch::x86_64)};
  }
  constexpr auto others = std::to_array<std::pair<std::string_view, Arch>>({
      {"i386", Arch::x86},
      {"armeb", Arch::armeb},
      {"ppc64", Arch::ppc64},
      {"s390x", Arch::s390x},
  });
  auto arch = seccomp::find_arch(text);
  for (const auto& [name, meant] : others)
    if (name == text) arch = meant;
  if (!arch) return std::nullopt;
  return AuditArch{seccomp::describe(*arch).audit, *arch};
}

// A number, a name, or "unknown-syscall(462)".
std::optional<std::uint32_t> number_of(std::string_view text, Arch arch) {
  constexpr std::string_view unknown = "unknown-syscall(";
  if (text.starts_with(unknown)) text = text.substr(unknown.size(), text.size() - 17);
  if (const auto number = whole_number<std::int64_t>(text))
    return static_cast<std::uint32_t>(*number);
  return names::syscall_number(arch, text);
}

// ausearch -i calls both kills by one name.
std::optional<Action> action_of(std::string_view text) {
  if (text.starts_with("0x")) {
    const auto value = whole_number<std::uint32_t>(text.substr(2), 16);
    if (!value) return std::nullopt;
    return seccomp::Verdict{*value}.action();
  }
  constexpr auto words = std::to_array<std::pair<std::string_view, Action>>({
      {"kill", Action::KillProcess},
      {"trap", Action::Trap},
      {"errno", Action::Errno},
      {"user-notify", Action::UserNotif},
      {"trace", Action::Trace},
      {"log", Action::Log},
      {"allow", Action::Allow},
  });
  for (const auto& [word, action] : words)
    if (word == text) return action;
  return std::nullopt;
}

}  // namespace

void AuditReader::read(std::string_view line, std::size_t number, std::vector<Call>& to) {
  if (!is_record(line)) return;
  const auto fields = fields_of(line);
  if (!fields) return skip(Skip::NotUnderstood, number);
  const auto arch = arch_of(fields->arch);
  const auto nr = arch ? number_of(fields->syscall, arch->table) : std::nullopt;
  if (!nr) return skip(arch ? Skip::Nameless : Skip::NotUnderstood, number);
  Call call = call_of(arch->number, *nr, number);
  if (fields->ip.starts_with("0x")) {
    if (const auto ip = whole_number<std::uint64_t>(fields->ip.substr(2), 16)) {
      call.data.instruction_pointer = *ip;
      call.known.instruction_pointer = ~std::uint64_t{0};
    }
  }
  call.pid = whole_number<std::uint32_t>(fields->pid).value_or(0);
  call.recorded = action_of(fields->code);
  to.push_back(std::move(call));
}

}  // namespace assay::trace
