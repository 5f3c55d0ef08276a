#include "assay/shard/checkpoint.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <fstream>

namespace assay::shard {
namespace {

class CheckpointFile : public testing::Test {
 protected:
  void SetUp() override { ASSERT_NE(::mkdtemp(folder_.data()), nullptr); }
  void TearDown() override {
    ::unlink(path().c_str());
    EXPECT_EQ(::rmdir(folder_.c_str()), 0) << "something else was left behind";
  }
  std::string path() const { return folder_ + "/checkpoint"; }
  void write(const std::string& text) const { std::ofstream(path()) << text; }

  const Job job_{"campaign", "seed=1 programs=10", {1, 4}};

 private:
  std::string folder_ = testing::TempDir() + "assay-checkpoint-XXXXXX";
};

TEST_F(CheckpointFile, IsNothingBeforeItIsWritten) {
  const auto progress = Checkpoint(path(), job_).read();
  ASSERT_TRUE(progress);
  EXPECT_EQ(*progress, std::nullopt);
}

TEST_F(CheckpointFile, GivesBackWhatWasWrittenLast) {
  const Checkpoint checkpoint(path(), job_);
  for (std::uint64_t next : {std::uint64_t{5}, std::uint64_t{9}, ~std::uint64_t{0}}) {
    const Progress progress{next, next / 2, "{\"mismatches\":0}\n\"x\""};
    ASSERT_TRUE(checkpoint.write(progress));
    const auto read = checkpoint.read();
    ASSERT_TRUE(read);
    EXPECT_EQ(*read, progress);
  }
}

TEST_F(CheckpointFile, OfAnotherJobIsAnError) {
  ASSERT_TRUE(Checkpoint(path(), job_).write({}));
  for (const Job& other :
       {Job{"audit", job_.settings, job_.share}, Job{"campaign", "seed=2 programs=10", job_.share},
        Job{"campaign", job_.settings, {2, 4}}}) {
    const auto read = Checkpoint(path(), other).read();
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error(), (CheckpointError{CheckpointErrorKind::OtherJob, 0, to_string(job_),
                                             to_string(other)}));
  }
}

TEST_F(CheckpointFile, ThatIsNoneIsMalformed) {
  for (const char* text : {"", "{", "[]", "{}", "\xff", "{\"job\":{}}",
                           R"({"job":{"command":"c","settings":"","share":"9/4"},"next":0})",
                           R"({"job":{"command":"campaign","settings":"seed=1 programs=10",)"
                           R"("share":"1/4"},"next":-1.5,"written":0,"state":7})"}) {
    write(text);
    const auto read = Checkpoint(path(), job_).read();
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error().kind, CheckpointErrorKind::Malformed) << text;
  }
}

TEST_F(CheckpointFile, ThatCannotBeWrittenSaysWhy) {
  const auto written = Checkpoint("/nonexistent/checkpoint", job_).write({});
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().kind, CheckpointErrorKind::Unwritable);
  EXPECT_EQ(written.error().error, ENOENT);
  EXPECT_EQ(to_string(written.error()), "cannot be written: No such file or directory");
}

TEST_F(CheckpointFile, FollowsNoLinkThatSomebodyLaidBesideIt) {
  ASSERT_EQ(::symlink("/nonexistent/elsewhere", (path() + ".new").c_str()), 0);
  const auto written = Checkpoint(path(), job_).write({});
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().error, ELOOP);
  ::unlink((path() + ".new").c_str());
}

}  // namespace
}  // namespace assay::shard
