#include "assay/audit/machine.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

namespace assay::audit {
namespace {

// A folder in place of /proc.
class Machine_ : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "assay-proc-XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    proc_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(proc_); }
  void write(const std::filesystem::path& file, const std::string& text) const {
    std::filesystem::create_directories((proc_ / file).parent_path());
    std::ofstream(proc_ / file) << text;
  }
  std::filesystem::path proc_;
};

TEST_F(Machine_, ReadsSysctlsThatAreThere) {
  write("sys/kernel/io_uring_disabled", "2\n");
  write("sys/user/max_user_namespaces", "0\n");
  const Machine machine = running_machine(proc_);
  EXPECT_EQ(machine.sysctl("kernel.io_uring_disabled"), 2);
  EXPECT_EQ(machine.sysctl("user.max_user_namespaces"), 0);
  EXPECT_EQ(machine.sysctl("vm.unprivileged_userfaultfd"), std::nullopt);
}

TEST_F(Machine_, ReadsWhatAProcessHas) {
  write("77/status",
        "Name:\tNoNewPrivs: 0\nThreads:\t3\nSigCgt:\t0000000040000000\n"
        "CapPrm:\t0000000000010000\nCapEff:\t0000000000000000\nNoNewPrivs:\t1\n");
  std::filesystem::create_directories(proc_ / "77/ns");
  std::filesystem::create_symlink("user:[4026531837]", proc_ / "77/ns/user");
  const Process process = process_of(77, proc_);
  EXPECT_EQ(process.pid, 77);
  EXPECT_EQ(process.no_new_privs, true);
  EXPECT_EQ(process.sigsys_handler, true);
  EXPECT_EQ(process.capabilities, 0x10000U);
  EXPECT_EQ(process.threads, 3U);
  EXPECT_EQ(process.root_user_namespace, true);
}

TEST_F(Machine_, LeavesUnknownWhatCannotBeRead) {
  const Process process = process_of(77, proc_);
  EXPECT_EQ(process.no_new_privs, std::nullopt);
  EXPECT_EQ(process.sigsys_handler, std::nullopt);
  EXPECT_EQ(process.capabilities, std::nullopt);
  EXPECT_EQ(process.root_user_namespace, std::nullopt);
}

TEST_F(Machine_, KnowsAnotherUserNamespace) {
  std::filesystem::create_directories(proc_ / "77/ns");
  std::filesystem::create_symlink("user:[4026532000]", proc_ / "77/ns/user");
  EXPECT_EQ(process_of(77, proc_).root_user_namespace, false);
}

TEST(RunningMachine, IsAskedAndNotGuessed) {
  const Machine machine = running_machine();
#if defined(__x86_64__)
  EXPECT_TRUE(machine.ia32.has_value());
  EXPECT_TRUE(machine.x32.has_value());
#endif
  EXPECT_GE(machine.semantics.version.major, 3U);
}

TEST(RunningMachine, KnowsThisProcess) {
  const Process process = process_of(getpid());
  EXPECT_TRUE(process.capabilities.has_value());
  EXPECT_TRUE(process.no_new_privs.has_value());
  EXPECT_GE(process.threads, 1U);
}

}  // namespace
}  // namespace assay::audit
