#include "assay/report/junit.hpp"

#include <algorithm>

#include "report/markup.hpp"

namespace assay::report {
namespace {

using Outcome = JunitCase::Outcome;

std::string attribute(std::string_view name, std::string_view value) {
  return " " + std::string(name) + "=\"" + escaped(value) + "\"";
}

std::string number_of(const JunitSuite& suite, Outcome outcome) {
  return std::to_string(
      std::count_if(suite.cases.begin(), suite.cases.end(),
                    [&](const JunitCase& each) { return each.outcome == outcome; }));
}

std::string case_xml(const JunitCase& each) {
  std::string xml =
      "    <testcase" + attribute("classname", each.group) + attribute("name", each.name);
  if (each.outcome == Outcome::Passed) return xml + "/>\n";
  const std::string tag = each.outcome == Outcome::Failed ? "failure" : "error";
  xml += ">\n      <" + tag + attribute("message", each.message) + ">";
  return xml + escaped(each.details) + "</" + tag + ">\n    </testcase>\n";
}

}  // namespace

std::string junit_xml(std::span<const JunitSuite> suites) {
  std::string xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n";
  for (const JunitSuite& suite : suites) {
    xml += "  <testsuite" + attribute("name", suite.name) +
           attribute("tests", std::to_string(suite.cases.size())) +
           attribute("failures", number_of(suite, Outcome::Failed)) +
           attribute("errors", number_of(suite, Outcome::Error)) + ">\n";
    for (const JunitCase& each : suite.cases) xml += case_xml(each);
    if (!suite.output.empty())
      xml += "    <system-out>" + escaped(suite.output, 1 << 20) + "</system-out>\n";
    xml += "  </testsuite>\n";
  }
  return xml + "</testsuites>\n";
}

}  // namespace assay::report
