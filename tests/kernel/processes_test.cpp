#include "assay/kernel/processes.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "kernel/tracees.hpp"

namespace assay::kernel {
namespace {

using test::Bits;
using test::Tracee;
namespace fs = std::filesystem;

// A folder that looks like /proc.
class FakeProc : public testing::Test {
 protected:
  FakeProc() {
    std::string name = (fs::temp_directory_path() / "assay-proc-XXXXXX").string();
    if (mkdtemp(name.data()) != nullptr) root_ = name;
  }
  ~FakeProc() override { fs::remove_all(root_); }

  void write(const fs::path& path, const std::string& content) {
    fs::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path, std::ios::binary) << content;
  }
  void process(int pid, const std::string& comm, const std::string& status) {
    write(std::to_string(pid) + "/comm", comm);
    write(std::to_string(pid) + "/status", status);
  }
  ProcessState only() {
    const auto list = list_processes(Listing::Processes, root_);
    EXPECT_TRUE(list && list->size() == 1);
    return list && !list->empty() ? list->front() : ProcessState{};
  }

  fs::path root_;
};

TEST_F(FakeProc, StateOfAProcess) {
  process(42, "nginx\n",
          "Name:\tnginx\nTgid:\t42\nNoNewPrivs:\t1\nSeccomp:\t2\nSeccomp_filters:\t3\n");
  EXPECT_EQ(only(), (ProcessState{42, 42, "nginx", Mode::Filter, 3, true, 0}));
}

TEST_F(FakeProc, AnyByteInAName) {
  for (const std::string comm : {"a\nb", "a) S 1 (b", "\x01\xff\xfe", "", "\n", "x\nSeccomp:\t0"}) {
    process(7, comm + "\n", "Name:\tescaped by the kernel\nSeccomp:\t1\n");
    EXPECT_EQ(only().comm, comm);
    EXPECT_EQ(only().mode, Mode::Strict);
  }
}

TEST_F(FakeProc, OldKernelsSayLess) {
  process(7, "x\n", "Name:\tx\nSeccomp:\t2\n");
  EXPECT_EQ(only(), (ProcessState{7, 7, "x", Mode::Filter, std::nullopt, std::nullopt, 0}));
  process(7, "x\n", "Name:\tx\n");
  EXPECT_EQ(only().mode, std::nullopt);
}

TEST_F(FakeProc, NonsenseIsNoState) {
  process(7, "x\n", "Seccomp:\t9\nSeccomp_filters:\t-1\nNoNewPrivs:\tyes\nSeccomp\n:\t\n\t");
  EXPECT_EQ(only(), (ProcessState{7, 7, "x", std::nullopt, std::nullopt, std::nullopt, 0}));
}

TEST_F(FakeProc, UnreadableStaysInTheList) {
  write("7/comm", "x\n");
  fs::create_directories(root_ / "7/status");
  EXPECT_EQ(only(), (ProcessState{7, 7, "x", std::nullopt, std::nullopt, std::nullopt, EISDIR}));
}

TEST_F(FakeProc, EndedMeanwhileIsLeftOut) {
  fs::create_directories(root_ / "7");
  write("8/comm", "x\n");
  process(9, "y\n", "Seccomp:\t0\n");
  EXPECT_EQ(only().pid, 9);
}

TEST_F(FakeProc, OnlyNumbersAreProcesses) {
  for (const char* name : {"self", "1a", "-1", "0", "99999999999999999999", "4294967295"})
    write(fs::path(name) / "comm", "x\n");
  const auto list = list_processes(Listing::Processes, root_);
  ASSERT_TRUE(list);
  EXPECT_TRUE(list->empty());
}

TEST_F(FakeProc, ThreadsInOrder) {
  for (const char* id : {"10", "9", "100"}) {
    write(fs::path("9/task") / id / "comm", "t\n");
    write(fs::path("9/task") / id / "status", "Tgid:\t9\nSeccomp:\t0\n");
  }
  const auto list = list_processes(Listing::Threads, root_);
  ASSERT_TRUE(list);
  ASSERT_EQ(list->size(), 3U);
  EXPECT_EQ(list->at(0).tid, 9);
  EXPECT_EQ(list->at(1).tid, 10);
  EXPECT_EQ(list->at(2).tid, 100);
  EXPECT_EQ(list->at(2).pid, 9);
}

TEST_F(FakeProc, NoProcAtAll) {
  EXPECT_EQ(list_processes(Listing::Processes, root_ / "none"), tl::unexpected(ENOENT));
}

ProcessState find(pid_t tid, Listing listing) {
  const auto list = list_processes(listing);
  if (!list) return {};
  const auto found = std::find_if(list->begin(), list->end(),
                                  [&](const ProcessState& state) { return state.tid == tid; });
  return found == list->end() ? ProcessState{} : *found;
}

TEST(Processes, LiveOnes) {
  SKIP_WITHOUT_TRACEE(Bits::Wide);
  Tracee filtered(Bits::Wide, "npsw");
  Tracee strict(Bits::Wide, "R");
  ASSERT_TRUE(filtered.ready() && strict.ready());
  const std::uint32_t ours = process_state(getpid())->filters.value_or(0);
  EXPECT_EQ(
      find(filtered.pid(), Listing::Processes),
      (ProcessState{filtered.pid(), filtered.pid(), "tracee64", Mode::Filter, 2 + ours, true, 0}));
  EXPECT_EQ(find(filtered.pid(), Listing::Threads).mode, Mode::Filter);
  EXPECT_EQ(find(strict.pid(), Listing::Processes).mode, Mode::Strict);
  EXPECT_EQ(process_state(0x7ffffffe), tl::unexpected(ENOENT));
  filtered.finish();
  strict.finish();
}

}  // namespace
}  // namespace assay::kernel
