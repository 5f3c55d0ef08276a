#include "audit/argument.hpp"

#include <algorithm>
#include <array>

namespace assay::audit {

using seccomp::Arch;

namespace {

struct Kinds {
  std::string_view call;
  std::string_view letters;  // one an argument, as in arguments.tsv
};
constexpr auto table = std::to_array<Kinds>({
#include "arguments.inc"
});

constexpr bool sorted(std::span<const Kinds> rows) {
  return std::is_sorted(rows.begin(), rows.end(),
                        [](const Kinds& a, const Kinds& b) { return a.call < b.call; });
}
static_assert(sorted(table), "arguments.tsv is looked up by bisection");

constexpr std::string_view letters = "iuhwpcr";  // in the order of Width

// Each bit was tried on Linux 6.18 with the rest of a working call. Bits that the kernel
// answers with EINVAL are not here: refusing them again costs nothing.
constexpr std::uint32_t above_mode = 0xffff0000;
constexpr std::uint32_t above_permissions = 0xfffff000;
constexpr std::uint32_t no_open_flag = 0xff80003c;
constexpr auto ignored = std::to_array<Ignored>({
    {"chmod", 1, above_permissions, false, "the kernel looks at the low 12 bits of a mode"},
    {"fchmod", 1, above_permissions, false, "the kernel looks at the low 12 bits of a mode"},
    {"fchmodat", 2, above_permissions, false, "the kernel looks at the low 12 bits of a mode"},
    {"fchmodat2", 2, above_permissions, false, "the kernel looks at the low 12 bits of a mode"},
    {"mkdir", 1, above_mode, false, "a mode has 16 bits"},
    {"mkdirat", 2, above_mode, false, "a mode has 16 bits"},
    {"mknod", 1, above_mode, false, "a mode has 16 bits"},
    {"mknodat", 2, above_mode, false, "a mode has 16 bits"},
    {"creat", 1, above_mode, false, "a mode has 16 bits"},
    {"open", 2, above_mode, false, "a mode has 16 bits"},
    {"openat", 3, above_mode, false, "a mode has 16 bits"},
    {"open", 1, no_open_flag, true, "unknown flags are dropped"},
    {"openat", 2, no_open_flag, true, "unknown flags are dropped"},
    {"mmap", 2, 0xfffffff8, true, "the kernel looks at three bits of the protection"},
    {"socket", 1, 0x00080800, true, "SOCK_NONBLOCK and SOCK_CLOEXEC come with every type"},
    {"socketpair", 1, 0x00080800, true, "SOCK_NONBLOCK and SOCK_CLOEXEC come with every type"},
    {"sched_setscheduler", 1, 0x40000000, false, "SCHED_RESET_ON_FORK comes with every policy"},
    {"futex", 1, 0x00000180, false, "FUTEX_PRIVATE_FLAG and FUTEX_CLOCK_REALTIME come with it"},
});

constexpr auto magic = std::to_array<Magic>({
    {"mount", 3, 0xffff0000, 0xc0ed0000, "the kernel drops the old magic of the mount flags"},
});

constexpr auto ids_of_x86 = std::to_array<std::string_view>(
    {"setuid", "setgid", "setreuid", "setregid", "setresuid", "setresgid", "setfsuid", "setfsgid",
     "chown", "lchown", "fchown"});

}  // namespace

std::optional<Width> width_of(std::string_view call, std::size_t argument) {
  const auto row = std::lower_bound(table.begin(), table.end(), call,
                                    [](const Kinds& a, std::string_view b) { return a.call < b; });
  if (row == table.end() || row->call != call || argument >= row->letters.size())
    return std::nullopt;
  return static_cast<Width>(letters.find(row->letters[argument]));
}

bool is_cut(Width width) {
  return width != Width::Full && width != Width::Pointer && width != Width::Rejected;
}

std::span<const Ignored> ignored_bits() { return ignored; }
std::span<const Magic> magic_values() { return magic; }

std::span<const std::string_view> calls_with_16_bit_ids(Arch arch) {
  if (arch != Arch::x86) return {};
  return ids_of_x86;
}

}  // namespace assay::audit
