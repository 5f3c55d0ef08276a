// Expectations about filters for GoogleTest: EXPECT_VERDICT, EXPECT_EQUIVALENT and their
// ASSERT_ twins (assay/testing/expectation.hpp).
#pragma once

#include <gtest/gtest.h>

#include "assay/testing/expectation.hpp"

namespace assay::testing {

inline ::testing::AssertionResult met(const std::optional<std::string>& unmet) {
  return unmet ? ::testing::AssertionFailure() << *unmet : ::testing::AssertionSuccess();
}

}  // namespace assay::testing

#define EXPECT_VERDICT(filter, call, verdict) \
  EXPECT_TRUE(::assay::testing::met(::assay::testing::unmet_verdict(filter, call, verdict)))
#define ASSERT_VERDICT(filter, call, verdict) \
  ASSERT_TRUE(::assay::testing::met(::assay::testing::unmet_verdict(filter, call, verdict)))
#define EXPECT_EQUIVALENT(a, b) \
  EXPECT_TRUE(::assay::testing::met(::assay::testing::unmet_equivalence(a, b)))
#define ASSERT_EQUIVALENT(a, b) \
  ASSERT_TRUE(::assay::testing::met(::assay::testing::unmet_equivalence(a, b)))
