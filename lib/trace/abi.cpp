#include "trace/abi.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "assay/names/constants.hpp"
#include "assay/names/syscalls.hpp"

namespace assay::trace {
namespace {

using seccomp::Arch;

constexpr auto families = std::to_array<std::array<Arch, 3>>({
    {Arch::x86_64, Arch::x86, Arch::x32},
    {Arch::aarch64, Arch::arm, Arch::aarch64},
    {Arch::ppc64, Arch::ppc, Arch::ppc64},
    {Arch::ppc64le, Arch::ppc64le, Arch::ppc64le},
    {Arch::s390x, Arch::s390, Arch::s390x},
    {Arch::mips64, Arch::mips, Arch::mips64n32},
    {Arch::mipsel64, Arch::mipsel, Arch::mipsel64n32},
    {Arch::parisc64, Arch::parisc, Arch::parisc64},
    {Arch::riscv64, Arch::riscv32, Arch::riscv64},
    {Arch::sparc64, Arch::sparc, Arch::sparc64},
});

const std::array<Arch, 3>* family_of(Arch arch) {
  for (const auto& family : families)
    if (std::find(family.begin(), family.end(), arch) != family.end()) return &family;
  return nullptr;
}

struct NamedIndex {
  std::string_view name;
  std::size_t index;
};

// On 32-bit ABIs: calls with a 64-bit argument, and which it is.
constexpr auto wide = std::to_array<NamedIndex>({
    {"_llseek", 1},       {"fadvise64", 1},       {"fadvise64_64", 1},   {"fallocate", 2},
    {"fanotify_mark", 2}, {"ftruncate64", 1},     {"lookup_dcookie", 0}, {"mmap", 0},
    {"mmap2", 5},         {"pread64", 3},         {"preadv", 3},         {"preadv2", 3},
    {"pwrite64", 3},      {"pwritev", 3},         {"pwritev2", 3},       {"readahead", 1},
    {"select", 0},        {"sync_file_range", 1}, {"truncate64", 1},
});

constexpr auto clone_names =
    std::to_array<std::string_view>({"flags", "child_stack", "parent_tid", "child_tidptr", "tls"});

constexpr auto descriptor_calls = std::to_array<std::string_view>({
    "accept",      "accept4",     "bind",       "close",      "connect",
    "dup",         "dup2",        "dup3",       "epoll_ctl",  "epoll_pwait",
    "epoll_wait",  "faccessat",   "faccessat2", "fadvise64",  "fchdir",
    "fchmod",      "fchmodat",    "fchown",     "fchownat",   "fcntl",
    "fcntl64",     "fdatasync",   "fgetxattr",  "flock",      "fstat",
    "fstat64",     "fstatfs",     "fsync",      "ftruncate",  "getdents64",
    "getpeername", "getsockname", "getsockopt", "ioctl",      "linkat",
    "listen",      "lseek",       "mkdirat",    "newfstatat", "openat",
    "pread64",     "pwrite64",    "read",       "readlinkat", "readv",
    "recvfrom",    "recvmsg",     "renameat",   "renameat2",  "sendmsg",
    "sendto",      "setsockopt",  "shutdown",   "statx",      "timerfd_settime",
    "unlinkat",    "utimensat",   "write",      "writev",
});
static_assert(std::is_sorted(descriptor_calls.begin(), descriptor_calls.end()));

bool is_sysv(std::string_view name) {
  return name.starts_with("sem") || name.starts_with("shm") ||
         (name.starts_with("msg") && name.size() == 6);
}

}  // namespace

std::optional<Arch> abi_of(std::uint32_t audit, std::uint32_t nr) {
  const auto arch = seccomp::find_arch(audit);
  if (arch != Arch::x86_64) return arch;
  const bool x32 = (nr & seccomp::x32_bit) != 0 && nr < 2 * seccomp::x32_bit;
  return x32 ? Arch::x32 : Arch::x86_64;
}

std::span<const Arch> abis_beside(Arch arch) {
  const auto* const family = family_of(arch);
  if (family != nullptr) return *family;
  return {&seccomp::describe(arch).arch, 1};
}

Arch arch_64_bit_of(Arch arch) {
  const auto* const family = family_of(arch);
  return family == nullptr ? arch : (*family)[0];
}

Arch arch_32_bit_of(Arch arch) {
  const auto* const family = family_of(arch);
  return family == nullptr ? arch : (*family)[1];
}

bool is_32_bit(Arch arch) {
  constexpr std::uint32_t bits_64 = 0x80000000;  // __AUDIT_ARCH_64BIT
  return (seccomp::describe(arch).audit & bits_64) == 0;
}

bool has_usual_constants(Arch arch) {
  switch (arch) {
    case Arch::x86_64:
    case Arch::x86:
    case Arch::x32:
    case Arch::riscv64:
    case Arch::riscv32:
    case Arch::s390x:
    case Arch::s390:
    case Arch::loongarch64: return true;
    default: return false;
  }
}

std::optional<Multiplexed> multiplexed(Arch arch, std::string_view name) {
  const bool ipc = is_sysv(name);
  const auto nr = names::syscall_number(arch, ipc ? "ipc" : "socketcall");
  if (!nr) return std::nullopt;
  std::string constant = ipc ? "" : "SYS_";
  for (const char c : name) constant += static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  const auto call = names::constant_value(constant);
  if (!call) return std::nullopt;
  return Multiplexed{*nr, static_cast<std::uint32_t>(*call),
                     ipc ? std::uint64_t{0xffff} : ~std::uint64_t{0}};
}

std::size_t first_split(Arch arch, std::string_view name) {
  constexpr std::size_t none = 6;
  if (!is_32_bit(arch)) return none;
  const auto row =
      std::lower_bound(wide.begin(), wide.end(), name,
                       [](const NamedIndex& a, std::string_view b) { return a.name < b; });
  return row != wide.end() && row->name == name ? row->index : none;
}

std::optional<std::size_t> clone_position(Arch arch, std::string_view argument) {
  const auto found = std::find(clone_names.begin(), clone_names.end(), argument);
  if (found == clone_names.end()) return std::nullopt;
  const auto position = static_cast<std::size_t>(found - clone_names.begin());
  switch (arch) {
    case Arch::x86_64:
    case Arch::x32: return position;
    case Arch::x86:
    case Arch::aarch64:
    case Arch::arm:
    case Arch::ppc:
    case Arch::ppc64:
    case Arch::ppc64le:  // tls before child_tidptr
      return position < 3 ? position : 7 - position;
    default: return std::nullopt;
  }
}

bool takes_descriptor(std::string_view name) {
  return std::binary_search(descriptor_calls.begin(), descriptor_calls.end(), name);
}

}  // namespace assay::trace
