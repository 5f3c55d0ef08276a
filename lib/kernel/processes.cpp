#include "assay/kernel/processes.hpp"

#include <algorithm>
#include <cerrno>

#include "kernel/proc_file.hpp"

namespace assay::kernel {
namespace {

// Bounded, since a stand-in for /proc may hold anything.
constexpr std::size_t max_status = 64 * 1024;
constexpr std::size_t max_comm = 4096;

bool gone(int error) { return error == ENOENT || error == ESRCH; }

// Lines are "Key:\tvalue". The first is the name, in which newlines are escaped.
void read_status(std::string_view status, ProcessState& state) {
  while (!status.empty()) {
    const std::size_t end = std::min(status.find('\n'), status.size());
    const std::string_view line = status.substr(0, end);
    status.remove_prefix(std::min(end + 1, status.size()));
    const std::size_t colon = line.find(":\t");
    if (colon == line.npos) continue;
    const std::string_view key = line.substr(0, colon);
    const auto value = decimal(line.substr(colon + 2));
    if (!value) continue;
    if (key == "Tgid") state.pid = static_cast<int>(*value);
    if (key == "Seccomp" && *value <= 2) state.mode = static_cast<Mode>(*value);
    if (key == "Seccomp_filters") state.filters = *value;
    if (key == "NoNewPrivs") state.no_new_privs = *value != 0;
  }
}

tl::expected<ProcessState, int> read_state(int pid, int tid, const std::filesystem::path& folder) {
  ProcessState state;
  state.pid = pid;
  state.tid = tid;
  const auto comm = read_file(folder / "comm", max_comm);
  if (!comm && gone(comm.error())) return tl::unexpected(comm.error());
  if (comm) state.comm = *comm;
  // The kernel ends the name with one newline; any before it belong to the name.
  if (state.comm.ends_with('\n')) state.comm.pop_back();
  const auto status = read_file(folder / "status", max_status);
  if (!status && gone(status.error())) return tl::unexpected(status.error());
  if (status)
    read_status(*status, state);
  else
    state.error = status.error();
  return state;
}

}  // namespace

tl::expected<std::vector<ProcessState>, int> list_processes(Listing listing,
                                                            const std::filesystem::path& proc) {
  const auto pids = ids_in(proc);
  if (!pids) return tl::unexpected(pids.error());
  std::vector<ProcessState> result;
  const auto add = [&](int pid, int tid, const std::filesystem::path& folder) {
    if (auto state = read_state(pid, tid, folder)) result.push_back(std::move(*state));
  };
  for (const int pid : *pids) {
    const auto folder = proc / std::to_string(pid);
    const auto tids = listing == Listing::Threads ? ids_in(folder / "task")
                                                  : tl::expected<std::vector<int>, int>();
    if (listing == Listing::Processes || (!tids && !gone(tids.error()))) {
      add(pid, pid, folder);
      continue;
    }
    if (!tids) continue;
    for (const int tid : *tids) add(pid, tid, folder / "task" / std::to_string(tid));
  }
  return result;
}

tl::expected<ProcessState, int> process_state(int tid, const std::filesystem::path& proc) {
  return read_state(tid, tid, proc / std::to_string(tid));
}

}  // namespace assay::kernel
