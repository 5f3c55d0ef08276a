#include "assay/profile/unit.hpp"

#include <gtest/gtest.h>

namespace assay::profile {
namespace {

constexpr std::array<std::string_view, 3> sections{"Unit", "Install", "Service"};

UnitFile parse(std::string_view text) { return parse_unit(text, sections); }

// "Section.Key=value" for each setting.
std::vector<std::string> settings_of(std::string_view text) {
  std::vector<std::string> result;
  for (const Setting& setting : parse(text).settings)
    result.push_back(setting.section + "." + setting.key + "=" + setting.value);
  return result;
}

using Expected = std::vector<std::string>;

TEST(Unit, LinesAreAssignmentsInSections) {
  EXPECT_EQ(settings_of("[Unit]\nA=1\n\n[Service]\n  B = two words \nC=\nD=x=y\n"),
            (Expected{"Unit.A=1", "Service.B=two words", "Service.C=", "Service.D=x=y"}));
}

TEST(Unit, CommentsStandOnTheirOwnAlsoWithinAContinuation) {
  EXPECT_EQ(
      settings_of("[Service]\n# no\n  ; no\nA=1 # yes\nB=x\\\n# not this\n  ; nor this\n  y\n"),
      (Expected{"Service.A=1 # yes", "Service.B=x   y"}));
}

TEST(Unit, AnOddNumberOfBackslashesContinuesALine) {
  EXPECT_EQ(settings_of("[Service]\nA=x\\\\\nB=y\\\\\\\nz\nC=1\\"),
            (Expected{"Service.A=x\\\\", "Service.B=y\\\\ z", "Service.C=1"}));
}

TEST(Unit, LinesEndInAnyOfThreeWays) {
  EXPECT_EQ(settings_of(std::string_view("[Service]\r\nA=1\rB=2\0C=3\n\rD=4", 27)),
            (Expected{"Service.A=1", "Service.B=2", "Service.C=3", "Service.D=4"}));
  EXPECT_EQ(settings_of("\xef\xbb\xbf[Service]\nA=1\n"), Expected{"Service.A=1"});
}

TEST(Unit, WhatSystemdPassesOverIsAFinding) {
  const UnitFile unit = parse(
      "early=1\n[Service]\nnothing\n=value\n[Nonsense]\nA=1\n[X-Mine]\nB=1\n[Service]\nC=1\n");
  ASSERT_EQ(unit.settings.size(), 1U);
  EXPECT_EQ(unit.settings[0].key, "C");
  std::vector<std::uint32_t> lines;
  for (const Finding& finding : unit.findings) {
    EXPECT_EQ(finding.kind, FindingKind::Ignored);
    lines.push_back(finding.place.line);
  }
  EXPECT_EQ(lines, (std::vector<std::uint32_t>{1, 3, 4, 5}));
}

TEST(Unit, ReadingStopsWhereSystemdRefusesTheFile) {
  struct Row {
    std::string text;
    std::uint32_t line;
  };
  const Row rows[] = {
      {"[Service]\nA=1\n[Service\nB=1\n", 3},
      {"[Service]\nA=1\n[Ser\"vice]\nB=1\n", 3},
      {"[Service]\nA=1\nB=\xff\nC=1\n", 3},
      {"[Service]\nA=1\nB=" + std::string(unit_line_limit, 'x') + "\n", 3},
      {"[Service]\nA=1\nB=1\\\n" + std::string(unit_line_limit, 'x') + "\n", 4},
  };
  for (const Row& row : rows) {
    const UnitFile unit = parse(row.text);
    ASSERT_TRUE(unit.stopped) << row.text.substr(0, 40);
    EXPECT_EQ(unit.stopped->place.line, row.line) << row.text.substr(0, 40);
    EXPECT_EQ(unit.settings.size(), 1U);
  }
  const UnitFile large = parse(std::string(profile_limit + 1, '\n'));
  EXPECT_TRUE(large.stopped);
}

TEST(Unit, EveryByteOfAValueHasAPlace) {
  const UnitFile unit = parse("[Service]\n  Key = one two\\\n   three \\\n# c\nfour\n");
  ASSERT_EQ(unit.settings.size(), 1U);
  const Setting& setting = unit.settings[0];
  EXPECT_EQ(setting.place, (Place{0, 2, 3}));
  const auto place_of = [&](std::string_view word) {
    return setting.place_of(setting.value.find(word));
  };
  EXPECT_EQ(place_of("one"), (Place{0, 2, 9}));
  EXPECT_EQ(place_of("two"), (Place{0, 2, 13}));
  EXPECT_EQ(place_of("three"), (Place{0, 3, 4}));
  EXPECT_EQ(place_of("four"), (Place{0, 5, 1}));
}

TEST(Unit, TextOfSettingsReadsBackAsThem) {
  const UnitFile unit =
      parse("[Unit]\nA=1\n[Service]\nB=x\\\\\nC=\nB=y \\\n z\nE=\\ \\\n\n[Unit]\nD=[x]\n");
  EXPECT_EQ(unit.settings[4].value, "\\");
  std::vector<Setting> again = parse(to_text(unit.settings)).settings;
  ASSERT_EQ(again.size(), unit.settings.size());
  for (std::size_t i = 0; i < again.size(); ++i) {
    EXPECT_EQ(again[i].section, unit.settings[i].section);
    EXPECT_EQ(again[i].key, unit.settings[i].key);
    EXPECT_EQ(again[i].value, unit.settings[i].value);
  }
}

std::vector<std::string> words_of(std::string_view value, bool quotes) {
  std::vector<std::string> result;
  const Words words = split_words(value, quotes);
  for (const Word& word : words.words) result.push_back(word.text);
  if (words.broken) result.emplace_back("...");
  return result;
}

TEST(Unit, WordsStandBetweenBlanks) {
  EXPECT_EQ(words_of("  a\tb  c ", false), (Expected{"a", "b", "c"}));
  EXPECT_EQ(words_of("re\\ad a\\ b \\\\", false), (Expected{"read", "a b", "\\"}));
  EXPECT_EQ(words_of("a b\\", false), (Expected{"a", "..."}));
  EXPECT_EQ(words_of("\"a b\" 'c'", false), (Expected{"\"a", "b\"", "'c'"}));
  EXPECT_EQ(words_of("\"a b\" 'c'd", true), (Expected{"a b", "cd"}));
  EXPECT_EQ(words_of("a 'b c", true), (Expected{"a", "..."}));
  EXPECT_EQ(words_of("", true), Expected{});
  EXPECT_EQ(split_words(" ab  cd").words[1].offset, 5U);
}

TEST(Unit, BooleansAreThoseOfSystemd) {
  for (const char* word : {"1", "yes", "Y", "TRUE", "t", "on"})
    EXPECT_EQ(parse_unit_boolean(word), true) << word;
  for (const char* word : {"0", "no", "N", "false", "F", "Off"})
    EXPECT_EQ(parse_unit_boolean(word), false) << word;
  for (const char* word : {"", "maybe", "2", "yess"})
    EXPECT_EQ(parse_unit_boolean(word), std::nullopt) << word;
}

}  // namespace
}  // namespace assay::profile
