#include "audit/doors.hpp"

namespace assay::audit {
namespace {

using enum Part;
template <std::size_t N>
using Doors = std::array<Door, N>;

constexpr Doors<3> opening{{{{"open"}}, {{"openat"}}, {{"openat2"}, Way}}};
constexpr Doors<4> writing_files{{{{"open", {{{1, "O_ACCMODE", "O_WRONLY"}}}}},
                                  {{"openat", {{{2, "O_ACCMODE", "O_WRONLY"}}}}},
                                  {{"creat"}},
                                  {{"openat2"}, Way}}};
constexpr Doors<4> creating{{{{"open", {{{1, "O_CREAT", "O_CREAT"}}}}},
                             {{"openat", {{{2, "O_CREAT", "O_CREAT"}}}}},
                             {{"creat"}},
                             {{"openat2"}, Way}}};
// execve stays open under many filters that close execveat: the sandbox is started with it.
constexpr Doors<2> running{{{{"execve"}}, {{"execveat"}, Way}}};
constexpr Doors<4> forking{
    {{{"fork"}}, {{"vfork"}}, {{"clone", {{{0, "CLONE_THREAD", "0"}}}}}, {{"clone3"}, Way}}};

// setns with nstype 0 joins whatever the descriptor is.
constexpr Doors<5> namespace_doors(std::string_view flag) {
  return {{{{"clone", {{{0, flag, flag}}}}},
           {{"unshare", {{{0, flag, flag}}}}},
           {{"setns", {{{1, flag, flag}}}}},
           {{"setns", {{{1, "*", "0"}}}}, Way},
           {{"clone3"}, Way}}};
}
constexpr auto of_mounts = namespace_doors("CLONE_NEWNS");
constexpr auto of_cgroups = namespace_doors("CLONE_NEWCGROUP");
constexpr auto of_uts = namespace_doors("CLONE_NEWUTS");
constexpr auto of_ipc = namespace_doors("CLONE_NEWIPC");
constexpr auto of_users = namespace_doors("CLONE_NEWUSER");
constexpr auto of_pids = namespace_doors("CLONE_NEWPID");
constexpr auto of_networks = namespace_doors("CLONE_NEWNET");
// In clone the bit belongs to the exit signal.
constexpr Doors<4> of_time{{{{"unshare", {{{0, "CLONE_NEWTIME", "CLONE_NEWTIME"}}}}},
                            {{"setns", {{{1, "CLONE_NEWTIME", "CLONE_NEWTIME"}}}}},
                            {{"setns", {{{1, "*", "0"}}}}, Way},
                            {{"clone3"}, Way}}};

constexpr Doors<3> renaming{{{{"rename"}}, {{"renameat"}}, {{"renameat2"}}}};
constexpr Doors<2> linking{{{{"link"}}, {{"linkat"}}}};
constexpr Doors<2> symlinking{{{{"symlink"}}, {{"symlinkat"}}}};
constexpr Doors<2> unlinking{{{{"unlink"}}, {{"unlinkat", {{{2, "AT_REMOVEDIR", "0"}}}}}}};
constexpr Doors<2> removing_folders{
    {{{"rmdir"}}, {{"unlinkat", {{{2, "AT_REMOVEDIR", "AT_REMOVEDIR"}}}}}}};
constexpr Doors<2> making_folders{{{{"mkdir"}}, {{"mkdirat"}}}};
constexpr Doors<2> making_nodes{{{{"mknod"}}, {{"mknodat"}}}};

constexpr Doors<4> changing_modes{{{{"chmod"}}, {{"fchmod"}}, {{"fchmodat"}}, {{"fchmodat2"}}}};
constexpr Doors<10> setting_user_id{
    {{{"chmod", {{{1, "S_ISUID", "S_ISUID"}}}}},
     {{"fchmod", {{{1, "S_ISUID", "S_ISUID"}}}}},
     {{"fchmodat", {{{2, "S_ISUID", "S_ISUID"}}}}},
     {{"fchmodat2", {{{2, "S_ISUID", "S_ISUID"}}}}},
     {{"open", {{{1, "O_CREAT", "O_CREAT"}, {2, "S_ISUID", "S_ISUID"}}}}},
     {{"openat", {{{2, "O_CREAT", "O_CREAT"}, {3, "S_ISUID", "S_ISUID"}}}}},
     {{"creat", {{{1, "S_ISUID", "S_ISUID"}}}}},
     {{"mknod", {{{1, "S_ISUID", "S_ISUID"}}}}},
     {{"mknodat", {{{2, "S_ISUID", "S_ISUID"}}}}},
     {{"openat2"}, Way}}};
constexpr Doors<7> changing_owners{{{{"chown"}},
                                    {{"lchown"}},
                                    {{"fchown"}},
                                    {{"fchownat"}},
                                    {{"chown32"}},
                                    {{"lchown32"}},
                                    {{"fchown32"}}}};
constexpr Doors<4> setting_attributes{
    {{{"setxattr"}}, {{"lsetxattr"}}, {{"fsetxattr"}}, {{"setxattrat"}}}};
constexpr Doors<4> removing_attributes{
    {{{"removexattr"}}, {{"lremovexattr"}}, {{"fremovexattr"}}, {{"removexattrat"}}}};

constexpr Doors<9> mounting{{{{"mount"}, Evidence},
                             {{"fsopen"}, Way},
                             {{"fsconfig"}, Way},
                             {{"fsmount"}, Way},
                             {{"fspick"}, Way},
                             {{"move_mount"}, Way},
                             {{"open_tree", {{{2, "1", "1"}}}}, Way},  // OPEN_TREE_CLONE
                             {{"mount_setattr"}, Way},
                             {{"open_tree_attr"}, Way}}};
constexpr Doors<3> sending{{{{"sendto"}}, {{"sendmsg"}}, {{"sendmmsg"}}}};
constexpr Doors<3> receiving{{{{"recvfrom"}}, {{"recvmsg"}}, {{"recvmmsg"}}}};
constexpr Doors<2> accepting{{{{"accept"}}, {{"accept4"}}}};
constexpr Doors<2> loading_modules{{{{"init_module"}}, {{"finit_module"}}}};
constexpr Doors<2> loading_kernels{{{{"kexec_load"}}, {{"kexec_file_load"}}}};
constexpr Doors<3> keys{{{{"add_key"}}, {{"request_key"}}, {{"keyctl"}}}};
constexpr Doors<4> other_memory{{{{"ptrace"}, Evidence},
                                 {{"process_vm_readv"}, Way},
                                 {{"process_vm_writev"}},
                                 {{"pidfd_getfd"}, Way}}};
constexpr Doors<6> clocks{{{{"settimeofday"}},
                           {{"clock_settime"}},
                           {{"clock_adjtime"}, Way},
                           {{"stime"}, Way},
                           {{"clock_settime64"}},
                           {{"clock_adjtime64"}, Way}}};
constexpr Doors<6> signals{{{{"kill"}, Evidence},
                            {{"tkill"}, Way},
                            {{"tgkill"}, Way},
                            {{"rt_sigqueueinfo"}, Way},
                            {{"rt_tgsigqueueinfo"}, Way},
                            {{"pidfd_send_signal"}, Way}}};
constexpr Doors<8> data_out{{{{"write"}, Evidence},
                             {{"writev"}, Way},
                             {{"pwrite64"}, Way},
                             {{"pwritev"}, Way},
                             {{"pwritev2"}, Way},
                             {{"sendfile"}, Way},
                             {{"splice"}, Way},
                             {{"copy_file_range"}, Way}}};

constexpr Need admin{Need::Kind::Capability, "CAP_SYS_ADMIN"};
constexpr Need none{};

constexpr auto table = std::to_array<Power>({
    {"door-open", "opening files", opening},
    {"door-open", "opening files for writing", writing_files, none, true},
    {"door-open", "creating files", creating, none, true},
    {"door-exec", "running programs", running},
    {"door-process", "making processes", forking},
    {"door-namespace", "CLONE_NEWUSER", of_users},
    {"door-namespace", "CLONE_NEWNS", of_mounts},
    {"door-namespace", "CLONE_NEWNET", of_networks},
    {"door-namespace", "CLONE_NEWPID", of_pids},
    {"door-namespace", "CLONE_NEWIPC", of_ipc},
    {"door-namespace", "CLONE_NEWUTS", of_uts},
    {"door-namespace", "CLONE_NEWCGROUP", of_cgroups},
    {"door-namespace", "CLONE_NEWTIME", of_time},
    {"door-rename", "renaming", renaming},
    {"door-rename", "linking", linking},
    {"door-rename", "making symbolic links", symlinking},
    {"door-rename", "removing files", unlinking},
    {"door-rename", "removing folders", removing_folders},
    {"door-rename", "making folders", making_folders},
    {"door-rename", "making nodes", making_nodes},
    {"door-chmod", "changing modes", changing_modes},
    {"door-chmod", "setting the set-user-ID bit", setting_user_id, none, true},
    {"door-chown", "changing owners", changing_owners},
    {"door-xattr", "setting extended attributes", setting_attributes},
    {"door-xattr", "removing extended attributes", removing_attributes},
    {"door-mount", "mounting", mounting, admin},
    {"door-socket", "sending", sending},
    {"door-socket", "receiving", receiving},
    {"door-socket", "accepting connections", accepting},
    {"door-module", "loading modules", loading_modules, {Need::Kind::Capability, "CAP_SYS_MODULE"}},
    {"door-kexec", "loading kernels", loading_kernels, {Need::Kind::Capability, "CAP_SYS_BOOT"}},
    {"door-key", "using keys", keys},
    {"door-process-memory", "reaching into other processes", other_memory, may_trace},
    {"door-time", "setting clocks", clocks, {Need::Kind::Capability, "CAP_SYS_TIME"}},
    {"door-signal", "sending signals", signals},
    {"door-transfer", "writing", data_out},
});

}  // namespace

std::span<const Power> powers() { return table; }

}  // namespace assay::audit
