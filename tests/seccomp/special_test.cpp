#include "assay/seccomp/special.hpp"

#include <gtest/gtest.h>

#include <set>

#include "assay/seccomp/arch.hpp"

namespace assay::seccomp {
namespace {

std::set<std::uint32_t> surviving(Arch arch, const Semantics& semantics = {}) {
  std::set<std::uint32_t> result;
  for (std::uint32_t nr = 0; nr < 560; ++nr) {
    const SeccompData data{nr, describe(arch).audit, 0, {}};
    if (strict_verdict(data, semantics) == StrictVerdict::Runs) result.insert(nr);
  }
  return result;
}

TEST(StrictMode, HasOneListPerAbi) {
  EXPECT_EQ(surviving(Arch::x86), (std::set<std::uint32_t>{1, 3, 4, 119}));
  EXPECT_EQ(surviving(Arch::x86_64), (std::set<std::uint32_t>{0, 1, 15, 60, 335, 336}));
}

TEST(StrictMode, OfOlderKernelsKnowsNoProbes) {
  EXPECT_EQ(surviving(Arch::x86_64, *find_semantics("linux-6.12")),
            (std::set<std::uint32_t>{0, 1, 15, 60}));
}

TEST(StrictMode, KillsMinusOneAndX32) {
  for (const std::uint32_t nr : {0xffffffffU, x32_bit, x32_bit | 1})
    EXPECT_EQ(strict_verdict({nr, describe(Arch::x86_64).audit, 0, {}}), StrictVerdict::Killed);
}

TEST(Probes, BypassFiltersSinceTheirRelease) {
  const auto bypasses = [](std::uint32_t nr, Arch arch, const char* semantics) {
    return bypasses_filters({nr, describe(arch).audit, 0, {}}, *find_semantics(semantics));
  };
  EXPECT_TRUE(bypasses(335, Arch::x86_64, "linux-6.18"));
  EXPECT_TRUE(bypasses(336, Arch::x86_64, "linux-6.18"));
  EXPECT_TRUE(bypasses(335, Arch::x86_64, "linux-6.14"));
  EXPECT_FALSE(bypasses(336, Arch::x86_64, "linux-6.14"));
  EXPECT_FALSE(bypasses(335, Arch::x86_64, "linux-6.13"));
  EXPECT_FALSE(bypasses(335, Arch::x86, "linux-6.18"));
  EXPECT_FALSE(bypasses(334, Arch::x86_64, "linux-6.18"));
  EXPECT_FALSE(bypasses(335, Arch::aarch64, "linux-6.18-aarch64"));
}

}  // namespace
}  // namespace assay::seccomp
