// Runs a command under a filter: sandboxed FILTER -- COMMAND [ARGUMENT...]
//
// For trying a filter on a real program, and to show how a loader may use assay: the file is
// read and checked here, so that what Linux would refuse is said in words, and only then
// installed. Any format of `assay disasm` will do.
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "assay/load/filter.hpp"
#include "assay/text/rejection.hpp"
#include "assay/verify/accept.hpp"

namespace {

using namespace assay;

constexpr int bad_usage = 2;
constexpr int bad_filter = 3;
constexpr int no_install = 4;
constexpr int no_command = 127;  // as shells say it

int fail(int status, const std::string& what) {
  std::fprintf(stderr, "sandboxed: %s\n", what.c_str());
  return status;
}

// The kernel's struct has the layout of ours but another type.
std::vector<sock_filter> as_linux_wants_it(const verify::Program& program) {
  std::vector<sock_filter> result;
  for (const bpf::Instruction& insn : program.instructions())
    result.push_back({insn.code, insn.jt, insn.jf, insn.k});
  return result;
}

bool install(const verify::Program& program) {
  std::vector<sock_filter> filter = as_linux_wants_it(program);
  const sock_fprog loaded{static_cast<unsigned short>(filter.size()), filter.data()};
  // Without it only a privileged process may install a filter: a set-user-ID program must
  // not meet one that lies to it.
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &loaded) == 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4 || std::strcmp(argv[2], "--") != 0)
    return fail(bad_usage, "usage: sandboxed FILTER -- COMMAND [ARGUMENT...]");
  const auto filters = load::load_filters(argv[1]);
  if (!filters) return fail(bad_filter, describe(filters.error()));
  for (const load::Filter& filter : *filters) {
    const auto program = verify::accept(filter.instructions);
    if (!program) return fail(bad_filter, filter.file + ": " + text::to_text(program.error()));
    if (!install(*program)) return fail(no_install, std::strerror(errno));
  }
  execvp(argv[3], argv + 3);
  return fail(no_command, std::string(argv[3]) + ": " + std::strerror(errno));
}
