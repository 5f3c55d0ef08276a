// The table of rules. A rule's wording lives here and nowhere else: reports, `assay audit
// --explain` and docs/rules/ are written from it. What a rule asks is code, in the file of its
// family (lib/audit/abi.cpp, doors.cpp, ...).
//
// In the questions V(arch, nr, args) is the verdict of the whole stack. OPEN is ALLOW or LOG;
// MEDIATED is USER_NOTIF, TRACE or TRAP; CLOSED is a kill or an errno that is not 0; FAKE is
// ERRNO(0), which reports a success that did not happen.
#include "assay/audit/rule.hpp"

#include <algorithm>
#include <array>

namespace assay::audit {
namespace {

using enum Family;
using enum Severity;
using enum EvidenceKind;
using References = std::span<const std::string_view>;

template <std::size_t N>
using Links = std::array<std::string_view, N>;

constexpr Links<1> filter_page{
    "Documentation/userspace-api/seccomp_filter.rst in the Linux source"};
constexpr Links<3> arch_links{"Documentation/userspace-api/seccomp_filter.rst, section Pitfalls",
                              "CVE-2009-0835", "gramineproject/gramine#89"};
constexpr Links<3> x32_links{"Linux 6365b842aae4 (x32 numbers no longer shared, 5.4)",
                             "netblue30/firejail#87", "rust-vmm/seccompiler#74"};
constexpr Links<3> mux_links{"man 2 socketcall, man 2 ipc", "containerd/containerd#13330",
                             "CVE-2026-31431"};
constexpr Links<2> ioctl_links{"CVE-2019-7303", "CVE-2019-10063"};
constexpr Links<1> halves_links{"firedancer-io/firedancer#9185"};
constexpr Links<1> kafel_links{"google/kafel#44"};
constexpr Links<1> ip_links{"shadow/shadow#3034"};
constexpr Links<2> uretprobe_links{"systemd/systemd#34615", "seccomp/libseccomp#438"};
constexpr Links<1> exec_links{"man 2 execveat"};
constexpr Links<1> chmod_links{"NixOS/nix#10424"};
constexpr Links<2> mount_links{"CVE-2021-41133", "man 2 mount_setattr"};
constexpr Links<1> clone_links{"moby/moby#42680"};
constexpr Links<3> wx_links{"systemd/systemd#11473", "netblue30/firejail#6448",
                            "man 2 personality (READ_IMPLIES_EXEC)"};
constexpr Links<2> ring_links{"moby/moby#46762", "man 2 io_uring_setup"};
constexpr Links<2> proc_links{"man 2 process_vm_writev", "man 2 pidfd_getfd"};
constexpr Links<2> userns_links{"CVE-2022-0185", "CVE-2024-1086"};
constexpr Links<3> tty_links{"CVE-2017-5226", "CVE-2023-1523", "CVE-2023-28100"};
constexpr Links<3> family_links{"CVE-2020-14386", "CVE-2021-43267", "CVE-2026-31431"};
constexpr Links<2> ptrace_links{"CVE-2019-2054", "CVE-2022-30594"};
constexpr Links<1> shocker_links{"man 7 capabilities"};
constexpr Links<1> uffd_links{"man 2 userfaultfd"};
constexpr Links<1> perf_links{"man 2 perf_event_open"};
constexpr Links<1> key_links{"CVE-2016-0728"};
constexpr Links<1> personality_links{"man 2 personality"};
constexpr Links<1> prctl_links{"man 2 prctl"};
constexpr Links<2> zero_links{"charliecloud/charliecloud#1527", "man 2 seccomp"};
constexpr Links<2> thread_links{"golang/go#30753", "systemd/systemd#11967"};
constexpr Links<2> notif_links{"include/uapi/linux/seccomp.h, SECCOMP_USER_NOTIF_FLAG_CONTINUE",
                               "man 2 seccomp_unotify"};
constexpr Links<3> fallback_links{"moby/moby#42680", "systemd/systemd#16739",
                                  "rust-lang/rust#65094"};
constexpr Links<2> drift_links{"electron/electron#22291", "systemd/systemd#30250"};
constexpr Links<1> dead_links{"canyonroad/agentsh#412"};
constexpr Links<2> wrap_links{"david942j/seccomp-tools#244", "elastic/go-seccomp-bpf#9"};
constexpr Links<1> pod_links{"CVE-2023-2431"};

constexpr auto table = std::to_array<Rule>({
    // Other ways into the kernel.
    {"arch-not-distinguished", Abi, "The filter does not tell architectures apart", Critical,
     Witness,
     "Is V(a, n, args) = V(native, n, args) for all n and args, of another ABI a that the kernel "
     "can produce; and is there a dangerous call whose native number is never OPEN while its "
     "number of a is?",
     "System call numbers mean something else on each architecture. 64-bit code on x86_64 can "
     "make a 32-bit call at any time with `int $0x80`; the filter then judges it by a number of "
     "another table. A list of five harmless x86_64 numbers can so contain open, execve and mknod "
     "of i386. Not a problem where the kernel has no such ABI, or another filter of the stack "
     "refuses it. On arm64 the ABI changes only with execve of a 32-bit program, so the finding "
     "is weaker there and absent when execve is closed.",
     "Load seccomp_data.arch first and refuse every value but the expected one, best with "
     "KILL_PROCESS.",
     arch_links},
    {"other-abi-open", Abi, "A call that is closed natively is open through another ABI", High,
     Witness,
     "Is there a dangerous call c with V(native, nr(c), ·) never OPEN, and V(a, nr(c), ·) OPEN "
     "for another ABI a that the kernel can produce?",
     "The filter looks at the architecture, but the part for the other ABI lets through what the "
     "native part refuses. Filters installed one per architecture are judged together.",
     "Close the other ABI as a whole, or repeat the restriction under its numbers.", arch_links},
    {"x32-open", Abi, "A call that is closed natively is open under its x32 number", High, Witness,
     "Is there a dangerous call c with V(x86_64, nr(c), ·) never OPEN and V(x86_64, x32 number of "
     "c, ·) OPEN?",
     "x32 calls carry AUDIT_ARCH_X86_64 and bit 30 in the number; some have numbers of their own "
     "(512 to 547). A list of refused plain numbers does not meet them. It matters only on "
     "kernels with CONFIG_X86_X32_ABI; on others such a number answers ENOSYS, and the finding "
     "is low. Before Linux 5.4 numbers 512 to 547 without the bit ran too.",
     "Refuse every number with bit 30, or the whole range from 0x40000000 on (0xffffffff apart, "
     "which a tracer uses to skip a call).",
     x32_links},
    {"multiplexer-open", Abi, "socketcall or ipc goes past a restriction", High, Witness,
     "Is V(a, socket, family) CLOSED for some family and V(a, socketcall, 1) OPEN; or shared "
     "memory with SHM_EXEC CLOSED and V(a, ipc, 21) OPEN; for an ABI a that has the multiplexer?",
     "socketcall carries the real arguments behind a pointer, where no filter sees them; ipc "
     "passes flags on. A "
     "restriction of socket families is void where socketcall can be had. x86_64 has it only "
     "through the 32-bit ABI; s390x natively.",
     "Close the 32-bit ABI, or close socketcall and ipc there. Where 32-bit programs need "
     "networking, restrict families by an LSM.",
     mux_links},
    {"instruction-pointer-trusted", Abi, "The verdict depends on the instruction pointer", Low,
     Witness, "Is there a call that is OPEN at one instruction pointer and not OPEN at another?",
     "Code inside the sandbox can jump to any system call instruction of the trusted range with "
     "registers of its choice. A range needs both halves compared: one that looks at the low word "
     "alone admits 2^32 other ranges.",
     "Do not rest security on the instruction pointer; if it separates a trusted shim, compare "
     "both halves and keep gadgets out of the range.",
     ip_links},
    {"uretprobe-killed", Abi, "System call 335 is answered by a kill", Low, Witness,
     "Before Linux 6.14: is V(x86_64, uretprobe) a kill?",
     "Linux 6.11 to 6.13 enter uretprobe through the filters; a kill ends every traced program. "
     "Later kernels run no filter for it.",
     "Allow uretprobe: the kernel checks from where it is called.", uretprobe_links},

    // Values that the kernel takes for the same.
    {"argument-equivalence", Arguments,
     "Two values that the kernel treats alike get different verdicts", High, Witness,
     "Are there argument values v and w that the kernel normalises to the same (32 of 64 bits, "
     "ignored flag bits, magic), everything else equal, with V(v) not OPEN and V(w) OPEN?",
     "A filter sees 64 bits of each argument; the kernel often uses fewer. ioctl takes a 32-bit "
     "command: a filter that refuses 0x5412 as a 64-bit value lets 0x1_0000_5412 through, and the "
     "kernel carries out the same command. The same holds for flags that a call ignores. Silent "
     "where the kernel rejects the odd value with an error, and where the open value is merely "
     "the only one that the filter accepts.",
     "Compare under a mask of the bits that the kernel looks at.", ioctl_links},
    {"wide-value-half-compared", Arguments, "Half of a 64-bit value decides that a call is allowed",
     Medium, Witness,
     "Of an argument whose 64 bits all matter to the kernel: does the low word decide between "
     "OPEN and CLOSED, and the high word never?",
     "Addresses, lengths and offsets are 64 bits wide. A filter that accepts one value by its "
     "low word accepts 2^32 of them.",
     "Compare both halves.", halves_links},
    {"halves-swapped", Arguments, "The high half of an argument decides, the low half does not",
     Medium, Proof,
     "Does V depend on the high word of an argument, and for no value of it on the low word?",
     "On big-endian machines the high half of a 64-bit field comes first. A filter written for "
     "the other byte order compares the wrong half: what it means to refuse passes.",
     "Load the low half from the offset that the architecture's byte order gives it.", kafel_links},
    {"mixed-sources", Arguments, "A comparison meets different fields, depending on the path",
     Medium, Witness,
     "At some comparison: does A hold different words of the input on different paths?",
     "A compare that is reached with the number in A on one path and an argument on another is "
     "right on one of them at most. Generators that share tails of code produce it when they "
     "lose track of A.",
     "Load the field again in front of the comparison.", halves_links},
    {"pointer-compared", Arguments, "The verdict depends on the value of a pointer", Low, Witness,
     "Is there a call whose verdict depends on an argument that is a pointer, by more than "
     "whether it is NULL?",
     "The caller chooses where its data lies, and what lies there can change after the filter "
     "has looked. An address proves nothing about what it points to.",
     "Decide on values in registers only.", notif_links},

    // Other calls with the same power.
    {"door-open", Doors, "Opening files is refused by one call and left to another", High, Witness,
     "V(open or openat) CLOSED by its own rule while V(another call that opens files) is OPEN as "
     "by default; or open restricted by flags and another door open for all flags?",
     "open, creat, openat, openat2 open the same files. openat2 has its flags behind a pointer.",
     "Treat all of them alike; answer openat2 with ENOSYS if flags have to be seen.", filter_page},
    {"door-exec", Doors, "execve is refused and execveat is not", High, Witness,
     "In a deny-list: V(execve) CLOSED and V(execveat) OPEN?",
     "Both run programs; execveat with AT_EMPTY_PATH runs one from a memfd. An allow-list that "
     "never listed execveat is no finding.",
     "Close both.", exec_links},
    {"door-process", Doors, "One way to make a process is refused, another is not", High, Witness,
     "In a deny-list: some of fork, vfork, clone, clone3 CLOSED and another of them OPEN for the "
     "same use?",
     "All make a process. clone3 has its flags behind a pointer.",
     "Close all of them; answer clone3 with ENOSYS so that libc falls back to clone.", clone_links},
    {"door-namespace", Doors, "A namespace that is refused can be made or joined another way", High,
     Witness,
     "For each namespace flag: CLOSED in one of clone, unshare, setns, and OPEN in another of "
     "them or in clone3?",
     "clone, unshare and setns take the flag in a register, clone3 behind a pointer. setns with "
     "nstype 0 joins whatever the descriptor is. CLONE_NEWTIME exists in unshare and clone3 only.",
     "Mask the flag in clone, unshare and setns, close setns with nstype 0, and answer clone3 "
     "with ENOSYS.",
     mount_links},
    {"door-rename", Doors,
     "Renaming, linking or removing is refused by one call and left to another", High, Witness,
     "In a deny-list: a call of the group CLOSED and one of the same use OPEN?",
     "rename, renameat and renameat2 do the same; so do link and linkat, unlink, rmdir and "
     "unlinkat, mkdir and mkdirat, symlink and symlinkat.",
     "Treat the group alike.", filter_page},
    {"door-chmod", Doors, "Permission bits can be changed by another call", High, Witness,
     "chmod, fchmod or fchmodat CLOSED (for a mode, or for all) and fchmodat2 or another of the "
     "group OPEN for it?",
     "fchmodat2 came with Linux 6.6. A filter that keeps set-user-ID bits out must also look at "
     "the mode of open, openat, creat, mknod and mkdir, and cannot see openat2's.",
     "Add fchmodat2; for set-user-ID bits treat the creating calls, too.", chmod_links},
    {"door-chown", Doors, "Ownership can be changed by another call", High, Witness,
     "In a deny-list: one of chown, lchown, fchown, fchownat CLOSED and another OPEN?",
     "They change the same thing.", "Treat the group alike.", filter_page},
    {"door-xattr", Doors, "Extended attributes can be changed by another call", High, Witness,
     "setxattr or removexattr CLOSED in a deny-list, and setxattrat, removexattrat or another of "
     "the group OPEN?",
     "setxattrat and removexattrat came with Linux 6.13, and do what the older calls do.",
     "Add the newer calls.", filter_page},
    {"door-mount", Doors, "Mounting is refused by mount and left to the newer calls", High, Witness,
     "In a deny-list: mount CLOSED and one of move_mount, fsmount, fsconfig, fsopen, open_tree "
     "(with OPEN_TREE_CLONE), mount_setattr, open_tree_attr OPEN?",
     "Linux 5.2 brought a second interface to mounts. open_tree without OPEN_TREE_CLONE opens a "
     "path only, and is no door.",
     "Close the newer calls with ENOSYS.", mount_links},
    {"door-socket", Doors, "Sending, receiving or accepting is refused by one call only", Medium,
     Witness,
     "In a deny-list: one of sendto, sendmsg, sendmmsg (of recvfrom, recvmsg, recvmmsg; of accept, "
     "accept4) CLOSED and another OPEN?",
     "They do the same on a socket that is there. write and read do, too.",
     "Refuse socket, or treat the group alike.", filter_page},
    {"door-module", Doors, "One way to load a kernel module is refused, the other is not", High,
     Witness, "In a deny-list: one of init_module and finit_module CLOSED, the other OPEN?",
     "Both load a module; both need CAP_SYS_MODULE.", "Close both.", filter_page},
    {"door-kexec", Doors, "One way to load a kernel for kexec is refused, the other is not", High,
     Witness, "In a deny-list: one of kexec_load and kexec_file_load CLOSED, the other OPEN?",
     "Both need CAP_SYS_BOOT.", "Close both.", filter_page},
    {"door-key", Doors, "Part of the key interface is refused, part is open", High, Witness,
     "In a deny-list: one of add_key, request_key, keyctl CLOSED and another OPEN?",
     "keyctl can do most of what the others do. Keyrings are shared by all processes of a user.",
     "Close all three.", key_links},
    {"door-process-memory", Doors,
     "ptrace is refused, and another process's memory or files are not", High, Witness,
     "In a deny-list: ptrace CLOSED and process_vm_readv, process_vm_writev, pidfd_getfd or "
     "process_madvise OPEN?",
     "They pass the same permission check as ptrace and need no stop. Yama and a pid namespace "
     "with none but own processes limit all of them.",
     "Close them with ptrace.", proc_links},
    {"door-time", Doors, "The clock can be set by another call", High, Witness,
     "In a deny-list: clock_settime or settimeofday CLOSED and another call that sets the clock "
     "OPEN?",
     "settimeofday, clock_settime, clock_adjtime (and stime of 32-bit ABIs) set the same clock, "
     "all with CAP_SYS_TIME. adjtimex is often left open on purpose, to read.",
     "Close the group.", filter_page},
    {"door-signal", Doors, "Signals to others are refused by one call and left to another", High,
     Witness,
     "In a deny-list: kill CLOSED and tkill, tgkill, rt_sigqueueinfo, rt_tgsigqueueinfo or "
     "pidfd_send_signal OPEN?",
     "They reach the same processes.", "Treat the group alike.", filter_page},
    {"door-transfer", Doors, "Writing is refused, and another call writes", Medium, Witness,
     "In a deny-list: write CLOSED and writev, pwrite64, sendfile, splice or another that writes "
     "OPEN?",
     "Many calls move data; closing one is no isolation. A shared mapping writes without any.",
     "Close the descriptors, not the calls.", filter_page},
    {"write-execute", Doors,
     "Memory both writable and executable can be had in spite of the filter", High, Witness,
     "mmap or mprotect CLOSED for W and X together, and OPEN: personality(READ_IMPLIES_EXEC), "
     "pkey_mprotect, shmat(SHM_EXEC), or a writable file mapped executable (memfd_create)?",
     "With READ_IMPLIES_EXEC every readable mapping is executable: mmap for reading and writing "
     "then yields what was to be refused. A memfd can be written and mapped executable.",
     "Close these calls, too; on Linux 6.3 and later prctl(PR_SET_MDWE) does it in the kernel.",
     wx_links},
    {"door-io-uring", Doors, "io_uring carries out what the filter refuses", High, Witness,
     "V(io_uring_setup) OPEN, and a call that io_uring can do instead CLOSED by its own rule?",
     "Operations of a ring run without system calls: open, connect, socket, rename, unlink, "
     "mkdir, xattr. Refusing io_uring_enter does not help, a polling ring needs none. Not with "
     "kernel.io_uring_disabled = 2, nor at 1 without CAP_SYS_ADMIN and outside "
     "kernel.io_uring_group; which groups a process is in is not looked at.",
     "Close io_uring_setup.", ring_links},

    // Calls that break out or weaken.
    {"reach-kernel-code", Reach,
     "Calls that load code into the kernel or bypass its files are open", Medium, Witness,
     "Is one of init_module, finit_module, kexec_load, kexec_file_load, bpf, iopl, ioperm, "
     "open_by_handle_at OPEN?",
     "Each needs a capability: SYS_MODULE, SYS_BOOT, BPF (or unprivileged BPF), SYS_RAWIO, "
     "DAC_READ_SEARCH in the first user namespace. With it, the sandbox ends here.",
     "Close them, or make sure that the capability is absent.", shocker_links},
    {"reach-user-namespace", Reach, "User namespaces can be made", Medium, Witness,
     "Is unshare or clone OPEN with CLONE_NEWUSER, or clone3 OPEN?",
     "No privilege is needed. Inside, the process has all capabilities over what it creates, "
     "which puts large parts of the kernel in reach. Not with user.max_user_namespaces = 0.",
     "Refuse CLONE_NEWUSER in clone and unshare, answer clone3 with ENOSYS.", userns_links},
    {"reach-mount", Reach, "Mounts or the root directory can be changed", Medium, Witness,
     "Is mount, pivot_root, chroot, or a call of the newer mount interface OPEN?",
     "Needs CAP_SYS_ADMIN (chroot: SYS_CHROOT) in the mount namespace's user namespace, which a "
     "new user namespace gives.",
     "Close them, or keep capabilities and user namespaces away.", mount_links},
    {"reach-other-process", Reach, "Other processes can be controlled", Medium, Witness,
     "Is ptrace OPEN for ATTACH or SEIZE, or process_vm_writev, process_vm_readv, pidfd_getfd?",
     "Matters when a process of the same user outside the sandbox can be seen (same pid "
     "namespace) and Yama permits: at 1 it leaves descendants, which are in the sandbox "
     "themselves, at 1 and 2 CAP_SYS_PTRACE goes past it. A process outside that lets itself be "
     "traced (PR_SET_PTRACER) is not weighed. Before Linux 4.8 a tracer could change the call "
     "after the "
     "filter; before 5.17.2 PTRACE_SEIZE could suspend filters.",
     "Close them, or give the sandbox its own pid namespace.", ptrace_links},
    {"reach-terminal", Reach, "Input can be pushed into the terminal", Medium, Witness,
     "Is ioctl OPEN for TIOCSTI or TIOCLINUX?",
     "A process that shares its controlling terminal with a shell outside can type commands "
     "there. Not with dev.tty.legacy_tiocsti = 0 and no CAP_SYS_ADMIN (6.2), nor with a terminal "
     "of its own.",
     "Refuse both commands, under a 32-bit mask, or start the sandbox in a session of its own.",
     tty_links},
    {"reach-socket-families", Reach, "Rare socket families are open", Medium, Witness,
     "Is socket OPEN for families such as AF_ALG, AF_VSOCK, AF_TIPC, AF_RDS, AF_PACKET?",
     "Attack surface of the kernel: a first socket of a family loads its module, without "
     "privilege; AF_PACKET and AF_XDP need CAP_NET_RAW, which a user namespace gives. Which "
     "families the kernel has is not weighed. No break-out by itself.",
     "Allow the families that the program needs.", family_links},
    {"reach-userfaultfd", Reach, "userfaultfd is open for kernel faults", Low, Witness,
     "Is userfaultfd OPEN without USER_MODE_ONLY?",
     "It lets an exploit stop the kernel in the middle of a copy. Needs "
     "vm.unprivileged_userfaultfd = 1 or CAP_SYS_PTRACE.",
     "Close it, or demand the flag.", uffd_links},
    {"reach-perf", Reach, "perf_event_open is open", Low, Witness, "Is perf_event_open OPEN?",
     "A large interface with a history of bugs. kernel.perf_event_paranoid and CAP_PERFMON limit "
     "it.",
     "Close it unless the program profiles itself.", perf_links},
    {"reach-keyring", Reach, "The key interface is open", Low, Witness,
     "Is add_key, request_key or keyctl OPEN?",
     "Keyrings belong to the user, not to the container: processes of one uid share them.",
     "Close all three.", key_links},
    {"reach-personality", Reach, "Weakening personalities can be set", Low, Witness,
     "Is personality OPEN with READ_IMPLIES_EXEC, ADDR_NO_RANDOMIZE or MMAP_PAGE_ZERO?",
     "They switch off protections of memory, and programs started later inherit them.",
     "Allow 0, 8, 0x20000, 0x20008 and 0xffffffff only.", personality_links},
    {"reach-prctl", Reach, "Weakening prctl options are open", Low, Witness,
     "Is prctl OPEN for PR_SET_MM, PR_SET_PTRACER, PR_SET_DUMPABLE, PR_SET_SPECULATION_CTRL or "
     "PR_SET_SYSCALL_USER_DISPATCH?",
     "Each weakens a protection of the process itself. Programs need other options, so that "
     "closing prctl is not asked for. Most of PR_SET_MM needs CAP_SYS_RESOURCE, but PR_SET_MM_MAP "
     "does not, so that the capability is not weighed.",
     "Allow the options that the program uses.", prctl_links},
    {"reach-administration", Reach, "Calls of system administration are open", Info, Witness,
     "Is one of quotactl, acct, swapon, reboot, settimeofday, sethostname, syslog OPEN?",
     "Each needs a capability; without it the call fails by itself. Only reading the kernel log "
     "(syslog 3) needs none while kernel.dmesg_restrict = 0.",
     "Close what the program never uses.", shocker_links},
    {"reach-old-code", Reach, "Old, rarely used calls are open", Info, Witness,
     "Is modify_ldt, remap_file_pages, sysfs, ustat, vm86 or, before Linux 5.12, lookup_dcookie "
     "OPEN?",
     "Little used code. wine and dosemu need modify_ldt.", "Close what the program never uses.",
     filter_page},

    // Verdicts that do not do what they seem to.
    {"unknown-action", Actions, "The filter returns a value that names no action", Medium, Witness,
     "Is there an input whose verdict is none of the defined actions?",
     "The kernel takes it for a kill: of the process since 5.10, of the thread before.",
     "Return a defined action.", filter_page},
    {"errno-zero", Actions, "A call is skipped and reports success", High, Witness,
     "Is there a call with V = ERRNO(0)?",
     "Harmless or wanted for some calls (fsync, chown in an image build). For clone and fork the "
     "parent runs the child's branch; for setuid, capset or seccomp a privilege drop silently "
     "does not happen; for write the caller loops.",
     "Return an errno, or let the call through.", zero_links},
    {"errno-too-large", Actions, "An errno above 4095 is returned", Low, Witness,
     "Is there an input whose raw value is ERRNO with data above 4095?",
     "Linux caps it to 4095, which is no defined error.", "Return a defined errno.", filter_page},
    {"data-ignored", Actions, "An action carries data that nobody sees", Info, Witness,
     "Is a kill, ALLOW, LOG or USER_NOTIF returned with data bits set?",
     "The kernel ignores the low 16 bits of these actions. The author may have meant another "
     "action.",
     "Return the action without data.", filter_page},
    {"kill-thread", Actions, "One thread is killed and the others run on", Low, Witness,
     "Is a verdict KILL_THREAD, and can threads be made (clone with CLONE_THREAD, or clone3 "
     "OPEN)?",
     "Locks of the killed thread stay taken and its work stays half done, while the rest runs "
     "on. Of a process with one thread it is the same as KILL_PROCESS.",
     "Return KILL_PROCESS (Linux 4.14).", thread_links},
    {"trap-without-handler", Actions, "TRAP is returned and nobody handles SIGSYS", Low, Witness,
     "Of a process: is a verdict TRAP while SIGSYS is not caught?",
     "Then TRAP kills the process with a core dump.", "Install a handler, or return a kill.",
     filter_page},
    {"trap-across-exec", Actions, "TRAP stays in force for programs that have no handler", Low,
     Witness, "Is a verdict TRAP, and execve OPEN?",
     "Handlers do not survive execve, the filter does: started programs die of SIGSYS.",
     "Close execve, or return an errno.", filter_page},
    {"trap-no-return", Actions, "A SIGSYS handler could not return", Medium, Witness,
     "Is a verdict TRAP, and rt_sigreturn not OPEN?",
     "The handler's return is itself a system call.", "Allow rt_sigreturn.", filter_page},
    {"mediation-undone", Actions, "The sandbox can answer its own notifications", High, Witness,
     "Is a verdict TRACE or USER_NOTIF, and seccomp(SECCOMP_SET_MODE_FILTER) or "
     "prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER) OPEN?",
     "A task that may install a filter adds one that answers USER_NOTIF, with itself as the "
     "listener, and lets the call continue. USER_NOTIF outranks TRACE. Over an older USER_NOTIF "
     "it works when that filter's listener is gone; while it lives, a second is refused.",
     "Close seccomp and prctl(PR_SET_SECCOMP), or end the sandbox with its supervisor.",
     notif_links},
    {"listener-shadowed", Actions, "A newer filter takes notifications away from an older one",
     Medium, Witness,
     "Do two filters of the stack answer USER_NOTIF for one input, and was the newer installed "
     "without a listener?",
     "On a tie the newest filter decides. Without a listener the call fails with ENOSYS and the "
     "older supervisor is not asked.",
     "Install one filter with a listener.", notif_links},
    {"pointer-mediated", Actions, "A supervisor decides on what a pointer leads to", Info, Witness,
     "Is USER_NOTIF or TRACE the verdict of a call whose important argument is a pointer?",
     "Between the supervisor's look and the kernel's, another thread can change the memory. Safe "
     "if the supervisor performs the call itself instead of letting it continue.",
     "Let the supervisor act on its own copy.", notif_links},
    {"log-not-refused", Actions, "The default is LOG: nothing is refused", Medium, Witness,
     "Is V of a number that no call has LOG?",
     "LOG lets the call through and writes a record: a mode for writing profiles, not for "
     "enforcing them.",
     "Return an errno or a kill once the profile is complete.", filter_page},

    // What the program inside will run into.
    {"errno-breaks-fallback", Programs, "An errno other than ENOSYS keeps libc from falling back",
     Low, Witness,
     "Is V an errno that is not ENOSYS for clone3, faccessat2, statx, openat2, fchmodat2, preadv2 "
     "or a call of the 64-bit time set?",
     "libc tries the newer call first and uses the older one only after ENOSYS. With EPERM "
     "threads cannot be made (clone3), files look inaccessible (faccessat2), 32-bit programs do "
     "not start (statx).",
     "Return ENOSYS for calls that the profile does not know.", fallback_links},
    {"newer-call-missing", Programs, "The older call is open, the one that libc now uses is not",
     Low, Witness,
     "Is a call OPEN and its successor CLOSED, where libc has moved on without a fallback?",
     "glibc 2.31 sleeps with clock_nanosleep, 2.33 calls newfstatat for stat. A list written "
     "before stops programs built after.",
     "Allow the successor wherever the older call is allowed.", drift_links},
    {"needed-call-closed", Programs, "A call that every program needs is not open", Low, Witness,
     "Of an ABI that the filter serves: is a call CLOSED without which a program fails to start, "
     "or fails in silence?",
     "Which calls are needed depends on libc and on when the filter is installed: before execve "
     "the dynamic loader's count, after the start they do not. Calls whose failure libc bears are "
     "not reported.",
     "Allow the call.", filter_page},
    {"exit-group-closed", Programs, "Threads outlive main", Low, Witness,
     "Is exit_group not OPEN while exit and the making of threads are?",
     "libc then falls back to exit, which ends one thread only.", "Allow exit_group.", filter_page},
    {"restart-closed", Programs, "Interrupted calls cannot be resumed", Low, Witness,
     "Is restart_syscall not OPEN while nanosleep, clock_nanosleep, poll or futex are?",
     "After a stop or an attached tracer the kernel resumes a sleep through restart_syscall.",
     "Allow restart_syscall.", filter_page},

    // Parts of the filter that decide nothing.
    {"dead-instruction", Structure, "No input reaches the instruction", Low, Proof,
     "Is there an instruction that no input reaches, although paths lead there?",
     "Code that is never run refuses nothing: a rule may stand behind one that takes its inputs.",
     "Remove it, or put it before what hides it.", dead_links},
    {"dead-rule", Structure, "A condition never holds", Low, Proof,
     "Is there a comparison whose condition fails for every input that gets there, and behind it a "
     "verdict that would be stricter?",
     "What the rule was to refuse or to mediate is decided before it. In one filter the first "
     "match wins, whatever the action.",
     "Put the narrower rule first.", dead_links},
    {"comparison-without-effect", Structure, "Both outcomes of a comparison lead to one verdict",
     Low, Proof,
     "Is there a comparison of the number, met by some inputs with either outcome, that can be "
     "replaced by a jump to one side without changing V?",
     "The rule was to do something, and does nothing: the number gets what it would get without "
     "it. Jumps hold 8 bits; an assembler that does not notice cuts a distance above 255, and the "
     "branch ends among other rules. A generator also leaves such comparisons where a rule's "
     "action is the default's.",
     "Check where both sides of the branch lead.", wrap_links},
    {"shadowed-action", Structure, "A filter's verdict never becomes the stack's", Info, Proof,
     "Is there a verdict other than ALLOW of one filter such that for each input that gets it "
     "another filter of the stack is stronger?",
     "The strongest action of a stack wins; this one never does.", "Drop the rule, or the filter.",
     filter_page},
    {"generator-artefact", Structure, "Dead instructions of a known generator", Info, Proof,
     "Are there one or two returns or jumps to which no path leads?",
     "libseccomp ends filters in one return that nothing reaches, runc leaves a jump and a return.",
     "Nothing to do.", filter_page},

    // Facts about the filter as a whole.
    {"no-filter", Whole, "Nothing is filtered", High, Proof, "Is the stack empty?",
     "Without a filter every system call of the kernel is in reach. A pod without a seccomp "
     "profile runs unconfined unless the node sets a default.",
     "Set a profile: RuntimeDefault for a pod, SystemCallFilter= for a unit.", pod_links},
    {"allows-everything", Whole, "The filter lets every call through", Medium, Proof,
     "Is V OPEN for all inputs?",
     "A filter that decides nothing costs time and promises what it does not keep.",
     "Remove it, or give it rules.", filter_page},
    {"allows-nothing", Whole, "The filter lets no call through", Low, Proof,
     "Is V OPEN for no input?", "Nothing can run under it, not even the end of the program.",
     "Allow what is needed.", filter_page},
    {"default-open", Whole, "What the filter does not name is open", Info, Witness,
     "Is V OPEN for numbers that no call has?",
     "A deny-list: calls that a later kernel brings are open until somebody adds them.",
     "Prefer an allow-list.", filter_page},
    {"unknown-arch-open", Whole, "Calls of unknown architectures are open", Info, Witness,
     "Is V OPEN for an arch that the kernel in question cannot produce?",
     "It cannot occur on this kernel. One filter for each architecture, as systemd installs "
     "them, looks like this.",
     "Nothing to do; elsewhere refuse unknown architectures.", filter_page},
    {"chain-length", Whole, "The chain uses much of what Linux allows", Low, Measure,
     "Is the length of the chain, as the kernel counts it, more than half of 32768?",
     "A filter that does not fit is refused with ENOMEM, and a program that installs one later "
     "fails.",
     "Merge filters.", filter_page},
    {"slow-call", Whole, "A frequent call runs many instructions", Info, Measure,
     "How many instructions run for read, write, futex and other frequent calls, where the "
     "kernel's bitmap does not take them past the filter?",
     "Since 5.11 calls that are always allowed skip the filter. One that depends on an argument "
     "runs it each time.",
     "Put frequent calls first, without conditions on arguments.", filter_page},
    {"threads-differ", Whole, "Threads of the process have different filters", High, Witness,
     "Is there a call OPEN in one thread and not in another?",
     "Threads share memory: one under weaker filters can be made to act for one under stronger.",
     "Install filters with SECCOMP_FILTER_FLAG_TSYNC.", filter_page},
    {"no-new-privs-unset", Whole, "The process can gain privileges through execve", Low, Proof,
     "Is no_new_privs unset while execve is OPEN?",
     "A set-user-ID program then runs under a filter that its author did not expect: refused "
     "calls of its can turn into errors of privilege.",
     "Set no_new_privs before the filter.", filter_page},
    {"by-design", Whole, "Looks odd, and is meant so", Info, Witness,
     "Does the function have a shape that a known sandbox has for a reason?",
     "Explains what would otherwise look like a weakness.", "Nothing to do.", filter_page},
});

constexpr std::array<std::string_view, 8> families{"abi",     "arguments", "doors",     "reach",
                                                   "actions", "programs",  "structure", "whole"};

}  // namespace

std::string_view name(Family family) { return families[static_cast<std::size_t>(family)]; }

std::span<const Rule> rules() { return table; }

const Rule* find_rule(std::string_view id) {
  const auto found =
      std::find_if(table.begin(), table.end(), [&](const Rule& rule) { return rule.id == id; });
  return found == table.end() ? nullptr : &*found;
}

}  // namespace assay::audit
