#include "report/child.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cerrno>

namespace assay::report {
namespace {

using std::chrono::milliseconds;

TEST(Child, AnswersWhatItIsGiven) {
  const std::string input(3'000'000, 'x');
  EXPECT_EQ(run_child({"cat"}, input).value_or(""), input) << "more than a socket holds";
  EXPECT_EQ(run_child({"cat"}, "").value_or("?"), "");
}

TEST(Child, MayLeaveItsInputUnread) {
  EXPECT_EQ(run_child({"echo", "done"}, std::string(3'000'000, 'x')).value_or(""), "done\n");
}

TEST(Child, IsNotFoundOutsideThePath) {
  EXPECT_EQ(run_child({"no-such-program"}, "").error(), ChildFailure::Missing);
  EXPECT_EQ(run_child({"/no/such/program"}, "").error(), ChildFailure::Failed);
}

TEST(Child, ThatFailsIsAFailure) {
  EXPECT_EQ(run_child({"false"}, "").error(), ChildFailure::Failed);
}

TEST(Child, IsStoppedAtTheLimits) {
  ChildLimits limits;
  limits.time = milliseconds(50);
  EXPECT_EQ(run_child({"sleep", "600"}, "", limits).error(), ChildFailure::TooSlow);
  limits.time = milliseconds(60'000);
  limits.output = 100'000;
  EXPECT_EQ(run_child({"yes"}, "", limits).error(), ChildFailure::TooMuch);
}

TEST(Child, LeavesNoProcessBehind) {
  ChildLimits limits;
  limits.time = milliseconds(50);
  (void)run_child({"sleep", "600"}, "", limits);
  (void)run_child({"cat"}, "text", limits);
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD);
}

}  // namespace
}  // namespace assay::report
