#include "assay/report/junit.hpp"

#include <gtest/gtest.h>

namespace assay::report {
namespace {

TEST(Junit, CountsAndEscapes) {
  const JunitSuite suite{
      "a <profile>",
      {{"x86_64", "passes", JunitCase::Outcome::Passed, "", ""},
       {"x86_64", "fails & says \"why\"", JunitCase::Outcome::Failed, "1 < 2", "line\nline"},
       {"arm", "cannot be asked", JunitCase::Outcome::Error, "no input", ""}},
      "1 of 2"};
  EXPECT_EQ(junit_xml({&suite, 1}),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
            "<testsuites>\n"
            "  <testsuite name=\"a &lt;profile&gt;\" tests=\"3\" failures=\"1\" errors=\"1\">\n"
            "    <testcase classname=\"x86_64\" name=\"passes\"/>\n"
            "    <testcase classname=\"x86_64\" name=\"fails &amp; says &quot;why&quot;\">\n"
            "      <failure message=\"1 &lt; 2\">line\nline</failure>\n"
            "    </testcase>\n"
            "    <testcase classname=\"arm\" name=\"cannot be asked\">\n"
            "      <error message=\"no input\"></error>\n"
            "    </testcase>\n"
            "    <system-out>1 of 2</system-out>\n"
            "  </testsuite>\n"
            "</testsuites>\n");
}

TEST(Junit, NothingIsASuiteOfNone) {
  EXPECT_EQ(junit_xml({}),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n</testsuites>\n");
}

}  // namespace
}  // namespace assay::report
