#include "profile/yaml.hpp"

#include <gtest/gtest.h>

namespace assay::profile {
namespace {

// {a: [1, "x"]} as it was understood.
std::string shown(const JsonValue& value) {
  using Kind = JsonValue::Kind;
  std::string text;
  switch (value.kind) {
    case Kind::Null: return "null";
    case Kind::Boolean: return value.text;
    case Kind::Number: return value.text + (value.natural ? "" : "?");
    case Kind::Text: return "\"" + value.text + "\"";
    case Kind::Array:
      for (const JsonValue& item : value.items) text += (text.empty() ? "" : " ") + shown(item);
      return "[" + text + "]";
    case Kind::Object:
      for (const JsonMember& member : value.members)
        text += (text.empty() ? "" : " ") + member.key + ":" + shown(member.value);
      return "{" + text + "}";
  }
  return text;
}

std::string shown(std::string_view text) {
  const auto documents = parse_yaml(text);
  if (!documents) {
    return "error " + std::to_string(documents.error().place.line) + ":" +
           std::to_string(documents.error().place.column);
  }
  std::string all;
  for (const JsonValue& document : *documents) all += (all.empty() ? "" : "|") + shown(document);
  return all;
}

TEST(Yaml, ReadsBlocksFlowsAndScalars) {
  EXPECT_EQ(shown("a: 1\nb:\n  - x\n  - \"1\"\nc: {d: 0x10, e: [true, ~]}\n"),
            "{a:1 b:[\"x\" \"1\"] c:{d:0x10 e:[true null]}}");
  EXPECT_EQ(shown("- -5\n- 1.5e3\n- 5..9\n- .\n- ''\n- yes\n- 18446744073709551616\n"),
            "[-5? 1.5e3? \"5..9\" \".\" \"\" \"yes\" 18446744073709551616?]");
  EXPECT_EQ(shown("a:\n"), "{a:null}");
}

TEST(Yaml, DocumentsStandSideBySide) {
  EXPECT_EQ(shown("a: 1\n---\nb: 2\n---\n"), "{a:1}|{b:2}|null");
  EXPECT_EQ(shown(""), "");
}

TEST(Yaml, AliasesAreCopies) {
  EXPECT_EQ(shown("a: &x [1, 2]\nb: *x\n"), "{a:[1 2] b:[1 2]}");
  EXPECT_EQ(shown("a: *x\n"), "error 1:4");
  EXPECT_EQ(shown("a: &x 1\n---\nb: *x\n"), "error 3:4");
}

TEST(Yaml, SaysWhereItCannotBeRead) {
  EXPECT_EQ(shown("a: [1\nb: 2\n"), "error 2:2");
  EXPECT_EQ(shown("a: 1\n b: 2\n"), "error 2:3");
  EXPECT_EQ(shown("[a]: 1\n"), "error 1:1");
  EXPECT_FALSE(parse_yaml("a: \xff\n"));
}

TEST(Yaml, IsBounded) {
  EXPECT_FALSE(parse_yaml(std::string(profile_limit + 1, '#')));
  EXPECT_FALSE(parse_yaml(std::string(1000, '[') + std::string(1000, ']')));
  std::string laughs = "a0: &a0 [x, x]\n";
  for (int i = 1; i < 40; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    laughs += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before + ", " + before +
              "]\n";
  }
  const auto bomb = parse_yaml(laughs);
  ASSERT_FALSE(bomb);
  EXPECT_EQ(bomb.error().found, "more values");
  std::string documents;
  for (std::size_t i = 0; i <= yaml_documents; ++i) documents += "--- 1\n";
  EXPECT_FALSE(parse_yaml(documents));
}

TEST(Yaml, ValuesKnowTheirPlaces) {
  const auto documents = parse_yaml("a:\n  - b: 1\n    c: 22\n");
  ASSERT_TRUE(documents);
  const JsonValue& item = documents->front().members[0].value.items[0];
  EXPECT_EQ(item.members[1].place, (Place{0, 3, 5}));
  EXPECT_EQ(item.members[1].value.place, (Place{0, 3, 8}));
}

}  // namespace
}  // namespace assay::profile
