#include "assay/seccomp/semantics.hpp"

#include <array>
#include <charconv>

#include "assay/seccomp/arch.hpp"

namespace assay::seccomp {
namespace {

constexpr KernelVersion oldest{3, 5};  // the first with SECCOMP_MODE_FILTER
constexpr KernelVersion newest{6, 18};

struct FlagRow {
  KernelVersion since;
  std::uint32_t flag;
};

constexpr auto flag_rows = std::to_array<FlagRow>({
    {{3, 17}, 0x01},  // TSYNC
    {{4, 14}, 0x02},  // LOG
    {{4, 17}, 0x04},  // SPEC_ALLOW
    {{5, 0}, 0x08},   // NEW_LISTENER
    {{5, 7}, 0x10},   // TSYNC_ESRCH
    {{5, 19}, 0x20},  // WAIT_KILLABLE_RECV
});

std::optional<unsigned> take_number(std::string_view& text) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{}) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

bool take(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

bool take_suffix(std::string_view& text, std::string_view suffix) {
  if (!text.ends_with(suffix)) return false;
  text.remove_suffix(suffix.size());
  return true;
}

ShiftRule shift_rule(Arch machine, bool jit) {
  if (jit && machine == Arch::ppc64le) return ShiftRule::Modulo64ZeroAbove31;
  if (jit && machine == Arch::arm) return ShiftRule::Modulo256ZeroAbove31;
  return ShiftRule::Modulo32;
}

// Debian's kernels run filters interpreted where they have no JIT or leave it off.
bool jit_by_default(Arch machine) { return machine == Arch::x86_64 || machine == Arch::aarch64; }

Semantics of_version(KernelVersion version) {
  const auto since = [&](unsigned major, unsigned minor) {
    return version >= KernelVersion{major, minor};
  };
  Semantics result;
  result.version = version;
  result.xor_accepted = since(3, 10);
  result.converted_chain = since(3, 16);
  result.errno_capped = since(4, 0);
  result.signed_actions = since(4, 14);
  result.kill_process = since(4, 14);
  result.user_notif = since(5, 0);
  result.unknown_kills_process = since(5, 10);
  result.constant_bitmap = since(5, 11);
  result.uretprobe_exempt = since(6, 14);
  result.uprobe_exempt = since(6, 18);
  result.install_flags = 0;
  for (const FlagRow& row : flag_rows)
    if (version >= row.since) result.install_flags |= row.flag;
  return result;
}

}  // namespace

std::string Semantics::name() const {
  std::string text = "linux-";
  text.append(std::to_string(version.major)).append(".").append(std::to_string(version.minor));
  const bool usual_engine = jit == jit_by_default(machine);
  if (machine == Arch::x86_64 && usual_engine) return text;
  text.append("-").append(describe(machine).token);
  if (!usual_engine || shift_rule(machine, true) != ShiftRule::Modulo32)
    text += jit ? "-jit" : "-interpreter";
  return text;
}

std::optional<Semantics> find_semantics(std::string_view name) {
  if (!take(name, "linux-")) return std::nullopt;
  const auto major = take_number(name);
  if (!major || !take(name, ".")) return std::nullopt;
  const auto minor = take_number(name);
  if (!minor) return std::nullopt;
  const KernelVersion version{*major, *minor};
  if (version < oldest || version > newest) return std::nullopt;

  Semantics result = of_version(version);
  if (name.empty()) return result;
  if (!take(name, "-")) return std::nullopt;
  const bool jit = take_suffix(name, "-jit");
  const bool interpreter = !jit && take_suffix(name, "-interpreter");
  const auto machine = find_arch(name);
  if (!machine || *machine == Arch::x32) return std::nullopt;
  result.machine = *machine;
  result.jit = jit || (!interpreter && jit_by_default(*machine));
  result.shift = shift_rule(*machine, result.jit);
  if (*machine != Arch::x86_64) {
    result.uretprobe_exempt = false;
    result.uprobe_exempt = false;
  }
  return result;
}

}  // namespace assay::seccomp
