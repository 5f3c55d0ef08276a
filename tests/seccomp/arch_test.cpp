#include "assay/seccomp/arch.hpp"

#include <gtest/gtest.h>
#include <linux/audit.h>
#include <seccomp.h>

#include <set>
#include <string>

namespace assay::seccomp {
namespace {

TEST(Arches, StandInTheTableInTheOrderOfTheEnumeration) {
  for (std::size_t i = 0; i < arches.size(); ++i)
    EXPECT_EQ(static_cast<std::size_t>(arches[i].arch), i) << arches[i].token;
}

TEST(Arches, HaveTokensOfTheirOwn) {
  std::set<std::string_view> tokens;
  for (const ArchInfo& row : arches) EXPECT_TRUE(tokens.insert(row.token).second) << row.token;
}

// <linux/audit.h> marks little-endian machines in the number; where it forgot to, on
// Hexagon and Xtensa, the machine decides.
TEST(Arches, AreLittleEndianWhereTheNumberSaysSo) {
  for (const ArchInfo& row : arches) {
    const bool marked = (row.audit & __AUDIT_ARCH_LE) != 0;
    const bool unmarked = row.arch == Arch::hexagon || row.arch == Arch::xtensa;
    EXPECT_EQ(row.order == std::endian::little, marked || unmarked) << row.token;
  }
}

TEST(Arches, HaveTheNumbersOfTheKernelsHeader) {
#define EXPECT_NUMBER(token_, macro_)                                                     \
  EXPECT_EQ(describe(Arch::token_).audit, static_cast<std::uint32_t>(macro_)) << #macro_; \
  EXPECT_EQ(describe(Arch::token_).macro, #macro_)
  EXPECT_NUMBER(x86_64, AUDIT_ARCH_X86_64);
  EXPECT_NUMBER(x86, AUDIT_ARCH_I386);
  EXPECT_NUMBER(x32, AUDIT_ARCH_X86_64);
  EXPECT_NUMBER(arm, AUDIT_ARCH_ARM);
  EXPECT_NUMBER(aarch64, AUDIT_ARCH_AARCH64);
  EXPECT_NUMBER(loongarch64, AUDIT_ARCH_LOONGARCH64);
  EXPECT_NUMBER(m68k, AUDIT_ARCH_M68K);
  EXPECT_NUMBER(mips, AUDIT_ARCH_MIPS);
  EXPECT_NUMBER(mipsel, AUDIT_ARCH_MIPSEL);
  EXPECT_NUMBER(mips64, AUDIT_ARCH_MIPS64);
  EXPECT_NUMBER(mipsel64, AUDIT_ARCH_MIPSEL64);
  EXPECT_NUMBER(mips64n32, AUDIT_ARCH_MIPS64N32);
  EXPECT_NUMBER(mipsel64n32, AUDIT_ARCH_MIPSEL64N32);
  EXPECT_NUMBER(parisc, AUDIT_ARCH_PARISC);
  EXPECT_NUMBER(parisc64, AUDIT_ARCH_PARISC64);
  EXPECT_NUMBER(ppc, AUDIT_ARCH_PPC);
  EXPECT_NUMBER(ppc64, AUDIT_ARCH_PPC64);
  EXPECT_NUMBER(ppc64le, AUDIT_ARCH_PPC64LE);
  EXPECT_NUMBER(riscv32, AUDIT_ARCH_RISCV32);
  EXPECT_NUMBER(riscv64, AUDIT_ARCH_RISCV64);
  EXPECT_NUMBER(s390, AUDIT_ARCH_S390);
  EXPECT_NUMBER(s390x, AUDIT_ARCH_S390X);
  EXPECT_NUMBER(sh, AUDIT_ARCH_SHEL);
  EXPECT_NUMBER(sheb, AUDIT_ARCH_SH);
  EXPECT_NUMBER(alpha, AUDIT_ARCH_ALPHA);
  EXPECT_NUMBER(arceb, AUDIT_ARCH_ARCOMPACTBE);
  EXPECT_NUMBER(arcompact, AUDIT_ARCH_ARCOMPACT);
  EXPECT_NUMBER(armeb, AUDIT_ARCH_ARMEB);
  EXPECT_NUMBER(csky, AUDIT_ARCH_CSKY);
  EXPECT_NUMBER(hexagon, AUDIT_ARCH_HEXAGON);
  EXPECT_NUMBER(ia64, AUDIT_ARCH_IA64);
  EXPECT_NUMBER(microblaze, AUDIT_ARCH_MICROBLAZE);
  EXPECT_NUMBER(nios2, AUDIT_ARCH_NIOS2);
  EXPECT_NUMBER(openrisc, AUDIT_ARCH_OPENRISC);
  EXPECT_NUMBER(sparc, AUDIT_ARCH_SPARC);
  EXPECT_NUMBER(sparc64, AUDIT_ARCH_SPARC64);
  EXPECT_NUMBER(xtensa, AUDIT_ARCH_XTENSA);
#undef EXPECT_NUMBER
}

// Every architecture of the installed libseccomp is here under its name and number.
TEST(Arches, IncludeThoseOfLibseccomp) {
  std::size_t known = 0;
  for (const ArchInfo& row : arches) {
    const std::uint32_t token = seccomp_arch_resolve_name(std::string(row.token).c_str());
    if (token == 0) continue;
    ++known;
    // x32 is the one token of libseccomp that is no AUDIT_ARCH number.
    if (row.arch != Arch::x32) {
      EXPECT_EQ(token, row.audit) << row.token;
    }
  }
  EXPECT_GE(known, 19U);
}

TEST(FindArch, ReadsTokensNumbersAndMacros) {
  EXPECT_EQ(find_arch("s390x"), Arch::s390x);
  EXPECT_EQ(find_arch(0xc00000b7U), Arch::aarch64);
  EXPECT_EQ(find_arch_macro("AUDIT_ARCH_PPC64LE"), Arch::ppc64le);
  EXPECT_EQ(find_arch("vax"), std::nullopt);
  EXPECT_EQ(find_arch(0U), std::nullopt);
}

TEST(FindArch, TakesTheNumberOfX32ForX86_64) { EXPECT_EQ(find_arch(0xc000003eU), Arch::x86_64); }

TEST(ByteOrder, OfANumberThatNoMachineHasIsLittle) {
  EXPECT_EQ(byte_order(0), std::endian::little);
  EXPECT_EQ(byte_order(describe(Arch::s390x).audit), std::endian::big);
}

}  // namespace
}  // namespace assay::seccomp
