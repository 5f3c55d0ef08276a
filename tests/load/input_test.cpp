#include "assay/load/input.hpp"

#include <gtest/gtest.h>

#include <cerrno>

#include "load/scratch_file.hpp"

namespace assay::load {
namespace {

TEST(Input, ReadsAtMostOneByteAboveTheLimit) {
  const ScratchFile file("0123456789");
  ASSERT_TRUE(file.written());
  const std::string_view expected[] = {"0", "01", "012"};
  for (std::size_t limit = 0; limit < 3; ++limit) {
    auto input = InputFile::open(file.path());
    ASSERT_TRUE(input);
    EXPECT_EQ(input->known_size(), 10U);
    EXPECT_EQ(*read_up_to(*input, limit), expected[limit]);
  }
  auto input = InputFile::open(file.path());
  EXPECT_EQ(*read_up_to(*input, 10), "0123456789");
}

TEST(Input, EndlessDevicesEndAtTheLimit) {
  auto input = InputFile::open("/dev/zero");
  ASSERT_TRUE(input);
  EXPECT_EQ(input->known_size(), 0U);
  EXPECT_EQ(read_up_to(*input, 1000000)->size(), 1000001U);
}

TEST(Input, TellsErrnoAndName) {
  const auto absent = InputFile::open("/nonexistent/file");
  ASSERT_FALSE(absent);
  EXPECT_EQ(absent.error().kind, InputErrorKind::Unreadable);
  EXPECT_EQ(absent.error().error, ENOENT);
  EXPECT_EQ(describe(absent.error()), "/nonexistent/file: No such file or directory");

  auto directory = InputFile::open("/tmp");
  ASSERT_TRUE(directory);
  const auto bytes = read_up_to(*directory, 10);
  ASSERT_FALSE(bytes);
  EXPECT_EQ(bytes.error().error, EISDIR);
}

}  // namespace
}  // namespace assay::load
