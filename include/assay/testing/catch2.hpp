// Expectations about filters for Catch2: CHECK_VERDICT, CHECK_EQUIVALENT and their REQUIRE_ twins
// (assay/testing/expectation.hpp). Tested with version 2; of version 3 the header is taken where
// it is found.
#pragma once

#if __has_include(<catch2/catch_test_macros.hpp>)
#include <catch2/catch_test_macros.hpp>
#else
#include <catch2/catch.hpp>
#endif

#include "assay/testing/expectation.hpp"

// CHECK's twin that stops the test is REQUIRE; `how` is one of them.
#define ASSAY_MET(how, question)               \
  do {                                         \
    const auto assay_unmet = (question);       \
    INFO(assay_unmet.value_or("as expected")); \
    how(!assay_unmet.has_value());             \
  } while (false)

#define CHECK_VERDICT(filter, call, verdict) \
  ASSAY_MET(CHECK, ::assay::testing::unmet_verdict(filter, call, verdict))
#define REQUIRE_VERDICT(filter, call, verdict) \
  ASSAY_MET(REQUIRE, ::assay::testing::unmet_verdict(filter, call, verdict))
#define CHECK_EQUIVALENT(a, b) ASSAY_MET(CHECK, ::assay::testing::unmet_equivalence(a, b))
#define REQUIRE_EQUIVALENT(a, b) ASSAY_MET(REQUIRE, ::assay::testing::unmet_equivalence(a, b))
