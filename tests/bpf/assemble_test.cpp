#include "assay/bpf/assemble.hpp"

#include <gtest/gtest.h>

#include <string>

#include "assay/bpf/disassemble.hpp"
#include "assembly_rows.hpp"

namespace assay::bpf {
namespace {

class Assemble : public testing::TestWithParam<test::Case> {};

TEST_P(Assemble, AsTheRowSays) {
  EXPECT_EQ(test::shown(assemble(GetParam().body), GetParam()), test::expected_lines(GetParam()));
}

INSTANTIATE_TEST_SUITE_P(Rows, Assemble, testing::ValuesIn(test::cases("assembly/plain")),
                         [](const auto& row) { return test::test_name(row.param); });

constexpr Instruction ja(std::uint32_t k) { return {0x05, 0, 0, k}; }
constexpr Instruction ret(std::uint32_t k) { return {0x06, 0, 0, k}; }

std::string lines(std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += "ld [0]\n";
  return text;
}

// What a program does: the RET reached with A = 0 throughout, by the path of its branches.
std::uint32_t outcome(const std::vector<Instruction>& program, std::uint32_t a) {
  for (std::size_t pc = 0; pc < program.size(); ++pc) {
    const Instruction& insn = program[pc];
    if (insn.code == 0x06) return insn.k;
    if (insn.code == 0x05) pc += insn.k;
    if (insn.code == 0x15) pc += a == insn.k ? insn.jt : insn.jf;
  }
  return 0xdead;
}

// A branch to both labels with so much in between them.
std::string two_targets(std::size_t before_first, std::size_t before_second) {
  return "jeq #7, first, second\n" + lines(before_first) + "first: ret #1\n" +
         lines(before_second) + "second: ret #2\n";
}

TEST(FarBranch, BringsJumpsThatStandOnItsLine) {
  Lines found;
  const auto program = assemble(two_targets(255, 255), default_limit, &found);
  ASSERT_TRUE(program);
  ASSERT_EQ(found.size(), program->size());
  EXPECT_EQ(found[0], 1U);  // the branch, and its two jumps
  EXPECT_EQ(found[1], 1U);
  EXPECT_EQ(found[2], 1U);
  EXPECT_EQ(found[3], 2U);
  EXPECT_EQ(found.back(), 1U + 255U + 1U + 255U + 1U);
}

TEST(FarBranch, IsRewrittenOnlyWhenNeeded) {
  for (const std::size_t first : {0U, 253U, 254U, 255U, 256U, 300U}) {
    for (const std::size_t second : {0U, 1U, 253U, 254U, 255U, 256U, 400U}) {
      const auto program = assemble(two_targets(first, second));
      ASSERT_TRUE(program);
      EXPECT_EQ(outcome(*program, 7), 1U) << first << ' ' << second;
      EXPECT_EQ(outcome(*program, 8), 2U) << first << ' ' << second;
      const std::size_t plain = first + second + 3;
      const bool far_first = first > 255 || (first == 255 && first + 1 + second > 255);
      const bool far_second = first + 1 + second > 255;
      EXPECT_EQ(program->size(), plain + far_first + far_second) << first << ' ' << second;
    }
  }
}

TEST(FarBranch, ReadsBackAsItIs) {
  const auto program = assemble(two_targets(300, 300));
  ASSERT_TRUE(program);
  EXPECT_EQ((*program)[0], (Instruction{0x15, 0, 1, 7}));
  EXPECT_EQ((*program)[1], ja(301));
  EXPECT_EQ((*program)[2], ja(601));
  EXPECT_EQ(assemble(disassemble(*program)), program);
}

TEST(FarBranch, MakesOthersFarAndStaysRight) {
  // Each branch fits by itself and not when the ones behind it have grown.
  std::string text;
  for (int i = 0; i < 200; ++i) text += "jeq #" + std::to_string(i) + ", hit\n";
  text += "ret #0\n" + lines(200) + "hit: ret #1\n";
  const auto program = assemble(text);
  ASSERT_TRUE(program);
  for (const std::uint32_t a : {0U, 1U, 100U, 144U, 145U, 199U})
    EXPECT_EQ(outcome(*program, a), 1U) << a;
  EXPECT_EQ(outcome(*program, 200), 0U);
}

TEST(FarBranch, WorksOverALongProgram) {
  std::string text;
  for (int i = 0; i < 3000; ++i) text += "jeq #" + std::to_string(i) + ", hit, +0\n";
  text += "ret #0\nhit: ret #1\n";
  const auto program = assemble(text);
  ASSERT_TRUE(program);
  for (const std::uint32_t a : {0U, 1500U, 2742U, 2999U}) EXPECT_EQ(outcome(*program, a), 1U);
  EXPECT_EQ(outcome(*program, 3000), 0U);
  EXPECT_EQ(assemble(disassemble(*program)), program);
}

TEST(FarBranch, ATargetPastTheEndStaysAsFarPastIt) {
  const std::string rest = "jeq #1, far\n" + lines(256) + "far: ret #1\n";
  const auto program = assemble("ja +1000\n" + rest);
  ASSERT_TRUE(program);
  EXPECT_EQ(program->size(), 260U);
  EXPECT_EQ((*program)[0], ja(1001));
  EXPECT_EQ(assemble("ja +1000\nld [0]\n")->front(), ja(1000));
}

TEST(AssembleLimit, CountsInstructions) {
  EXPECT_TRUE(assemble("ret #0\nret #1\n", 2));
  const auto error = assemble("ret #0\nret #1\nret #2\n", 2).error();
  EXPECT_EQ(error.kind, DecodeErrorKind::TooMany);
  EXPECT_EQ(error.line, 3U);
}

TEST(AssembleLimit, CountsLabels) {
  const auto error = assemble("a: b: c: d: e: ret #0\n", 2).error();
  EXPECT_EQ(error.kind, DecodeErrorKind::TooMany);
  EXPECT_EQ(error.column, 10U);
}

TEST(AssembleText, HashInTheFirstColumnIsAComment) {
  EXPECT_EQ(assemble("# a comment\nret #5\n"), (std::vector<Instruction>{ret(5)}));
}

TEST(AssembleText, NothingIsAnError) {
  for (const std::string_view nothing : {"", "\n\n", "; only a comment", "/* and another */"})
    EXPECT_EQ(assemble(nothing).error().kind, DecodeErrorKind::Empty) << nothing;
}

TEST(AssembleText, BytesThatAreNoTextAreLocated) {
  const auto nul = assemble(std::string_view("ret #0\n\0", 8)).error();
  EXPECT_EQ(to_string(nul), "line 2, column 1: found a NUL byte, expected text");
  const auto utf8 = assemble("ret #0 ; \xc3\x28").error();
  EXPECT_EQ(to_string(utf8), "line 1, column 10: found byte '\\xc3', expected UTF-8");
  EXPECT_TRUE(assemble("\xef\xbb\xbfret #0 ; \xe2\x82\xac"));
}

TEST(AssembleText, HostileSizesTakeLinearTime) {
  // Each of these takes hours when something is quadratic.
  constexpr std::size_t big = 4U << 20;
  EXPECT_FALSE(assemble(std::string(big, '9')));
  EXPECT_FALSE(assemble(std::string("ret #").append(big, '9')));
  EXPECT_FALSE(assemble(std::string(big, 'a')));
  EXPECT_FALSE(assemble(std::string("ret #").append(big, 'a')));
  EXPECT_FALSE(assemble(std::string("ja ").append(big, 'a')));
  EXPECT_FALSE(assemble(std::string("ld [").append(big, '(')));
  EXPECT_FALSE(assemble(std::string(big, '\n') + "x"));
  EXPECT_FALSE(assemble(std::string(big, '/')));
  std::string comments;
  for (std::size_t i = 0; i < big / 4; ++i) comments += "/**/";
  EXPECT_TRUE(assemble(comments + "tax" + comments + "!" + comments + "jt=1" + comments));
  std::string jumps;
  for (int i = 0; i < 60000; ++i) jumps += "jeq #1, l" + std::to_string(59999 - i) + ", end\n";
  jumps += "ret #1\n";
  for (int i = 0; i < 60000; ++i) jumps.append("l").append(std::to_string(i)).append(":");
  EXPECT_EQ(assemble(jumps + "end: ret #0\n").error().kind, DecodeErrorKind::TooMany);
  EXPECT_TRUE(assemble(jumps + "end: ret #0\n", 200000));
}

}  // namespace
}  // namespace assay::bpf
