#include "assay/bpf/disassemble.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

#include "assay/bpf/assemble.hpp"

namespace assay::bpf {
namespace {

using Program = std::vector<Instruction>;

// Whether the text reads back; the text itself in the message when not.
testing::AssertionResult round_trips(const Program& program) {
  const std::string text = disassemble(program);
  const Decoded back = assemble(text);
  if (back == program) return testing::AssertionSuccess();
  if (!back) return testing::AssertionFailure() << to_string(back.error()) << '\n' << text;
  return testing::AssertionFailure() << "other instructions come back from\n" << text;
}

// Every code there is, with this in its fields, as a program of one instruction and all in
// one (where jumps stay inside).
void all_codes_round_trip(std::uint8_t jt, std::uint8_t jf, std::uint32_t k) {
  Program all;
  for (std::uint32_t code = 0; code <= 0xffff; ++code) {
    const Instruction insn{static_cast<std::uint16_t>(code), jt, jf, k};
    ASSERT_TRUE(round_trips({insn}));
    if (code < 0xffff) all.push_back(insn);
  }
  ASSERT_TRUE(round_trips(all));
}

TEST(RoundTrip, AllCodesWithEmptyFields) { all_codes_round_trip(0, 0, 0); }
TEST(RoundTrip, AllCodesWithSmallFields) { all_codes_round_trip(1, 2, 3); }
TEST(RoundTrip, AllCodesWithJtAlone) { all_codes_round_trip(200, 0, 1024); }
TEST(RoundTrip, AllCodesWithJfAlone) { all_codes_round_trip(0, 7, 0xfffff024); }
TEST(RoundTrip, AllCodesWithFullFields) { all_codes_round_trip(255, 255, 0xffffffff); }
TEST(RoundTrip, AllCodesWithTheSignBit) { all_codes_round_trip(128, 127, 0x80000000); }

Instruction random_instruction(std::mt19937_64& random) {
  const auto below = [&](std::uint64_t limit) { return random() % limit; };
  Instruction insn;
  // Mostly codes with a row, since the others all look alike.
  insn.code =
      below(8) == 0 ? static_cast<std::uint16_t>(random()) : opcodes[below(opcodes.size())].code;
  if (below(2) == 0) insn.jt = static_cast<std::uint8_t>(below(4) == 0 ? random() : below(8));
  if (below(2) == 0) insn.jf = static_cast<std::uint8_t>(below(4) == 0 ? random() : below(8));
  switch (below(4)) {
    case 0: insn.k = static_cast<std::uint32_t>(random()); break;
    case 1: insn.k = static_cast<std::uint32_t>(below(64)); break;
    case 2: insn.k = static_cast<std::uint32_t>(0 - below(64)); break;
    default: insn.k = static_cast<std::uint32_t>(below(2000)); break;
  }
  return insn;
}

TEST(RoundTrip, RandomPrograms) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 100000; ++i) {
    Program program(1 + random() % 12);
    std::generate(program.begin(), program.end(), [&] { return random_instruction(random); });
    ASSERT_TRUE(round_trips(program)) << "program " << i;
  }
}

TEST(RoundTrip, LongRandomPrograms) {
  std::mt19937_64 random(2);
  for (const std::size_t length : {255U, 256U, 257U, 300U, 4096U, 4097U, 65535U}) {
    Program program(length);
    std::generate(program.begin(), program.end(), [&] { return random_instruction(random); });
    ASSERT_TRUE(round_trips(program)) << length;
  }
}

TEST(Disassemble, NothingGivesNothing) { EXPECT_EQ(disassemble({}), ""); }

TEST(Disassemble, Forms) {
  const Program program{{0x20, 0, 0, 4},  {0x15, 0, 2, 0xc000003e}, {0x25, 1, 0, 5},
                        {0x35, 1, 2, 6},  {0x45, 0, 1, 7},          {0x06, 0, 0, 0x7fff0000},
                        {0x16, 9, 0, 1},  {0x07, 0, 0, 0},          {0xb1, 0, 0, 14},
                        {0x48, 0, 0, 2},  {0x80, 0, 0, 0},          {0x02, 0, 0, 3},
                        {0x5c, 0, 0, 0},  {0x84, 0, 0, 0},          {0x106, 3, 4, 16},
                        {0x05, 0, 0, 99}, {0x15, 0, 0, 1}};
  EXPECT_EQ(disassemble(program),
            "        ld [4]\n"
            "        jne #0xc000003e, L4\n"
            "        jgt #5, L4\n"
            "        jge #6, L5, L6\n"
            "L4:     jset #7, L5, L6\n"
            "L5:     ret #0x7fff0000\n"
            "L6:     ret a !jt=9 k=0x1\n"
            "        tax\n"
            "        ldx 4*([14]&0xf)\n"
            "        ldh [x + 2]\n"
            "        ld len\n"
            "        st M[3]\n"
            "        and x\n"
            "        neg\n"
            "        .insn 0x0106, 3, 4, 0x10\n"
            "        ja +99\n"
            "        jeq #1, +0\n");
  EXPECT_EQ(disassemble_one(program, 3), "jge #6, L5, L6");
}

class Chatty : public Annotator {
 public:
  std::string symbol(std::size_t, const Instruction& insn, const Opcode&) const override {
    return insn.k == 7 ? "SEVEN" : "";
  }
  std::string comment(std::size_t pc, const Instruction&) const override {
    return pc == 0 ? "two\nlines" : "";
  }
};

TEST(Disassemble, AnnotatorNamesAndComments) {
  const Program program{{0x20, 0, 0, 7}, {0x06, 0, 0, 7}, {0x06, 0, 0, 8}};
  EXPECT_EQ(disassemble(program, Chatty{}),
            "        ld [SEVEN]                              ; two lines\n"
            "        ret #SEVEN\n"
            "        ret #8\n");
}

}  // namespace
}  // namespace assay::bpf
