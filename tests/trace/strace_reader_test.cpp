#include <gtest/gtest.h>

#include "assay/trace/reader.hpp"
#include "trace/rendered.hpp"

namespace assay::trace {
namespace {

TEST(StraceReader, LinesMayEndInCarriageReturn) {
  const auto calls = read_all(Format::Strace, "close(3) = 0\r\n\r\ngetpid() = 1\r\n");
  ASSERT_EQ(calls.size(), 2U);
  EXPECT_EQ(rendered(calls[1]), "3 x86_64? 39");
}

TEST(StraceReader, NamesAreThoseOfTheGivenArch) {
  const auto calls =
      read_all(Format::Strace, "openat(AT_FDCWD, NULL, O_DIRECT) = 3\n", seccomp::Arch::aarch64);
  ASSERT_EQ(calls.size(), 1U);
  EXPECT_EQ(rendered(calls[0]), "1 aarch64? 56 $ 0x0 $");  // O_DIRECT has another value there
}

TEST(StraceReader, MarkersOfOtherMachines) {
  const auto calls =
      read_all(Format::Strace, "[ Process PID=5 runs in 32 bit mode. ]\n[pid 5] getpid() = 5\n",
               seccomp::Arch::aarch64);
  ASSERT_EQ(calls.size(), 1U);
  EXPECT_EQ(rendered(calls[0]), "2 arm 20");
}

// The limit is on threads at a time; what is known of them is given up, their calls are not.
TEST(StraceReader, ThreadsAreBounded) {
  std::string text;
  for (std::size_t pid = 1; pid <= thread_limit + 10; ++pid)
    text += std::to_string(pid) + " close(3) = 0\n";
  EXPECT_EQ(read_all(Format::Strace, text).size(), thread_limit + 10);
}

TEST(StraceReader, NestingDoesNotTakeTheStack) {
  const std::string deep(1'000'000, '[');
  const auto calls = read_all(Format::Strace, "write(1, " + deep + "\n");
  ASSERT_EQ(calls.size(), 1U);
  EXPECT_EQ(rendered(calls[0]), "1 x86_64? 1 0x1~ *");
}

}  // namespace
}  // namespace assay::trace
