#include "assay/load/input.hpp"

#include <gtest/gtest.h>

#include <cerrno>

#include "load/scratch_file.hpp"

namespace assay::load {
namespace {

TEST(Input, ShowsWhatATerminalMustNotSee) {
  struct Row {
    std::string_view text;
    std::string_view shown;
  };
  const Row rows[] = {
      {"plain \"text\"", "plain \"text\""},
      {"\x1b[31m", "\\x1b[31m"},
      {"a\nb\tc", "a\\x0ab\\x09c"},
      {std::string_view("\0x", 2), "\\x00x"},
      {"\x7f", "\\x7f"},
      {"gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f"},
      {"\xe2\x82\xac", "\xe2\x82\xac"},
      {"\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80"},
      {"\xc2\x9b", "\\xc2\\x9b"},  // a control character in two bytes
      {"\xc0\xaf", "\\xc0\\xaf"},  // overlong
      {"\xe0\x80\xaf", "\\xe0\\x80\\xaf"},
      {"\xed\xa0\x80", "\\xed\\xa0\\x80"},  // a surrogate
      {"\xf5\x80\x80\x80", "\\xf5\\x80\\x80\\x80"},
      {"\xe2\x82", "\\xe2\\x82"},
  };
  for (const Row& row : rows) EXPECT_EQ(printable(row.text), row.shown);
  EXPECT_EQ(printable("abcdef", 3), "abc...");
  EXPECT_EQ(printable("abc", 3), "abc");
}

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
