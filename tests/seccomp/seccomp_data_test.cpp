#include "assay/seccomp/seccomp_data.hpp"

#include <gtest/gtest.h>
#include <linux/seccomp.h>

#include <cstddef>
#include <cstring>

#include "assay/seccomp/arch.hpp"

namespace assay::seccomp {
namespace {

constexpr SeccompData sample{0x01020304,
                             0xc000003e,
                             0x1112131415161718,
                             {0x2122232425262728, 0x3132333435363738, 0x4142434445464748,
                              0x5152535455565758, 0x6162636465666768, 0x7172737475767778}};

TEST(SeccompData, HasTheLayoutOfTheKernelsStruct) {
  EXPECT_EQ(sizeof(SeccompData), sizeof(seccomp_data));
  EXPECT_EQ(offsetof(SeccompData, nr), offsetof(seccomp_data, nr));
  EXPECT_EQ(offsetof(SeccompData, arch), offsetof(seccomp_data, arch));
  EXPECT_EQ(offsetof(SeccompData, instruction_pointer),
            offsetof(seccomp_data, instruction_pointer));
  EXPECT_EQ(offsetof(SeccompData, args), offsetof(seccomp_data, args));
}

TEST(Words, OfALittleEndianMachineAreLowHalfFirst) {
  constexpr Words expected{0x01020304, 0xc000003e, 0x15161718, 0x11121314, 0x25262728, 0x21222324,
                           0x35363738, 0x31323334, 0x45464748, 0x41424344, 0x55565758, 0x51525354,
                           0x65666768, 0x61626364, 0x75767778, 0x71727374};
  EXPECT_EQ(words(sample, std::endian::little), expected);
}

TEST(Words, OfABigEndianMachineAreHighHalfFirst) {
  constexpr Words expected{0x01020304, 0xc000003e, 0x11121314, 0x15161718, 0x21222324, 0x25262728,
                           0x31323334, 0x35363738, 0x41424344, 0x45464748, 0x51525354, 0x55565758,
                           0x61626364, 0x65666768, 0x71727374, 0x75767778};
  EXPECT_EQ(words(sample, std::endian::big), expected);
}

TEST(Words, AreTheBytesOfTheRecordOnAMachineOfThatOrder) {
  Words bytes;
  std::memcpy(bytes.data(), &sample, sizeof sample);
  EXPECT_EQ(words(sample, std::endian::native), bytes);
}

TEST(Words, TurnBackIntoTheRecordOnEveryArch) {
  for (const ArchInfo& arch : arches) {
    SeccompData data = sample;
    data.arch = arch.audit;
    EXPECT_EQ(from_words(words(data, arch.order), arch.order), data) << arch.token;
  }
}

}  // namespace
}  // namespace assay::seccomp
