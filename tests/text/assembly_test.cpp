#include "assay/text/assembly.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "assay/bpf/opcode.hpp"
#include "assay/seccomp/verdict.hpp"
#include "assay/verify/accept.hpp"
#include "assembly_rows.hpp"

namespace assay::text {
namespace {

using bpf::Instruction;
using Program = std::vector<Instruction>;

class AssembleNames : public testing::TestWithParam<test::Case> {};
class AssemblePlain : public testing::TestWithParam<test::Case> {};

TEST_P(AssembleNames, AsTheRowSays) {
  EXPECT_EQ(test::shown(assemble(GetParam().body), GetParam()), test::expected_lines(GetParam()));
}

INSTANTIATE_TEST_SUITE_P(Rows, AssembleNames, testing::ValuesIn(test::cases("assembly/names")),
                         [](const auto& row) { return test::test_name(row.param); });

// What the plain assembler reads is read alike with names (its errors may differ: there are
// more symbols and directives).
TEST_P(AssemblePlain, ReadsAlike) {
  const auto plain = bpf::decode(bpf::bytes_of(GetParam().body), bpf::Format::Text);
  const auto named = assemble(GetParam().body);
  if (plain) {
    EXPECT_EQ(named, plain);
  }
}

INSTANTIATE_TEST_SUITE_P(Rows, AssemblePlain, testing::ValuesIn(test::cases("assembly/plain")),
                         [](const auto& row) { return test::test_name(row.param); });

// ---- the listing

// Reads the text and writes it again: the listing of a program that somebody wrote by hand.
std::string relisted(std::string_view text, const AssemblyStyle& style = {}) {
  const auto program = assemble(text);
  return program ? disassemble(*program, style) : to_string(program.error());
}

TEST(Listing, NamesWhatItKnows) {
  EXPECT_EQ(relisted("ld [4]\njne #0xc000003e, bad\nld [0]\njeq #257, bad\njge #0x40000000, bad\n"
                     "ld [24]\njset #3, bad\nret #0x7fff0000\nbad: ret #0x50001\n"),
            "        ld [arch]\n"
            "        jne #AUDIT_ARCH_X86_64, L8              ; 0xc000003e\n"
            "        ld [nr]\n"
            "        jeq #x86_64.openat, L8                  ; 257\n"
            "        jge #X32_SYSCALL_BIT, L8                ; 0x40000000\n"
            "        ld [args[1].lo]\n"
            "        jset #3, L8\n"
            "        ret #ALLOW\n"
            "L8:     ret #ERRNO(EPERM)\n");
}

TEST(Listing, NumbersWithoutOneArchitecture) {
  // Either architecture may be in force at the comparison with nr.
  EXPECT_EQ(relisted("ld [arch]\njeq #AUDIT_ARCH_X86_64, call\njeq #AUDIT_ARCH_AARCH64, call\n"
                     "ret #0\ncall: ld [nr]\njeq #221, +0\nret #ALLOW\n",
                     {.comments = false}),
            "        ld [arch]\n"
            "        jeq #AUDIT_ARCH_X86_64, L4\n"
            "        jeq #AUDIT_ARCH_AARCH64, L4\n"
            "        ret #KILL_THREAD\n"
            "L4:     ld [nr]\n"
            "        jeq #221, L6\n"
            "L6:     ret #ALLOW\n");
}

TEST(Listing, AnArchitectureGivenFromOutside) {
  EXPECT_EQ(relisted("ld [nr]\njeq #63, +0\nret #0\n", {.arch = seccomp::Arch::aarch64}),
            "        ld [nr]\n"
            "        jeq #aarch64.read, L2                   ; 63\n"
            "L2:     ret #KILL_THREAD\n");
  EXPECT_EQ(relisted("ld [nr]\njeq #63, +0\nret #0\n"),
            "        ld [nr]\n        jeq #63, L2\nL2:     ret #KILL_THREAD\n");
}

TEST(Listing, FollowsNrThroughXAndM) {
  const std::string text = relisted(
      "ld [arch]\njne #AUDIT_ARCH_X86_64, out\nld [nr]\nst M[1]\ntax\nld [arch]\njeq #5, out\n"
      "ld M[1]\njeq #0, out\nld #0\njeq #1, out\ntxa\njeq #2, out\nand #255\njeq #3, out\n"
      "out: ret #ALLOW\n",
      {.comments = false});
  EXPECT_NE(text.find("jeq #x86_64.read,"), std::string::npos) << text;
  EXPECT_NE(text.find("jeq #1,"), std::string::npos) << text;
  EXPECT_NE(text.find("jeq #x86_64.open,"), std::string::npos) << text;
  EXPECT_NE(text.find("jeq #3,"), std::string::npos) << text;
}

TEST(Listing, X32NumbersAreX32s) {
  const std::string text = relisted(
      "ld [arch]\njne #AUDIT_ARCH_X86_64, out\nld [nr]\njeq #0x40000000, out\n"
      "jset #0x40000000, out\nout: ret #ALLOW\n",
      {.comments = false});
  EXPECT_NE(text.find("jeq #x32.read,"), std::string::npos) << text;
  EXPECT_NE(text.find("jset #X32_SYSCALL_BIT,"), std::string::npos) << text;
}

TEST(Listing, BigEndianNamesSayThatTheyAre) {
  const std::string_view filter =
      "ld [arch]\njne #AUDIT_ARCH_S390X, out\nld [28]\njeq #1, out\nout: ret #ALLOW\n";
  const std::string text = relisted(filter, {.comments = false});
  EXPECT_EQ(text,
            "        .byte_order big\n"
            "        ld [arch]\n"
            "        jne #AUDIT_ARCH_S390X, L4\n"
            "        ld [args[1].lo]\n"
            "        jeq #1, L4\n"
            "L4:     ret #ALLOW\n");
  EXPECT_EQ(assemble(text), assemble(filter));
  EXPECT_NE(relisted(filter, {.order = std::endian::little}).find("[args[1].hi]"),
            std::string::npos);
}

TEST(Listing, ReturnsWhoseWordsSayLessStayNumbers) {
  EXPECT_EQ(relisted("ret #0x7fff0001\nret #0x51000\nret #0x12340000\nret #0x50000\nret "
                     "#0x5ffff\nret #0x500c8\n"),
            "        ret #0x7fff0001                         ; ALLOW\n"
            "        ret #0x51000                            ; ERRNO(4095)\n"
            "        ret #0x12340000                         ; UNKNOWN(0x12340000)\n"
            "        ret #ERRNO(0)\n"
            "        ret #0x5ffff                            ; ERRNO(4095)\n"
            "        ret #ERRNO(200)\n");
}

TEST(Listing, ErrnoNamesOnlyWhereTheyMeanTheSame) {
  // 38 is ENOSYS on most machines and not on MIPS.
  const std::string_view filter =
      "ld [arch]\njne #AUDIT_ARCH_MIPS, out\nret #0x50026\nout: ret #0x50001\n";
  const std::string text = relisted(filter);
  EXPECT_NE(text.find("ret #ERRNO(38)"), std::string::npos) << text;
  EXPECT_NE(text.find("ret #ERRNO(EPERM)"), std::string::npos) << text;
}

TEST(Listing, OneInstructionOfMany) {
  const auto program = assemble("ld [4]\njne #AUDIT_ARCH_X86_64, out\nld [0]\nout: ret #ALLOW\n");
  ASSERT_TRUE(program);
  const Listing listing(*program);
  EXPECT_EQ(listing.instruction(1), "jne #AUDIT_ARCH_X86_64, L3");
  EXPECT_EQ(listing.comment(1), "0xc000003e");
  EXPECT_EQ(listing.comment(0), "");
  EXPECT_EQ(disassemble_one(*program, 3), "ret #ALLOW");
}

// ---- asm(disasm(x)) == x

testing::AssertionResult round_trips(const Program& program, const AssemblyStyle& style = {}) {
  const std::string text = disassemble(program, style);
  const auto back = assemble(text);
  if (back == program) return testing::AssertionSuccess();
  if (!back) return testing::AssertionFailure() << to_string(back.error()) << '\n' << text;
  return testing::AssertionFailure() << "other instructions come back from\n" << text;
}

TEST(NamedRoundTrip, AllCodes) {
  for (std::uint32_t code = 0; code <= 0xffff; ++code)
    for (const std::uint32_t k : {4U, 0x7fff0000U, 0x00050001U, 0xc000003eU})
      ASSERT_TRUE(round_trips({{static_cast<std::uint16_t>(code), 1, 0, k}}));
}

// Constants that have names somewhere.
std::uint32_t interesting(std::mt19937_64& random) {
  const auto below = [&](std::uint64_t limit) { return random() % limit; };
  switch (below(7)) {
    case 0: return seccomp::arches[below(seccomp::arches.size())].audit;
    case 1: return static_cast<std::uint32_t>(below(600));
    case 2: return static_cast<std::uint32_t>(0x40000000 + below(600));
    case 3: return static_cast<std::uint32_t>(4000 + below(2500));
    case 4: return static_cast<std::uint32_t>(seccomp::actions[below(8)].value | below(200));
    case 5: return static_cast<std::uint32_t>(4 * below(20));
    default: return static_cast<std::uint32_t>(random());
  }
}

Instruction random_instruction(std::mt19937_64& random) {
  // Mostly what leads to names: loads of nr and arch, comparisons, returns.
  constexpr Instruction common[] = {{0x20, 0, 0, 0}, {0x20, 0, 0, 4}, {0x15, 0, 0, 0},
                                    {0x25, 0, 0, 0}, {0x35, 0, 0, 0}, {0x45, 0, 0, 0},
                                    {0x06, 0, 0, 0}};
  const std::uint64_t pick = random() % 12;
  Instruction insn = pick < std::size(common)
                         ? common[pick]
                         : Instruction{bpf::opcodes[random() % bpf::opcodes.size()].code, 0, 0, 0};
  if (pick > 1) insn.k = interesting(random);
  if (pick > 1) insn.jt = static_cast<std::uint8_t>(random() % 3);
  if (pick > 1) insn.jf = static_cast<std::uint8_t>(random() % 3);
  return insn;
}

TEST(NamedRoundTrip, RandomPrograms) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 100000; ++i) {
    Program program(1 + random() % 16);
    std::generate(program.begin(), program.end(), [&] { return random_instruction(random); });
    AssemblyStyle style;
    if (i % 4 == 1) style.order = std::endian::big;
    if (i % 4 == 2) style.arch = seccomp::arches[random() % seccomp::arches.size()].arch;
    ASSERT_TRUE(round_trips(program, style)) << "program " << i;
  }
}

TEST(NamedRoundTrip, EveryNumberOnEveryArchitecture) {
  for (const seccomp::ArchInfo& info : seccomp::arches) {
    Program program{{0x20, 0, 0, 0}};
    for (std::uint32_t nr = 0; nr < 7000; ++nr) program.push_back({0x15, 0, 0, info.nr_bit | nr});
    ASSERT_TRUE(round_trips(program, {.arch = info.arch})) << info.token;
  }
}

// ---- captured filters

std::string bytes_of_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(Corpus, EveryFilterRoundTripsInEveryFormat) {
  if (!std::filesystem::exists(ASSAY_CORPUS)) GTEST_SKIP() << "no corpus at " << ASSAY_CORPUS;
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(ASSAY_CORPUS)) {
    if (entry.path().extension() != ".bpf") continue;
    const std::string bytes = bytes_of_file(entry.path());
    ASSERT_EQ(bpf::detect(bpf::bytes_of(bytes)), bpf::Format::Raw) << entry.path();
    const auto program = text::decode(bpf::bytes_of(bytes), bpf::Format::Raw);
    ASSERT_TRUE(program) << entry.path();
    ASSERT_TRUE(round_trips(*program)) << entry.path();
    for (const auto format : {bpf::Format::Raw, bpf::Format::RawBe, bpf::Format::Text,
                              bpf::Format::Decimal, bpf::Format::Hex, bpf::Format::C}) {
      const std::string encoded = bpf::encode(*program, format);
      // Swapped bytes are only recognised by a program that could be accepted.
      if (format != bpf::Format::RawBe || verify::accept(*program)) {
        ASSERT_EQ(bpf::detect(bpf::bytes_of(encoded)), format) << entry.path();
      }
      ASSERT_EQ(text::decode(bpf::bytes_of(encoded), format), program) << entry.path();
    }
    ++count;
  }
  EXPECT_GT(count, 0U);
  RecordProperty("filters", static_cast<int>(count));
}

}  // namespace
}  // namespace assay::text
