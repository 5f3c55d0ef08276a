#include "assay/verify/install.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <vector>

namespace assay::verify {
namespace {

using bpf::Instruction;

const std::vector<Instruction> good{{0x06, 0, 0, 0x7fff0000}};
const std::vector<Instruction> bad{{0x94, 0, 0, 1}, {0x06, 0, 0, 0}};
const std::vector<Instruction> too_long(bpf::max_instructions + 1, good[0]);

// A caller and a request with which everything is wrong that can be.
Installer hopeless_caller() {
  Installer caller;
  caller.no_new_privs = false;
  caller.free_descriptor = false;
  caller.strict_mode = true;
  caller.live_listener = true;
  caller.attached.assign(10, 5000);
  caller.diverged_thread = 7;
  return caller;
}

// Mends one fault after the other; the answer must name the next one in the kernel's order.
TEST(InstallResult, NamesTheFirstOfSeveralCauses) {
  Installer caller = hopeless_caller();
  InstallRequest request{{}, 0x100 | tsync | new_listener, Pointer::Null, Pointer::Null};
  const auto expect = [&](InstallKind kind, int error) {
    const InstallResult result = install_result(request, caller);
    EXPECT_EQ(name(result.kind), name(kind));
    EXPECT_EQ(result.error, error) << name(kind);
  };
  expect(InstallKind::UnknownFlags, EINVAL);
  request.flags = tsync | new_listener;
  expect(InstallKind::TsyncWithListener, EINVAL);
  request.flags = tsync | wait_killable_recv;
  expect(InstallKind::KillableWithoutListener, EINVAL);
  request.flags = tsync | new_listener | tsync_esrch;
  expect(InstallKind::ProgramUnreadable, EFAULT);
  request.program = Pointer::Readable;
  expect(InstallKind::BadLength, EINVAL);
  request.instructions = too_long;
  expect(InstallKind::BadLength, EINVAL);
  request.instructions = bad;
  expect(InstallKind::NotPrivileged, EACCES);
  caller.no_new_privs = true;
  expect(InstallKind::NoInstructions, EINVAL);
  request.pointer = Pointer::Unreadable;
  expect(InstallKind::InstructionsUnreadable, EFAULT);
  request.pointer = Pointer::Readable;
  expect(InstallKind::Rejected, EINVAL);
  request.instructions = good;
  expect(InstallKind::NoDescriptor, EMFILE);
  caller.free_descriptor = true;
  expect(InstallKind::InStrictMode, EINVAL);
  caller.strict_mode = false;
  expect(InstallKind::ListenerExists, EBUSY);
  caller.live_listener = false;
  expect(InstallKind::ChainFull, ENOMEM);
  caller.attached.clear();
  expect(InstallKind::ThreadDiverged, ESRCH);
  caller.diverged_thread.reset();
  expect(InstallKind::Installed, 0);
}

TEST(InstallResult, IsTheTidOfAThreadInTheWayUnlessAskedForAnErrno) {
  Installer caller;
  caller.diverged_thread = 4711;
  EXPECT_EQ(install_result({good, tsync}, caller),
            (InstallResult{InstallKind::ThreadDiverged, 0, 4711}));
  EXPECT_EQ(install_result({good, tsync | tsync_esrch}, caller),
            (InstallResult{InstallKind::ThreadDiverged, ESRCH}));
  EXPECT_TRUE(install_result({good, log}, caller).installed());
}

TEST(InstallResult, NeedsNoNewPrivsOrSysAdmin) {
  for (const bool no_new_privs : {false, true}) {
    for (const bool sys_admin : {false, true}) {
      Installer caller;
      caller.no_new_privs = no_new_privs;
      caller.sys_admin = sys_admin;
      EXPECT_EQ(install_result({good}, caller).installed(), no_new_privs || sys_admin);
    }
  }
}

TEST(InstallResult, CarriesTheRejection) {
  const InstallResult result = install_result({bad});
  ASSERT_TRUE(result.rejection);
  EXPECT_EQ(result.rejection->kind, RejectionKind::RefusedBySeccomp);
  EXPECT_EQ(result.rejection->insn, 0U);
}

TEST(InstallResult, CountsTheChainWithThePenaltyOfEarlierFilters) {
  Installer caller;
  caller.attached.assign(3640, 5);  // 3640 * 9 + 5 = 32765
  EXPECT_TRUE(install_result({good}, caller).installed());
  caller.attached.push_back(5);
  EXPECT_EQ(install_result({good}, caller).error, ENOMEM);
}

TEST(InstallResult, BlindingMakesTheChainFullEarlier) {
  Installer caller;
  caller.attached.assign(2978, 7);
  caller.attached.push_back(1);                             // 32763 are used
  EXPECT_TRUE(install_result({good}, caller).installed());  // 5 fit
  caller.blinding = Blinding::On;                           // and 7 do not
  EXPECT_EQ(install_result({good}, caller).kind, InstallKind::ChainFull);
}

TEST(InstallResult, RefusesFlagsOfLaterKernels) {
  const auto old = *seccomp::find_semantics("linux-4.14");
  EXPECT_EQ(install_result({good, spec_allow}, {}, old).kind, InstallKind::UnknownFlags);
  EXPECT_TRUE(install_result({good, log}, {}, old).installed());
}

}  // namespace
}  // namespace assay::verify
