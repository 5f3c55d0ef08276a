// Constants that filters compare arguments with, return, or are installed with, by name:
// AF_UNIX, CLONE_NEWUSER, TIOCSTI, SECCOMP_RET_ALLOW, SECCOMP_FILTER_FLAG_TSYNC, ...
//
// Values are those of x86 and of Linux's generic headers; alpha, arm, mips, parisc, powerpc
// and sparc differ in some O_, MAP_, SOCK_, SO_ and ioctl values. A name belongs to a group,
// the prefix that the values of one argument share, or, where they share none: TIO (terminal
// ioctls), IPCOP_ (calls of ipc), PERSONALITY_ (flag bits). Constant data from the file
// lib/names/constants.tsv, shared freely.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace assay::names {

struct Constant {
  std::string_view group;  // "AF_"
  std::string_view name;   // "AF_UNIX"
  std::int64_t value;      // AT_FDCWD is -100: cut it to the width of the argument
};

std::optional<std::int64_t> constant_value(std::string_view name);

// Of several names for one value the usual one: SECCOMP_RET_KILL_THREAD, not ..._KILL.
std::optional<std::string_view> constant_name(std::string_view group, std::int64_t value);

// The rows of one group in the order of the data file; none for an unknown group.
std::span<const Constant> constants_of(std::string_view group);
std::span<const Constant> all_constants();

}  // namespace assay::names
