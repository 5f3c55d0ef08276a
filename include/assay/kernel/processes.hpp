// Who is under seccomp: every process (or thread) that /proc shows, with its mode, number
// of filters and no_new_privs.
//
// A process that ends meanwhile is left out; one whose state may not be read stays in the
// list and says why. Nothing is stopped or attached to. Freely shared.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "assay/kernel/capture.hpp"

namespace assay::kernel {

struct ProcessState {
  int pid = 0;
  int tid = 0;       // equals pid for the first thread
  std::string comm;  // raw bytes: any but NUL, newlines and parentheses included

  std::optional<Mode> mode;              // none: unreadable, or a kernel without seccomp
  std::optional<std::uint32_t> filters;  // none before Linux 5.9
  std::optional<bool> no_new_privs;
  int error = 0;  // errno of the file that could not be read

  friend bool operator==(const ProcessState&, const ProcessState&) = default;
};

enum class Listing : std::uint8_t { Processes, Threads };

// Sorted by pid, then tid; the error is the errno of /proc itself. `proc` stands in for
// /proc in tests and for another pid namespace.
tl::expected<std::vector<ProcessState>, int> list_processes(
    Listing listing = Listing::Processes, const std::filesystem::path& proc = "/proc");

// One thread; ENOENT when there is none of this id.
tl::expected<ProcessState, int> process_state(int tid, const std::filesystem::path& proc = "/proc");

}  // namespace assay::kernel
