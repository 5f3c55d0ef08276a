// A test of Catch2 that uses the expectations; run by catch2_test.
#define CATCH_CONFIG_MAIN
#include "assay/testing/catch2.hpp"

using namespace assay::testing;

TEST_CASE("verdicts and equivalence") {
  const Filter filter = Filter::text("ld [nr]\njeq #59, +0, +1\nret #ERRNO(1)\nret #ALLOW\n");
  CHECK_VERDICT(filter, syscall("openat"), ALLOW);
  REQUIRE_VERDICT(filter, syscall("execve"), ERRNO(1));
  CHECK_EQUIVALENT(filter, filter);
}

TEST_CASE("unmet", "[!shouldfail]") {
  CHECK_EQUIVALENT(Filter::text("ret #LOG\n"), Filter::text("ret #ALLOW\n"));
}
