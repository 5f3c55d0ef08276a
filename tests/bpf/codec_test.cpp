#include "assay/bpf/codec.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "assay/bpf/lines.hpp"

namespace assay::bpf {
namespace {

using namespace std::string_literals;
using Program = std::vector<Instruction>;

constexpr Format formats[] = {Format::Raw,     Format::RawBe, Format::Text,
                              Format::Decimal, Format::Hex,   Format::C};

const Program sample{{0x20, 0, 0, 4}, {0x15, 1, 2, 0xc000003e}, {0x06, 0, 0, 0x7fff0000}};

Decoded read(const std::string& bytes, Format format, std::size_t limit = default_limit) {
  return decode(bytes_of(bytes), format, limit);
}

std::string error_of(const std::string& bytes, Format format, std::size_t limit = default_limit) {
  const Decoded decoded = read(bytes, format, limit);
  return decoded ? "decoded"
                 : std::string(name(decoded.error().kind)) + ", " + to_string(decoded.error());
}

TEST(Codec, EveryFormatGivesTheSameInstructionsBack) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 2000; ++i) {
    Program program(1 + random() % 5);
    for (Instruction& insn : program)
      insn = {static_cast<std::uint16_t>(random()), static_cast<std::uint8_t>(random()),
              static_cast<std::uint8_t>(random()), static_cast<std::uint32_t>(random())};
    for (const Format format : formats)
      ASSERT_EQ(read(encode(program, format), format), program) << static_cast<int>(format);
  }
}

TEST(Codec, WhatEachFormatLooksLike) {
  EXPECT_EQ(encode({sample.data(), 2}, Format::Raw),
            "\x20\0\0\0\x04\0\0\0\x15\0\x01\x02\x3e\0\0\xc0"s);
  EXPECT_EQ(encode({sample.data(), 2}, Format::RawBe),
            "\0\x20\0\0\0\0\0\x04\0\x15\x01\x02\xc0\0\0\x3e"s);
  EXPECT_EQ(encode(sample, Format::Decimal), "3\n32 0 0 4\n21 1 2 3221225534\n6 0 0 2147418112\n");
  EXPECT_EQ(encode(sample, Format::Hex), "2000000004000000\n150001023e0000c0\n060000000000ff7f\n");
  EXPECT_EQ(encode(sample, Format::C),
            "{ 0x20, 0, 0, 0x00000004 },\n{ 0x15, 1, 2, 0xc000003e },\n"
            "{ 0x06, 0, 0, 0x7fff0000 },\n");
}

TEST(Codec, LinesAreThoseOnWhichInstructionsBegin) {
  const auto lines_of = [](const std::string& text, Format format) {
    Lines lines{99};
    EXPECT_TRUE(decode(bytes_of(text), format, default_limit, &lines)) << text;
    return lines;
  };
  EXPECT_EQ(
      lines_of("; first\nld [4]\n\njeq #1, yes,\n  no\nyes:\n ret #1\nno: ret #0", Format::Text),
      (Lines{2, 4, 7, 8}));
  EXPECT_EQ(lines_of("3\n32 0 0 4\n\n21 1 2 1\n6 0 0 0\n", Format::Decimal), (Lines{2, 4, 5}));
  EXPECT_EQ(lines_of("2,32 0 0 4,6 0 0 0\n", Format::Decimal), (Lines{1, 1}));
  EXPECT_EQ(lines_of("20000000 04000000\n0600\n0000 00000000 06 00000000000000", Format::Hex),
            (Lines{1, 2, 3}));
  EXPECT_EQ(lines_of("/* a\nb */ { 0x20,\n 0, 0, 4 }, BPF_STMT(6, 0),\nBPF_STMT(6,\n1)", Format::C),
            (Lines{2, 3, 4}));
  EXPECT_EQ(lines_of(encode(sample, Format::Raw), Format::Raw), Lines{});
}

struct Spelling {
  Format format;
  std::string text;
};

TEST(Codec, ManySpellingsOfOneProgram) {
  const Spelling spellings[] = {
      {Format::Decimal, "3,32 0 0 4,21 1 2 3221225534,6 0 0 2147418112,\n"},
      {Format::Decimal, "3,32 0 0 4,21 1 2 3221225534,6 0 0 2147418112"},
      {Format::Decimal, "\n3\r\n32\t0 0 4\r\n21 1 2 3221225534\r\n\r\n06 000 0 2147418112"},
      {Format::Hex, "20 00 00 00 04 00 00 00 15 00 01 02 3E 00 00 C0 06 00 00 00 00 00 ff 7f"},
      {Format::Hex, "0x20,0x00,0x00,0x00,0x04000000\n0x150001023e0000c0 060000000000ff7f"},
      {Format::Hex,
       "\\x20\\x00\\x00\\x00\\x04\\x00\\x00\\x00\\x15\\x00\\x01\\x02\\x3e\\x00\\x00"
       "\\xc0\\x06\\x00\\x00\\x00\\x00\\x00\\xff\\x7f"},
      {Format::C, "{0x20,0,0,4},{21,1,2,0xC000003EU},{6,0,0,2147418112ul}"},
      {Format::C,
       "/* a filter */\nBPF_STMT(BPF_LD | BPF_W | BPF_ABS, 4), // arch\n"
       "BPF_JUMP(BPF_JMP+BPF_JEQ+BPF_K, 0xc000003e, 1, 2),\nBPF_STMT ( BPF_RET|BPF_K, "
       "0x7fff0000 )\n"},
      {Format::C,
       "static const struct sock_filter filter[] = {\n  { .code = BPF_LD | BPF_ABS, .k = 4 },\n"
       "  { 0x15, 1, 2, .k = 0xc000003e },\n  { BPF_RET, 0, 0, 0x7fff0000 },\n};\n"},
      {Format::C,
       "{ { 0x20, 0, 0, 4 }, BPF_JUMP(0x15, 0xc000003e, 1, 2), { 6, .k = 0x7fff0000 } }"},
      {Format::Text, "ld [4]\njeq #0xc000003e, +1, +2\nret #0x7fff0000\n"},
  };
  for (const Spelling& spelling : spellings) {
    EXPECT_EQ(read(spelling.text, spelling.format), sample)
        << spelling.text << error_of(spelling.text, spelling.format);
    EXPECT_EQ(detect(bytes_of(spelling.text)), spelling.format) << spelling.text;
  }
}

TEST(Codec, AFilterThatIsTooLongForLinuxDecodes) {
  const Program program(5000, sample[2]);
  for (const Format format : formats) EXPECT_EQ(read(encode(program, format), format), program);
}

TEST(CodecErrors, Raw) {
  EXPECT_EQ(error_of("", Format::Raw),
            "empty, byte 0: found nothing, expected at least one instruction");
  EXPECT_EQ(error_of(std::string(15, 'a'), Format::Raw),
            "incomplete, byte 8: found 7 bytes at the end, expected instructions of 8 bytes");
  EXPECT_EQ(error_of("a", Format::RawBe),
            "incomplete, byte 0: found 1 byte at the end, expected instructions of 8 bytes");
  EXPECT_EQ(error_of(std::string(24, 'a'), Format::Raw, 2),
            "too-many, byte 16: found 3 instructions, expected at most 2 instructions");
  EXPECT_EQ(error_of(std::string(8 * 65536, '\0'), Format::Raw),
            "too-many, byte 524280: found 65536 instructions, expected at most 65535 "
            "instructions");
  EXPECT_TRUE(read(std::string(8 * 65535, '\0'), Format::Raw));
}

TEST(CodecErrors, Decimal) {
  EXPECT_EQ(error_of("", Format::Decimal),
            "empty, line 1, column 1: found nothing, expected at least one instruction");
  EXPECT_EQ(error_of("0\n", Format::Decimal),
            "empty, line 1, column 1: found '0', expected at least one instruction");
  EXPECT_EQ(error_of("2\n6 0 0 0\n", Format::Decimal),
            "count, line 3, column 1: found the end after 1 instructions, expected 2 "
            "instructions, as the count says");
  EXPECT_EQ(error_of("1\n6 0 0 0\n6 0 0 1\n", Format::Decimal),
            "count, line 3, column 1: found one more instruction, expected 1 instructions, as "
            "the count says");
  EXPECT_EQ(error_of("1\n6 0 256 0\n", Format::Decimal),
            "range, line 2, column 5: found '256', expected jf up to 255");
  EXPECT_EQ(error_of("1\n65536 0 0 0\n", Format::Decimal),
            "range, line 2, column 1: found '65536', expected a code up to 65535");
  EXPECT_EQ(error_of("1\n6 0 0 4294967296\n", Format::Decimal),
            "range, line 2, column 7: found '4294967296', expected k up to 4294967295");
  EXPECT_EQ(error_of("1\n6 0 0\n", Format::Decimal),
            "syntax, line 2, column 6: found the end of the line, expected k");
  EXPECT_EQ(error_of("1\n6 0 0 0x5\n", Format::Decimal),
            "syntax, line 2, column 7: found '0x5', expected k");
  EXPECT_EQ(error_of("1\n6 0 0 0 0\n", Format::Decimal),
            "syntax, line 2, column 9: found '0', expected a comma or the end of the line");
  EXPECT_EQ(error_of("3\n", Format::Decimal, 2),
            "too-many, line 1, column 1: found 3 instructions, expected at most 2 instructions");
  EXPECT_EQ(error_of("1\n6 0 0 \0"s, Format::Decimal),
            "encoding, line 2, column 7: found a NUL byte, expected text");
}

TEST(CodecErrors, Hex) {
  EXPECT_EQ(error_of(" \n", Format::Hex),
            "empty, line 2, column 1: found nothing, expected at least one instruction");
  EXPECT_EQ(error_of("0600000000000000\n0600", Format::Hex),
            "incomplete, line 2, column 1: found 2 bytes at the end, expected instructions of 8 "
            "bytes");
  EXPECT_EQ(error_of("060", Format::Hex),
            "syntax, line 1, column 4: found the end of the input, expected the second hex "
            "digit of a byte");
  EXPECT_EQ(error_of("06 0g", Format::Hex),
            "syntax, line 1, column 5: found 'g', expected the second hex digit of a byte");
  EXPECT_EQ(error_of("06-00", Format::Hex),
            "syntax, line 1, column 3: found '-', expected a hex digit");
  EXPECT_EQ(error_of("0600000000000000 06", Format::Hex, 1),
            "too-many, line 1, column 18: found one more instruction, expected at most 1 "
            "instructions");
}

TEST(CodecErrors, C) {
  EXPECT_EQ(error_of("/* nothing */", Format::C),
            "empty, line 1, column 14: found nothing, expected at least one instruction");
  EXPECT_EQ(error_of("struct sock_filter f[] = { };", Format::C),
            "empty, line 1, column 30: found no instruction, expected at least one instruction");
  EXPECT_EQ(error_of("{ 0x20, 0, 0, 4, 5 }", Format::C),
            "syntax, line 1, column 18: found '5', expected '}' after four fields");
  EXPECT_EQ(error_of("{ 0x20, 0, 300, 4 }", Format::C),
            "range, line 1, column 12: found '300', expected jf up to 255");
  EXPECT_EQ(error_of("{ 0xffff + 1, 0, 0, 4 }", Format::C),
            "range, line 1, column 3: found '0xffff + 1', expected code up to 65535");
  EXPECT_EQ(error_of("{ BPF_LDQ, 0, 0, 4 }", Format::C),
            "unknown-symbol, line 1, column 3: found 'BPF_LDQ', expected a number or a name "
            "such as BPF_LD");
  EXPECT_EQ(error_of("BPF_STMT(6)", Format::C),
            "syntax, line 1, column 11: found ')', expected ','");
  EXPECT_EQ(error_of("{ 6, 0, 0, 0 }\n{ 6, 0, 0, 0 }", Format::C),
            "syntax, line 1, column 15: found the end of the line, expected ',' after an "
            "instruction");
  EXPECT_EQ(error_of("{ 6, 0, 0, 0 }, ;", Format::C),
            "syntax, line 1, column 17: found ';', expected '{', BPF_STMT or BPF_JUMP");
  EXPECT_EQ(error_of("{ 6, 0, 0, 0", Format::C),
            "syntax, line 1, column 13: found the end of the input, expected '}' after four "
            "fields");
  EXPECT_EQ(error_of("{6,0,0,0},{6,0,0,0}", Format::C, 1),
            "too-many, line 1, column 11: found one more instruction, expected at most 1 "
            "instructions");
}

TEST(Detect, RawWhateverTheBytes) {
  EXPECT_EQ(detect(bytes_of(encode(sample, Format::Raw))), Format::Raw);
  EXPECT_EQ(detect({}), Format::Raw);
  EXPECT_EQ(detect(bytes_of("\xff\xfe\x01"s)), Format::Raw);
  EXPECT_EQ(detect(bytes_of("abcdefg\0"s)), Format::Raw);
  EXPECT_EQ(detect(bytes_of(std::string(64, '\0'))), Format::Raw);
  // Unknown in both orders.
  EXPECT_EQ(detect(bytes_of("\x01\x06\0\0\0\0\0\0"s)), Format::Raw);
}

TEST(Detect, BigEndian) {
  EXPECT_EQ(detect(bytes_of(encode(sample, Format::RawBe))), Format::RawBe);
  Program odd = sample;
  odd[0].code = 0x106;
  EXPECT_EQ(detect(bytes_of(encode(odd, Format::RawBe))), Format::Raw);
  EXPECT_EQ(detect(bytes_of(encode({sample.data(), 2}, Format::RawBe))), Format::Raw);
}

TEST(Detect, EveryFormatThatEncodeWrites) {
  for (const Format format : formats)
    EXPECT_EQ(detect(bytes_of(encode(sample, format))), format) << static_cast<int>(format);
}

TEST(Detect, OddOnes) {
  EXPECT_EQ(detect(bytes_of("{ \"defaultAction\": 1 }")), Format::Text);
  EXPECT_EQ(detect(bytes_of("6\n40 0 0 12\n")), Format::Decimal);  // cut short
  EXPECT_EQ(detect(bytes_of("06000000 00000000")), Format::Hex);
  EXPECT_EQ(detect(bytes_of("add x")), Format::Text);
  EXPECT_EQ(detect(bytes_of("   ")), Format::Hex);
}

TEST(Detect, NeverFails) {
  std::mt19937_64 random(3);
  constexpr std::string_view alphabet = "0123456789abcdefx,{}[]#;/*\n BPF_\\\xc3\xa9\0";
  for (int i = 0; i < 20000; ++i) {
    std::string bytes(random() % 40, ' ');
    for (char& c : bytes) c = alphabet[random() % alphabet.size()];
    const Format format = detect(bytes_of(bytes));
    const Decoded decoded = read(bytes, format);
    if (decoded) {
      ASSERT_EQ(read(encode(*decoded, format), format), decoded);
    } else {
      ASSERT_LE(decoded.error().offset, bytes.size());
      ASSERT_FALSE(to_string(decoded.error()).empty());
    }
  }
}

TEST(CodecErrors, HostileSizesTakeLinearTime) {
  constexpr std::size_t big = 4U << 20;
  EXPECT_FALSE(read(std::string(big, '9'), Format::Decimal));
  EXPECT_FALSE(read(std::string(big, '0'), Format::Decimal));
  EXPECT_FALSE(read(std::string(big, ' '), Format::Hex));
  EXPECT_FALSE(read(std::string(big, '0'), Format::Hex, 1000));
  EXPECT_FALSE(read(std::string(big, '{'), Format::C));
  EXPECT_FALSE(read("{" + std::string(big, '|'), Format::C));
  std::string sum = "{ 0";
  for (std::size_t i = 0; i < big / 2; ++i) sum += "|0";
  EXPECT_TRUE(read(sum + "}", Format::C));
}

}  // namespace
}  // namespace assay::bpf
