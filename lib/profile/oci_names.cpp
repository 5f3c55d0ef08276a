#include "profile/oci_names.hpp"

#include <array>
#include <string>

#include "profile/json_object.hpp"

namespace assay::profile {
namespace {

using seccomp::Action;
using seccomp::Arch;

struct ActionName {
  std::string_view name;
  Action action;
};

// The first name of an action is the one that is written.
constexpr auto action_names = std::to_array<ActionName>({
    {"SCMP_ACT_KILL_PROCESS", Action::KillProcess},
    {"SCMP_ACT_KILL_THREAD", Action::KillThread},
    {"SCMP_ACT_KILL", Action::KillThread},
    {"SCMP_ACT_TRAP", Action::Trap},
    {"SCMP_ACT_ERRNO", Action::Errno},
    {"SCMP_ACT_NOTIFY", Action::UserNotif},
    {"SCMP_ACT_TRACE", Action::Trace},
    {"SCMP_ACT_LOG", Action::Log},
    {"SCMP_ACT_ALLOW", Action::Allow},
});

struct OperatorName {
  std::string_view name;
  Operator op;
};

constexpr auto operator_names = std::to_array<OperatorName>({
    {"SCMP_CMP_NE", Operator::NotEqual},
    {"SCMP_CMP_LT", Operator::Less},
    {"SCMP_CMP_LE", Operator::LessEqual},
    {"SCMP_CMP_EQ", Operator::Equal},
    {"SCMP_CMP_GE", Operator::GreaterEqual},
    {"SCMP_CMP_GT", Operator::Greater},
    {"SCMP_CMP_MASKED_EQ", Operator::MaskedEqual},
});

// The last three columns: runc, archMap of Moby, archMap of containers-common.
constexpr auto arch_names = std::to_array<OciArch>({
    {Arch::x86, "SCMP_ARCH_X86", "x86", true, true, false},
    {Arch::x86_64, "SCMP_ARCH_X86_64", "amd64", true, true, true},
    {Arch::x32, "SCMP_ARCH_X32", "", true, false, false},
    {Arch::arm, "SCMP_ARCH_ARM", "arm", true, true, false},
    {Arch::aarch64, "SCMP_ARCH_AARCH64", "arm64", true, true, true},
    {Arch::mips, "SCMP_ARCH_MIPS", "", true, false, false},
    {Arch::mips64, "SCMP_ARCH_MIPS64", "mips64", true, true, true},
    {Arch::mips64n32, "SCMP_ARCH_MIPS64N32", "mips64n32", true, true, true},
    {Arch::mipsel, "SCMP_ARCH_MIPSEL", "mipsel", true, false, false},
    {Arch::mipsel64, "SCMP_ARCH_MIPSEL64", "mipsel64", true, true, true},
    {Arch::mipsel64n32, "SCMP_ARCH_MIPSEL64N32", "mips3l64n32", true, true, true},
    {Arch::ppc, "SCMP_ARCH_PPC", "ppc", true, true, false},
    {Arch::ppc64, "SCMP_ARCH_PPC64", "ppc64", true, true, false},
    {Arch::ppc64le, "SCMP_ARCH_PPC64LE", "ppc64le", true, true, false},
    {Arch::s390, "SCMP_ARCH_S390", "s390", true, true, false},
    {Arch::s390x, "SCMP_ARCH_S390X", "s390x", true, true, true},
    {Arch::riscv64, "SCMP_ARCH_RISCV64", "riscv64", true, true, false},
    {Arch::loongarch64, "SCMP_ARCH_LOONGARCH64", "loongarch64", true, false, false},
    {Arch::parisc, "SCMP_ARCH_PARISC", "", false, false, false},
    {Arch::parisc64, "SCMP_ARCH_PARISC64", "", false, false, false},
    {Arch::m68k, "SCMP_ARCH_M68K", "", false, false, false},
    {Arch::sh, "SCMP_ARCH_SH", "", false, false, false},
    {Arch::sheb, "SCMP_ARCH_SHEB", "", false, false, false},
});

struct OtherSpelling {
  std::string_view name;
  Arch arch;
};

// Of Go, Debian and uname.
constexpr auto other_spellings = std::to_array<OtherSpelling>({
    {"amd64", Arch::x86_64},
    {"x64", Arch::x86_64},
    {"386", Arch::x86},
    {"i386", Arch::x86},
    {"i686", Arch::x86},
    {"arm64", Arch::aarch64},
    {"armhf", Arch::arm},
    {"ppc64el", Arch::ppc64le},
    {"mips64le", Arch::mipsel64},
    {"loong64", Arch::loongarch64},
});

constexpr std::string_view arch_prefix = "SCMP_ARCH_";

}  // namespace

std::optional<Action> oci_action(std::string_view name) {
  for (const ActionName& row : action_names)
    if (row.name == name) return row.action;
  return std::nullopt;
}

std::string_view oci_action(Action action) {
  for (const ActionName& row : action_names)
    if (row.action == action) return row.name;
  return {};
}

std::optional<Operator> oci_operator(std::string_view name) {
  for (const OperatorName& row : operator_names)
    if (row.name == name) return row.op;
  return std::nullopt;
}

std::string_view oci_operator(Operator op) {
  for (const OperatorName& row : operator_names)
    if (row.op == op) return row.name;
  return {};
}

const OciArch* oci_arch(Arch arch) {
  for (const OciArch& row : arch_names)
    if (row.arch == arch) return &row;
  return nullptr;
}

const OciArch* oci_arch(std::string_view name) {
  for (const OciArch& row : arch_names)
    if (row.name == name) return &row;
  return nullptr;
}

const OciArch* oci_arch_spelt_otherwise(std::string_view name) {
  if (name.size() > arch_prefix.size() && same_key(name.substr(0, arch_prefix.size()), arch_prefix))
    name.remove_prefix(arch_prefix.size());
  for (const OciArch& row : arch_names)
    if (same_key(row.name.substr(arch_prefix.size()), name)) return &row;
  for (const OtherSpelling& row : other_spellings)
    if (same_key(row.name, name)) return oci_arch(row.arch);
  return nullptr;
}

}  // namespace assay::profile
