// Who is in the constant-action bitmap of a kernel, and why not.
#include "assay/cost/bitmap.hpp"

#include <gtest/gtest.h>

#include "assay/bpf/assemble.hpp"
#include "assay/verify/accept.hpp"

namespace assay::cost {
namespace {

using verify::Program;

constexpr std::uint32_t x86_64 = 0xc000003e;
constexpr std::uint32_t i386 = 0x40000003;

Program program_of(std::string_view text) { return *verify::accept(bpf::assemble(text).value()); }

const Program allow = program_of("ret #0x7fff0000");

TEST(Bitmap, KeepsBitsForItsOwnArches) {
  const Bitmap bitmap(std::span(&allow, 1));
  ASSERT_EQ(bitmap.tables().size(), 2U);
  EXPECT_EQ(bitmap.tables()[0].arch, seccomp::Arch::x86_64);
  EXPECT_GE(bitmap.tables()[0].size, 463U);
  EXPECT_EQ(bitmap.place(x86_64, 39).membership, Membership::Inside);
  EXPECT_EQ(bitmap.place(i386, 20).membership, Membership::Inside);
  EXPECT_EQ(bitmap.place(0xc00000b7, 20).membership, Membership::ForeignArch);
  EXPECT_EQ(bitmap.place(x86_64, 39 | seccomp::x32_bit).membership, Membership::OutsideTable);
  EXPECT_EQ(bitmap.place(x86_64, ~0U).membership, Membership::OutsideTable);
  EXPECT_EQ(bitmap.place(x86_64, bitmap.tables()[0].size).membership, Membership::OutsideTable);
  EXPECT_EQ(bitmap.place(x86_64, bitmap.tables()[0].size - 1).membership, Membership::Inside);
}

TEST(Bitmap, DependsOnTheKernel) {
  const auto at = [](std::string_view semantics, std::uint32_t arch, std::uint32_t nr) {
    return Bitmap(std::span(&allow, 1), *seccomp::find_semantics(semantics))
        .place(arch, nr)
        .membership;
  };
  EXPECT_EQ(at("linux-5.10", x86_64, 39), Membership::NoBitmap);
  EXPECT_EQ(at("linux-5.11", x86_64, 39), Membership::Inside);
  EXPECT_EQ(at("linux-5.11", x86_64, 447), Membership::OutsideTable);  // memfd_secret, 5.14
  EXPECT_EQ(at("linux-6.18", x86_64, 447), Membership::Inside);
  EXPECT_EQ(at("linux-6.18-aarch64", x86_64, 39), Membership::ForeignArch);
  EXPECT_EQ(at("linux-6.18-aarch64", 0xc00000b7, 172), Membership::Inside);
  EXPECT_EQ(at("linux-6.18-mips64", 0x80000008, 5000), Membership::NoBitmap);
  EXPECT_EQ(at("linux-6.18", x86_64, 335), Membership::RunsNoFilter);
  EXPECT_EQ(at("linux-5.11", x86_64, 335), Membership::Inside);
}

TEST(Bitmap, SaysWhyNot) {
  const std::pair<const char*, const char*> rows[] = {
      {"ret #0x7fff0000", ""},
      {"ret #0x7fff0001", "RET is not exactly ALLOW"},
      {"ret #0x00050001", "RET is not exactly ALLOW"},
      {"ld #0x7fff0000\nret a", "uses ld"},
      {"ld [0]\nret a", "returns A"},
      {"ld [16]\nret #0x7fff0000", "reads args[0]"},
      {"ld [60]\nret #0x7fff0000", "reads args[5]"},
      {"ld [12]\nret #0x7fff0000", "reads instruction_pointer"},
      {"tax\nret #0x7fff0000", "uses tax"},
      {"ld [0]\nadd x\nret #0x7fff0000", "uses add with X"},
      {"ld [0]\njset x, +0, +0\nret #0x7fff0000", "uses jset with X"},
      {"ld len\nret #0x7fff0000", "uses ld"},
      {"ld [0]\nand #0xff\njge #200, +0, +1\nld [16]\nret #0x7fff0000", ""},
  };
  for (const auto& [text, reason] : rows) {
    const Program program = program_of(text);
    const Bitmap bitmap(std::span(&program, 1));
    EXPECT_EQ(bitmap.why(bitmap.place(x86_64, 39)), reason) << text;
  }
}

// The newest filter that keeps a call out is named, since the kernel asks it first.
TEST(Bitmap, OfAStackNeedsEveryFilter) {
  const std::vector<Program> stack{program_of("ld [24]\nret #0x7fff0000"), allow,
                                   program_of("ld [0]\njeq #1, +0, +1\nret #1\nret #0x7fff0000"),
                                   allow};
  const Bitmap bitmap(stack);
  EXPECT_EQ(bitmap.why(bitmap.place(x86_64, 1)), "RET is not exactly ALLOW (filter 2)");
  EXPECT_EQ(bitmap.why(bitmap.place(x86_64, 2)), "reads args[1] (filter 0)");
}

}  // namespace
}  // namespace assay::cost
