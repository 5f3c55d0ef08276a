// Results of tests in the XML that CI systems read: a suite with its cases, each of which
// passed, failed, or could not be asked.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace assay::report {

struct JunitCase {
  enum class Outcome : std::uint8_t { Passed, Failed, Error };
  std::string group;  // "classname"
  std::string name;
  Outcome outcome = Outcome::Passed;
  std::string message;  // one line of why not
  std::string details;
};

struct JunitSuite {
  std::string name;
  std::vector<JunitCase> cases;
  std::string output;  // what else is to be told
};

std::string junit_xml(std::span<const JunitSuite> suites);

}  // namespace assay::report
