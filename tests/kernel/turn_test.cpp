#include "kernel/turn.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <thread>

namespace assay::kernel {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds long_enough{20'000};

// Another process that waits for the turn, writes a byte when it has it, and keeps it until
// a byte is written to it.
class Waiter {
 public:
  explicit Waiter(char name) {
    if (pipe(said_) != 0 || pipe(told_) != 0) return;
    pid_ = fork();
    if (pid_ != 0) return;
    close(told_[1]);
    const auto turn = Turn::take(long_enough);
    const char byte = turn ? name : '-';
    const bool written = write(said_[1], &byte, 1) == 1;
    char ignored = 0;
    _exit(written && read(told_[0], &ignored, 1) >= 0 ? 0 : 1);
  }
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;
  ~Waiter() {
    finish();
    for (const int end : {said_[0], said_[1], told_[0], told_[1]}) close(end);
  }
  char said() {
    char byte = '?';
    return read(said_[0], &byte, 1) == 1 ? byte : '!';
  }
  void kill() const { ::kill(pid_, SIGKILL); }
  void finish() {
    if (pid_ <= 0) return;
    const char byte = 0;
    EXPECT_EQ(write(told_[1], &byte, 1), 1);
    waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }

 private:
  int said_[2] = {-1, -1};
  int told_[2] = {-1, -1};
  pid_t pid_ = -1;
};

void until_wanted(const Turn& turn) {
  while (!turn.wanted()) std::this_thread::yield();
}

// However little of the processor the waiter gets: the turn is its own at the moment it is let go.
TEST(Turn, GoesToWhoeverWaitsAndNotBackToItsHolder) {
  auto turn = Turn::take(long_enough);
  ASSERT_TRUE(turn);
  Waiter waiter('a');
  until_wanted(*turn);
  turn.reset();
  EXPECT_FALSE(Turn::take(milliseconds(0)));
  EXPECT_EQ(waiter.said(), 'a');
  EXPECT_FALSE(Turn::take(milliseconds(0)));
  waiter.finish();
  EXPECT_TRUE(Turn::take(long_enough));
}

TEST(Turn, ADeadWaiterIsPassedOver) {
  auto turn = Turn::take(long_enough);
  ASSERT_TRUE(turn);
  {
    Waiter dead('a');
    until_wanted(*turn);
    dead.kill();
  }
  turn.reset();
  EXPECT_TRUE(Turn::take(long_enough));
}

TEST(Turn, AWaiterWhoseHolderIsKilledTakesIt) {
  auto turn = Turn::take(long_enough);
  ASSERT_TRUE(turn);
  Waiter first('a');
  until_wanted(*turn);
  turn.reset();
  ASSERT_EQ(first.said(), 'a');
  first.kill();
  EXPECT_TRUE(Turn::take(long_enough));
}

TEST(Turn, HasALimit) {
  Waiter holder('a');
  ASSERT_EQ(holder.said(), 'a');
  EXPECT_FALSE(Turn::take(milliseconds(20)));
}

TEST(Turn, IsKeptUntilTheFirstOfAThreadEnds) {
  auto turn = Turn::take(long_enough);
  ASSERT_TRUE(turn);
  EXPECT_TRUE(Turn::take(milliseconds(0)));
  Waiter waiter('a');
  until_wanted(*turn);
  EXPECT_TRUE(Turn::take(milliseconds(0)));
  EXPECT_TRUE(turn->wanted());
  turn.reset();
  EXPECT_EQ(waiter.said(), 'a');
}

}  // namespace
}  // namespace assay::kernel
