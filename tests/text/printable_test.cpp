#include "assay/text/printable.hpp"

#include <gtest/gtest.h>

namespace assay::text {
namespace {

TEST(Printable, ShowsWhatATerminalMustNotSee) {
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

TEST(Printable, Utf8IsWhatEncodesOneCharacterInOneWay) {
  for (const std::string_view text :
       {"", "plain\n", "gr\xc3\xbc\xc3\x9f", "\xf4\x8f\xbf\xbf", "\xc2\x9b"})
    EXPECT_TRUE(is_utf8(text)) << text;
  for (const std::string_view text :
       {"\xff", "a\xc3", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80"})
    EXPECT_FALSE(is_utf8(text)) << printable(text);
}

}  // namespace
}  // namespace assay::text
