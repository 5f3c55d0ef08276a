// System call names and numbers, per architecture.
//
// Two sources, one answer: libseccomp's tables first, then lib/names/syscalls-since.tsv
// with the calls added since Linux 3.17, some of which the installed libseccomp does not
// know. Numbers are as a filter sees them in seccomp_data.nr: x32 numbers carry bit 30,
// MIPS numbers their base of 4000 to 6000. A call that goes through socketcall or ipc on an
// architecture has a number here only where it also has one of its own.
//
// Each architecture's table is built at its first use, then constant; views into it live as
// long as the program, and all functions may be called from any thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "assay/seccomp/arch.hpp"
#include "assay/seccomp/semantics.hpp"

namespace assay::names {

// Nothing for a call that the architecture does not have under a number of its own.
std::optional<std::uint32_t> syscall_number(seccomp::Arch arch, std::string_view name);
std::optional<std::string_view> syscall_name(seccomp::Arch arch, std::uint32_t nr);

// As the installed libseccomp alone has it, which is what a filter made with it compares.
std::optional<std::uint32_t> libseccomp_number(seccomp::Arch arch, std::string_view name);
// Whether it has a call of that name on any architecture.
bool libseccomp_knows(std::string_view name);

// In the order of their numbers.
std::span<const std::string_view> all_syscall_names(seccomp::Arch arch);

// Whether any architecture has a call of that name.
bool is_syscall(std::string_view name);

// Whether libseccomp's table of the architecture is there. Without it only newer calls have
// names, except on loongarch64, whose older numbers are those of aarch64.
bool has_full_table(seccomp::Arch arch);

enum class NewSyscallKind : std::uint8_t {
  New,     // the name first appears in that release
  Time64,  // the 64-bit-time twin that 32-bit ABIs got
  Arch,    // only some architectures have it
  Wired,   // an older call that got a number of its own, beside socketcall or ipc
};

// One row of the table of newer calls. A name has a second row where an architecture got
// it in another release.
struct NewSyscall {
  std::string_view name;
  NewSyscallKind kind;
  seccomp::KernelVersion since;  // first release, of any architecture
  // By column of the data file; x32 ones without bit 30. Read them with number().
  std::array<std::optional<std::uint32_t>, 12> numbers;

  // From the architecture's own column, or, where it has none, the number that all
  // architectures share from 403 (32-bit) or 424 (64-bit) on; some of them may not have got
  // the call yet, but keep its number free.
  std::optional<std::uint32_t> number(seccomp::Arch arch) const;
};
std::span<const NewSyscall> new_syscalls();

}  // namespace assay::names
