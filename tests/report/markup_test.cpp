#include "report/markup.hpp"

#include <gtest/gtest.h>

namespace assay::report {
namespace {

TEST(Markup, EscapesWhatHtmlReads) {
  EXPECT_EQ(escaped("a<b>&\"'"), "a&lt;b&gt;&amp;&quot;&#39;");
  EXPECT_EQ(escaped("plain text\n\t\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80"),
            "plain text\n\t\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80");
}

TEST(Markup, ReplacesWhatIsNoTextOrCannotBeSeen) {
  const std::string replaced = "\xef\xbf\xbd";
  for (const std::string_view bad : {"\x1b", "\x7f", "\xff", "\x80", "\xc0", "\xe2\x82"}) {
    const std::string text = escaped(bad);
    EXPECT_EQ(text.size() % 3, 0U);
    EXPECT_EQ(text.substr(0, 3), replaced) << testing::PrintToString(bad);
  }
  EXPECT_EQ(escaped(std::string_view("\0", 1)), replaced);
  EXPECT_EQ(escaped("\xc2\x9b"), replaced + replaced) << "C1 control";
  EXPECT_EQ(escaped("\xed\xa0\x80"), replaced + replaced + replaced) << "surrogate";
  EXPECT_EQ(escaped("\xe2\x80\xae"), replaced + replaced + replaced) << "right-to-left override";
  EXPECT_EQ(escaped("\xc0\xaf"), replaced + replaced) << "overlong";
  EXPECT_EQ(escaped("\xf4\x90\x80\x80"), replaced + replaced + replaced + replaced);
}

TEST(Markup, CutsAtTheLimit) {
  EXPECT_EQ(escaped("abcdef", 3), "abc\xe2\x80\xa6");
  EXPECT_EQ(escaped("abc", 3), "abc");
}

TEST(Markup, ShortensToCharacters) {
  EXPECT_EQ(shortened("abcdef", 6), "abcdef");
  EXPECT_EQ(shortened("abcdef", 4), "abc\xe2\x80\xa6");
  EXPECT_EQ(shortened("\xc3\xa9\xc3\xa9\xc3\xa9", 3), "\xc3\xa9\xc3\xa9\xc3\xa9");
  EXPECT_EQ(shortened("\xc3\xa9\xc3\xa9\xc3\xa9", 2), "\xc3\xa9\xe2\x80\xa6");
}

TEST(Markup, WritesLengthsToATenth) {
  EXPECT_EQ(pixels(12), "12");
  EXPECT_EQ(pixels(12.25), "12.3");
  EXPECT_EQ(pixels(-0.01), "0");
}

}  // namespace
}  // namespace assay::report
