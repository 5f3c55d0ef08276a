#include "assay/audit/machine.hpp"

#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <sstream>

namespace assay::audit {
namespace {

constexpr auto asked_sysctls = std::to_array<std::string_view>({
    "dev.tty.legacy_tiocsti",
    "kernel.dmesg_restrict",
    "kernel.io_uring_disabled",
    "kernel.io_uring_group",
    "kernel.perf_event_paranoid",
    "kernel.unprivileged_bpf_disabled",
    "kernel.yama.ptrace_scope",
    "user.max_user_namespaces",
    "vm.unprivileged_userfaultfd",
});

std::optional<std::int64_t> number_in(const std::filesystem::path& file) {
  std::ifstream input(file);
  std::int64_t value = 0;
  if (input >> value) return value;
  return std::nullopt;
}

std::filesystem::path sysctl_file(const std::filesystem::path& proc, std::string_view name) {
  std::string relative(name);
  std::replace(relative.begin(), relative.end(), '.', '/');
  return proc / "sys" / relative;
}

#if defined(__x86_64__)
long getpid_32() {
  constexpr long nr_getpid = 20;  // of i386
  long result = 0;
  asm volatile("int $0x80" : "=a"(result) : "a"(nr_getpid) : "memory", "r8", "r9", "r10", "r11");
  return result;
}
long getpid_x32() { return syscall(0x40000000L | SYS_getpid); }

// In a child, since a kernel without the ABI, or a filter over us, may end who calls.
std::optional<bool> works(long (*call)()) {
  const pid_t child = fork();
  if (child < 0) return std::nullopt;
  if (child == 0) _exit(call() == getpid() ? 0 : 1);
  int status = 0;
  if (waitpid(child, &status, 0) != child) return std::nullopt;
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}
#endif

void ask_kernel(Machine& machine) {
  utsname name{};
  if (uname(&name) != 0) return;
  seccomp::KernelVersion version;
  const std::string_view release(static_cast<const char*>(name.release));
  const char* const end = release.data() + release.size();
  const auto major = std::from_chars(release.data(), end, version.major);
  if (major.ec == std::errc{} && major.ptr != end)
    std::from_chars(major.ptr + 1, end, version.minor);
  const auto known = seccomp::find_semantics("linux-" + std::to_string(version.major) + "." +
                                             std::to_string(version.minor));
  if (known) machine.semantics = *known;
#if defined(__x86_64__)
  machine.ia32 = works(getpid_32);
  machine.x32 = works(getpid_x32);
#endif
}

// The value of "Name:\t..." in the text of /proc/PID/status.
std::optional<std::string> field(const std::string& status, std::string_view name) {
  std::istringstream lines(status);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(name) || line.size() <= name.size() || line[name.size()] != ':') continue;
    const auto start = line.find_first_not_of(" \t", name.size() + 1);
    if (start != std::string::npos) return line.substr(start);
  }
  return std::nullopt;
}

std::optional<std::uint64_t> number_field(const std::string& status, std::string_view name,
                                          int base) {
  const auto text = field(status, name);
  if (!text) return std::nullopt;
  std::uint64_t value = 0;
  const auto read = std::from_chars(text->data(), text->data() + text->size(), value, base);
  if (read.ec != std::errc{}) return std::nullopt;
  return value;
}

std::optional<bool> in_first_user_namespace(const std::filesystem::path& process) {
  constexpr std::string_view first = "user:[4026531837]";  // PROC_USER_INIT_INO
  std::error_code error;
  const auto link = std::filesystem::read_symlink(process / "ns/user", error);
  if (error) return std::nullopt;
  return link.string() == first;
}

}  // namespace

Machine running_machine(const std::filesystem::path& proc) {
  Machine machine;
  ask_kernel(machine);
  for (const std::string_view name : asked_sysctls)
    if (const auto value = number_in(sysctl_file(proc, name)))
      machine.sysctls.emplace(name, *value);
  return machine;
}

Process process_of(int pid, const std::filesystem::path& proc) {
  constexpr unsigned sigsys = 31;
  const std::filesystem::path folder = proc / std::to_string(pid);
  std::ifstream input(folder / "status");
  std::ostringstream text;
  text << input.rdbuf();
  const std::string status = text.str();
  Process process;
  process.pid = pid;
  if (const auto set = number_field(status, "NoNewPrivs", 10)) process.no_new_privs = *set != 0;
  const auto effective = number_field(status, "CapEff", 16);
  const auto permitted = number_field(status, "CapPrm", 16);
  if (effective && permitted) process.capabilities = *effective | *permitted;
  if (const auto caught = number_field(status, "SigCgt", 16))
    process.sigsys_handler = (*caught >> (sigsys - 1) & 1) != 0;
  process.threads = static_cast<std::size_t>(number_field(status, "Threads", 10).value_or(1));
  process.root_user_namespace = in_first_user_namespace(folder);
  return process;
}

}  // namespace assay::audit
