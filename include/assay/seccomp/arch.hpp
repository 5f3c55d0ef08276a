// Architectures as seccomp_data.arch names them: AUDIT_ARCH_* numbers, their tokens in
// libseccomp, and the byte order in which a filter sees 64-bit fields.
//
// x32 is x86_64's number with bit 30 set in nr. All data, no state; freely shared.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <optional>
#include <string_view>

namespace assay::seccomp {

enum class Arch : std::uint8_t {
  x86_64,
  x86,
  x32,
  arm,
  aarch64,
  loongarch64,
  m68k,
  mips,
  mipsel,
  mips64,
  mipsel64,
  mips64n32,
  mipsel64n32,
  parisc,
  parisc64,
  ppc,
  ppc64,
  ppc64le,
  riscv32,
  riscv64,
  s390,
  s390x,
  sh,
  sheb,
  // Known to <linux/audit.h> alone.
  aarch64_be,
  alpha,
  arceb,
  arcompact,
  armeb,
  csky,
  hexagon,
  ia64,
  microblaze,
  nios2,
  openrisc,
  sparc,
  sparc64,
  xtensa,
};

struct ArchInfo {
  Arch arch;
  std::string_view token;  // as in libseccomp and on assay's command line
  std::string_view macro;  // AUDIT_ARCH_...
  std::uint32_t audit;     // seccomp_data.arch
  std::endian order;
  std::uint32_t nr_bit;  // or-ed into every system call number of this ABI
};

inline constexpr std::uint32_t x32_bit = 0x40000000;

inline constexpr auto arches = std::to_array<ArchInfo>({
    {Arch::x86_64, "x86_64", "AUDIT_ARCH_X86_64", 0xc000003e, std::endian::little, 0},
    {Arch::x86, "x86", "AUDIT_ARCH_I386", 0x40000003, std::endian::little, 0},
    {Arch::x32, "x32", "AUDIT_ARCH_X86_64", 0xc000003e, std::endian::little, x32_bit},
    {Arch::arm, "arm", "AUDIT_ARCH_ARM", 0x40000028, std::endian::little, 0},
    {Arch::aarch64, "aarch64", "AUDIT_ARCH_AARCH64", 0xc00000b7, std::endian::little, 0},
    {Arch::loongarch64, "loongarch64", "AUDIT_ARCH_LOONGARCH64", 0xc0000102, std::endian::little,
     0},
    {Arch::m68k, "m68k", "AUDIT_ARCH_M68K", 0x00000004, std::endian::big, 0},
    {Arch::mips, "mips", "AUDIT_ARCH_MIPS", 0x00000008, std::endian::big, 0},
    {Arch::mipsel, "mipsel", "AUDIT_ARCH_MIPSEL", 0x40000008, std::endian::little, 0},
    {Arch::mips64, "mips64", "AUDIT_ARCH_MIPS64", 0x80000008, std::endian::big, 0},
    {Arch::mipsel64, "mipsel64", "AUDIT_ARCH_MIPSEL64", 0xc0000008, std::endian::little, 0},
    {Arch::mips64n32, "mips64n32", "AUDIT_ARCH_MIPS64N32", 0xa0000008, std::endian::big, 0},
    {Arch::mipsel64n32, "mipsel64n32", "AUDIT_ARCH_MIPSEL64N32", 0xe0000008, std::endian::little,
     0},
    {Arch::parisc, "parisc", "AUDIT_ARCH_PARISC", 0x0000000f, std::endian::big, 0},
    {Arch::parisc64, "parisc64", "AUDIT_ARCH_PARISC64", 0x8000000f, std::endian::big, 0},
    {Arch::ppc, "ppc", "AUDIT_ARCH_PPC", 0x00000014, std::endian::big, 0},
    {Arch::ppc64, "ppc64", "AUDIT_ARCH_PPC64", 0x80000015, std::endian::big, 0},
    {Arch::ppc64le, "ppc64le", "AUDIT_ARCH_PPC64LE", 0xc0000015, std::endian::little, 0},
    {Arch::riscv32, "riscv32", "AUDIT_ARCH_RISCV32", 0x400000f3, std::endian::little, 0},
    {Arch::riscv64, "riscv64", "AUDIT_ARCH_RISCV64", 0xc00000f3, std::endian::little, 0},
    {Arch::s390, "s390", "AUDIT_ARCH_S390", 0x00000016, std::endian::big, 0},
    {Arch::s390x, "s390x", "AUDIT_ARCH_S390X", 0x80000016, std::endian::big, 0},
    {Arch::sh, "sh", "AUDIT_ARCH_SHEL", 0x4000002a, std::endian::little, 0},
    {Arch::sheb, "sheb", "AUDIT_ARCH_SH", 0x0000002a, std::endian::big, 0},
    {Arch::aarch64_be, "aarch64_be", "AUDIT_ARCH_AARCH64_BE", 0x800000b7, std::endian::big, 0},
    {Arch::alpha, "alpha", "AUDIT_ARCH_ALPHA", 0xc0009026, std::endian::little, 0},
    {Arch::arceb, "arceb", "AUDIT_ARCH_ARCOMPACTBE", 0x0000005d, std::endian::big, 0},
    {Arch::arcompact, "arcompact", "AUDIT_ARCH_ARCOMPACT", 0x4000005d, std::endian::little, 0},
    {Arch::armeb, "armeb", "AUDIT_ARCH_ARMEB", 0x00000028, std::endian::big, 0},
    {Arch::csky, "csky", "AUDIT_ARCH_CSKY", 0x400000fc, std::endian::little, 0},
    {Arch::hexagon, "hexagon", "AUDIT_ARCH_HEXAGON", 0x000000a4, std::endian::little, 0},
    {Arch::ia64, "ia64", "AUDIT_ARCH_IA64", 0xc0000032, std::endian::little, 0},
    {Arch::microblaze, "microblaze", "AUDIT_ARCH_MICROBLAZE", 0x000000bd, std::endian::big, 0},
    {Arch::nios2, "nios2", "AUDIT_ARCH_NIOS2", 0x40000071, std::endian::little, 0},
    {Arch::openrisc, "openrisc", "AUDIT_ARCH_OPENRISC", 0x0000005c, std::endian::big, 0},
    {Arch::sparc, "sparc", "AUDIT_ARCH_SPARC", 0x00000002, std::endian::big, 0},
    {Arch::sparc64, "sparc64", "AUDIT_ARCH_SPARC64", 0x8000002b, std::endian::big, 0},
    {Arch::xtensa, "xtensa", "AUDIT_ARCH_XTENSA", 0x0000005e, std::endian::little, 0},
});

constexpr const ArchInfo& describe(Arch arch) { return arches[static_cast<std::size_t>(arch)]; }

std::optional<Arch> find_arch(std::string_view token);
// Of two ABIs with one number the plain one is meant: 0xc000003e is x86_64.
std::optional<Arch> find_arch(std::uint32_t audit);
std::optional<Arch> find_arch_macro(std::string_view macro);  // AUDIT_ARCH_...

// The byte order of an AUDIT_ARCH number. A number that no architecture has reads as
// little-endian, since it can only meet a filter on the machine assay models by default.
std::endian byte_order(std::uint32_t audit);

}  // namespace assay::seccomp
