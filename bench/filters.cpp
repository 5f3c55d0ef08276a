#include "bench/filters.hpp"

#include <seccomp.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <initializer_list>
#include <memory>
#include <set>
#include <string>

namespace assay::bench {
namespace {

// What a container may not do, or only with the arguments below; all other calls it may.
constexpr std::string_view kept_from_containers[] = {
    "acct", "add_key", "afs_syscall", "bdflush", "bpf", "break", "clock_adjtime", "clock_adjtime64",
    "clock_settime", "clock_settime64", "create_module", "delete_module", "fanotify_init",
    "finit_module", "fsconfig", "fsmount", "fsopen", "fspick", "ftime", "get_kernel_syms",
    "getpmsg", "gtty", "idle", "init_module", "ioperm", "iopl", "kcmp", "kexec_file_load",
    "kexec_load", "keyctl", "lock", "lookup_dcookie", "mbind", "migrate_pages", "modify_ldt",
    "mount", "mount_setattr", "move_mount", "move_pages", "mpx", "nfsservctl", "oldolduname",
    "open_by_handle_at", "open_tree", "perf_event_open", "pivot_root", "prof", "profil", "putpmsg",
    "query_module", "quotactl", "quotactl_fd", "reboot", "request_key", "security", "set_mempolicy",
    "setdomainname", "sethostname", "setns", "settimeofday", "stime", "stty", "swapoff", "swapon",
    "sysfs", "_sysctl", "syslog", "tuxcall", "ulimit", "umount", "umount2", "unshare", "uselib",
    "userfaultfd", "ustat", "vhangup", "vm86", "vm86old", "vserver",
    // Allowed with some arguments only.
    "clone", "clone3", "personality", "socket"};

constexpr unsigned long namespace_flags = 0x7e020000;  // every CLONE_NEW* but CLONE_NEWTIME
constexpr int last_number = 511;

[[noreturn]] void fail(const char* what) {
  std::fprintf(stderr, "bench: %s\n", what);
  std::exit(1);
}

void expect_done(int answer, const char* what) {
  if (answer < 0) fail(what);
}

struct Release {
  void operator()(void* context) const { seccomp_release(context); }
};
using Context = std::unique_ptr<void, Release>;

Context new_context(std::uint32_t otherwise) {
  Context context(seccomp_init(otherwise));
  if (!context) fail("seccomp_init failed");
  return context;
}

void allow(const Context& context, const std::string& call,
           std::initializer_list<scmp_arg_cmp> arguments = {}) {
  const int nr = seccomp_syscall_resolve_name(call.c_str());
  if (nr == __NR_SCMP_ERROR) fail(("no call " + call).c_str());
  expect_done(seccomp_rule_add_array(context.get(), SCMP_ACT_ALLOW, nr,
                                     static_cast<unsigned>(arguments.size()), arguments.begin()),
              "seccomp_rule_add_array failed");
}

std::set<std::string> calls_of(std::uint32_t arch) {
  std::set<std::string> calls;
  for (int nr = 0; nr <= last_number; ++nr) {
    const std::unique_ptr<char, decltype(&std::free)> call(
        seccomp_syscall_resolve_num_arch(arch, nr), &std::free);
    if (call) calls.insert(call.get());
  }
  return calls;
}

Context container_profile(std::initializer_list<std::uint32_t> other_arches) {
  Context context = new_context(SCMP_ACT_ERRNO(EPERM));
  for (const std::uint32_t arch : other_arches)
    expect_done(seccomp_arch_add(context.get(), arch), "seccomp_arch_add failed");

  std::set<std::string> calls = calls_of(SCMP_ARCH_X86_64);
  calls.merge(calls_of(SCMP_ARCH_X86));
  for (const std::string_view call : kept_from_containers) calls.erase(std::string(call));
  for (const std::string& call : calls) allow(context, call);

  for (const scmp_datum_t persona : {0u, 8u, 0x20000u, 0x20008u, 0xffffffffu})
    allow(context, "personality", {{0, SCMP_CMP_EQ, persona, 0}});
  allow(context, "clone", {{0, SCMP_CMP_MASKED_EQ, namespace_flags, 0}});
  allow(context, "socket", {{0, SCMP_CMP_NE, AF_VSOCK, 0}});
  expect_done(seccomp_rule_add(context.get(), SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0),
              "seccomp_rule_add failed");
  return context;
}

Context service() {
  Context context = new_context(SCMP_ACT_KILL_PROCESS);
  for (const char* call :
       {"read", "write", "close", "mmap", "munmap", "brk", "rt_sigaction", "rt_sigreturn", "futex",
        "epoll_wait", "accept4", "clock_gettime", "exit_group"})
    allow(context, call);
  return context;
}

// One rule for each value that the argument may have.
void allow_values(const Context& context, const char* call, unsigned argument,
                  std::initializer_list<scmp_datum_t> values) {
  for (const scmp_datum_t value : values) allow(context, call, {{argument, SCMP_CMP_EQ, value, 0}});
}

// Equality, masks and ranges of arguments, and calls without, as sandboxed services have them.
Context service_by_arguments() {
  constexpr scmp_datum_t far = std::uint64_t{1} << 40;
  Context context = new_context(SCMP_ACT_ERRNO(EPERM));
  for (const char* call :
       {"write",      "close",         "fstat",          "poll",         "munmap",
        "brk",        "rt_sigaction",  "rt_sigprocmask", "rt_sigreturn", "readv",
        "writev",     "sched_yield",   "nanosleep",      "getpid",       "sendto",
        "recvfrom",   "sendmsg",       "recvmsg",        "shutdown",     "bind",
        "listen",     "getsockname",   "exit",           "wait4",        "uname",
        "getcwd",     "gettimeofday",  "getuid",         "epoll_wait",   "epoll_ctl",
        "exit_group", "clock_gettime", "accept4",        "pipe2",        "getrandom",
        "futex"})
    allow(context, call);
  allow_values(context, "socket", 0, {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK});
  allow_values(
      context, "ioctl", 1,
      {0x5401, 0x5402, 0x5413, 0x541b, 0x5421, 0x5450, 0x5451, 0x8912, 0x8927, 0x40049409});
  allow_values(context, "fcntl", 1, {0, 1, 2, 3, 4, 5, 6, 7, 1030});
  allow_values(context, "prctl", 0, {3, 4, 15, 16, 38, 39});
  allow_values(context, "madvise", 2, {0, 1, 2, 3, 4, 8, 14, 15});
  allow(context, "mmap", {{2, SCMP_CMP_MASKED_EQ, ~scmp_datum_t{3}, 0}});
  allow(context, "mprotect", {{2, SCMP_CMP_MASKED_EQ, 4, 0}});
  allow(context, "clone", {{0, SCMP_CMP_MASKED_EQ, namespace_flags, 0}});
  allow(context, "openat", {{2, SCMP_CMP_MASKED_EQ, 3, 0}});
  allow(context, "read", {{2, SCMP_CMP_LE, far, 0}});
  allow(context, "lseek", {{2, SCMP_CMP_LT, 3, 0}});
  allow(context, "pread64", {{2, SCMP_CMP_LE, far, 0}, {3, SCMP_CMP_LT, 16 * far, 0}});
  allow(context, "setsockopt", {{1, SCMP_CMP_EQ, 1, 0}, {2, SCMP_CMP_LE, 15, 0}});
  return context;
}

std::vector<bpf::Instruction> exported(const Context& context) {
  const int file = memfd_create("filter", MFD_CLOEXEC);
  if (file < 0) fail("memfd_create failed");
  expect_done(seccomp_export_bpf(context.get(), file), "seccomp_export_bpf failed");
  // The layout of struct sock_filter, which is what libseccomp writes.
  static_assert(sizeof(bpf::Instruction) == 8);
  const auto bytes = static_cast<std::size_t>(lseek(file, 0, SEEK_END));
  std::vector<bpf::Instruction> instructions(bytes / sizeof(bpf::Instruction));
  if (pread(file, instructions.data(), bytes, 0) != static_cast<ssize_t>(bytes))
    fail("cannot read the filter back");
  close(file);
  return instructions;
}

}  // namespace

std::string_view name(FilterKind kind) {
  switch (kind) {
    case FilterKind::Linear: return "linear";
    case FilterKind::Tree: return "tree";
    case FilterKind::Small: return "small";
    case FilterKind::Arguments: return "arguments";
  }
  return {};
}

namespace {

Context profile_of(FilterKind kind) {
  switch (kind) {
    case FilterKind::Small: return service();
    case FilterKind::Arguments: return service_by_arguments();
    default: return container_profile({SCMP_ARCH_X86, SCMP_ARCH_X32});
  }
}

}  // namespace

std::vector<bpf::Instruction> build(FilterKind kind) {
  const Context context = profile_of(kind);
  constexpr std::uint32_t as_tree = 2;
  if (kind == FilterKind::Tree)
    expect_done(seccomp_attr_set(context.get(), SCMP_FLTATR_CTL_OPTIMIZE, as_tree),
                "this libseccomp builds no trees");
  return exported(context);
}

}  // namespace assay::bench
