#include "profile/multiplexer.hpp"

#include <algorithm>
#include <cctype>
#include <string>

#include "assay/names/constants.hpp"

namespace assay::profile {
namespace {

using seccomp::Arch;

// src/syscalls.c of libseccomp 2.5: the arches whose rules are doubled.
bool multiplexes(Arch arch) {
  switch (arch) {
    case Arch::x86:
    case Arch::s390:
    case Arch::s390x:
    case Arch::ppc:
    case Arch::ppc64:
    case Arch::ppc64le:
    case Arch::mips:
    case Arch::mipsel: return true;
    default: return false;
  }
}

std::string upper(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return result;
}

std::optional<std::uint32_t> subcode(std::string_view group, const std::string& name) {
  for (const names::Constant& row : names::constants_of(group))
    if (row.name == name) return static_cast<std::uint32_t>(row.value);
  return std::nullopt;
}

}  // namespace

std::optional<Multiplexed> multiplexed(Arch arch, std::string_view call) {
  if (!multiplexes(arch)) return std::nullopt;
  const std::string name = upper(call);
  if (const auto code = subcode("SYS_", "SYS_" + name)) return Multiplexed{"socketcall", *code};
  if (const auto code = subcode("IPCOP_", name)) return Multiplexed{"ipc", *code};
  return std::nullopt;
}

}  // namespace assay::profile
