#include "assay/names/syscalls.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <tuple>

#include "names/syscall_tables.hpp"

namespace assay::names {
namespace {

using seccomp::Arch;

constexpr auto rows = std::to_array<NewSyscall>({
#include "syscalls-since.inc"
});

// The columns of the data file.
constexpr auto columns = std::to_array<Arch>({
    Arch::x86_64,
    Arch::x86,
    Arch::x32,
    Arch::arm,
    Arch::aarch64,
    Arch::riscv64,
    Arch::s390x,
    Arch::ppc64le,
    Arch::mips64,
    Arch::mips64n32,
    Arch::mips,
    Arch::loongarch64,
});
static_assert(std::tuple_size_v<decltype(NewSyscall::numbers)> == columns.size());

// An architecture that reads its numbers from another's column: those from `least` on, plus
// an offset.
struct Loan {
  Arch arch;
  Arch column;
  std::uint32_t least = 0;
  std::uint32_t offset = 0;
};

constexpr std::uint32_t shared_by_32_bit = 403;  // the 64-bit-time calls, then all others
constexpr std::uint32_t shared_by_all = 424;
constexpr std::uint32_t private_numbers = 0xf0000;  // of arm

constexpr auto loans = std::to_array<Loan>({
    {Arch::armeb, Arch::arm},
    {Arch::aarch64_be, Arch::aarch64},
    {Arch::ppc64, Arch::ppc64le},
    {Arch::mipsel64, Arch::mips64},
    {Arch::mipsel64n32, Arch::mips64n32},
    {Arch::mipsel, Arch::mips},
    {Arch::parisc64, Arch::ppc64le, shared_by_all},
    {Arch::sparc64, Arch::ppc64le, shared_by_all},
    {Arch::alpha, Arch::ppc64le, shared_by_all, 110},
    {Arch::ia64, Arch::ppc64le, shared_by_all, 1024},
});

Loan loan_of(Arch arch) {
  if (std::find(columns.begin(), columns.end(), arch) != columns.end()) return {arch, arch};
  const auto row = std::find_if(loans.begin(), loans.end(),
                                [&](const Loan& candidate) { return candidate.arch == arch; });
  return row != loans.end() ? *row : Loan{arch, Arch::arm, shared_by_32_bit};
}

}  // namespace

std::optional<std::uint32_t> NewSyscall::number(Arch arch) const {
  const Loan loan = loan_of(arch);
  const auto column = std::find(columns.begin(), columns.end(), loan.column);
  const auto nr = numbers[static_cast<std::size_t>(column - columns.begin())];
  const bool shared = loan.least != 0;
  if (!nr || (shared && (*nr < loan.least || *nr >= private_numbers))) return std::nullopt;
  return (*nr + loan.offset) | seccomp::describe(arch).nr_bit;
}

std::span<const NewSyscall> new_syscalls() { return rows; }

std::optional<std::uint32_t> syscall_number(Arch arch, std::string_view name) {
  return syscall_table(arch).number(name);
}

std::optional<std::string_view> syscall_name(Arch arch, std::uint32_t nr) {
  return syscall_table(arch).name(nr);
}

std::optional<std::uint32_t> libseccomp_number(Arch arch, std::string_view name) {
  return syscall_table(arch).libseccomp_number(name);
}

bool libseccomp_knows(std::string_view name) {
  return std::any_of(seccomp::arches.begin(), seccomp::arches.end(), [&](const auto& row) {
    return libseccomp_number(row.arch, name).has_value();
  });
}

std::span<const std::string_view> all_syscall_names(Arch arch) {
  return syscall_table(arch).names();
}

bool is_syscall(std::string_view name) {
  return std::any_of(seccomp::arches.begin(), seccomp::arches.end(),
                     [&](const auto& row) { return syscall_number(row.arch, name).has_value(); });
}

bool has_full_table(Arch arch) { return syscall_table(arch).full(); }

}  // namespace assay::names
