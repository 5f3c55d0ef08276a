#include "assay/sample/broken.hpp"

#include <gtest/gtest.h>

namespace assay::sample {
namespace {

TEST(Broken, MostlyBreaksTheRuleAskedFor) {
  for (const verify::RejectionKind rule : verify::rejection_kinds()) {
    unsigned broken = 0;
    for (std::uint64_t index = 0; index < 300; ++index) {
      Random random(1, index);
      const auto accepted = verify::accept(broken_program(random, rule));
      broken += !accepted && accepted.error().kind == rule ? 1 : 0;
    }
    EXPECT_GT(broken, 150U) << verify::name(rule);
  }
}

TEST(Broken, DependsOnSeedAndIndexAlone) {
  for (const verify::RejectionKind rule : verify::rejection_kinds()) {
    Random one(4, 5);
    Random other(4, 5);
    EXPECT_EQ(broken_program(one, rule), broken_program(other, rule));
  }
}

}  // namespace
}  // namespace assay::sample
