#include "assay/report/sarif.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "assay/audit/rule.hpp"

namespace assay::report {
namespace {

using Json = nlohmann::json;

audit::Finding finding() {
  audit::Finding result;
  result.rule = "door-exec";
  result.subject = "x86_64 execve";
  result.severity = audit::Severity::High;
  result.message = "a message";
  result.location = {0, 11, 3, "a b.bpf", std::nullopt};
  result.evidence.kind = audit::EvidenceKind::Witness;
  result.evidence.calls = {{"gets through", {59, 0xc000003e}, {0x7fff0000}, std::nullopt}};
  result.help = "what to do";
  return result;
}

Json document(std::span<const audit::Finding> findings,
              std::span<const audit::Suppressed> suppressed,
              std::span<const std::string> problems = {}) {
  bool first = true;
  return Json::parse(sarif_begin("1.2.3") +
                     sarif_results({"a b.bpf", findings, suppressed}, first) + sarif_end(problems));
}

TEST(Sarif, NamesTheToolAndEveryRule) {
  const Json sarif = document({}, {});
  EXPECT_EQ(sarif["version"], "2.1.0");
  const Json& driver = sarif["runs"][0]["tool"]["driver"];
  EXPECT_EQ(driver["name"], "assay");
  EXPECT_EQ(driver["rules"].size(), audit::rules().size());
  for (const Json& rule : driver["rules"]) {
    const double score = std::stod(rule["properties"]["security-severity"].get<std::string>());
    EXPECT_GE(score, 0.0);
    EXPECT_LE(score, 10.0);
  }
}

TEST(Sarif, ShowsAFindingAtItsInstruction) {
  const std::vector findings{finding()};
  const Json result = document(findings, {})["runs"][0]["results"][0];
  EXPECT_EQ(result["ruleId"], "door-exec");
  EXPECT_EQ(audit::rules()[result["ruleIndex"].get<std::size_t>()].id, "door-exec");
  EXPECT_EQ(result["level"], "error");
  const Json& location = result["locations"][0];
  EXPECT_EQ(location["physicalLocation"]["artifactLocation"]["uri"], "a%20b.bpf");
  EXPECT_EQ(location["physicalLocation"]["region"]["startLine"], 12);
  EXPECT_EQ(location["physicalLocation"]["region"]["endLine"], 14);
  EXPECT_EQ(location["logicalLocations"][0]["fullyQualifiedName"], "filter 0, instruction 11");
  EXPECT_EQ(result["properties"]["evidence"]["calls"][0]["verdict"], "ALLOW");
}

TEST(Sarif, PrefersTheLineOfASource) {
  std::vector findings{finding()};
  findings[0].location.line = 7;
  findings[0].location.file = "included.policy";
  const Json result = document(findings, {})["runs"][0]["results"][0];
  const Json& physical = result["locations"][0]["physicalLocation"];
  EXPECT_EQ(physical["region"], (Json{{"startLine", 7}}));
  EXPECT_EQ(physical["artifactLocation"]["uri"], "included.policy");
}

TEST(Sarif, KeepsFingerprintsFromRunToRun) {
  std::vector findings{finding(), finding()};
  findings[1].message = "worded otherwise";
  const Json results = document(findings, {})["runs"][0]["results"];
  EXPECT_EQ(results[0]["partialFingerprints"], results[1]["partialFingerprints"]);
}

TEST(Sarif, MarksWhatTheSourceSuppresses) {
  const std::vector<audit::Suppressed> suppressed{{finding(), "a reason"}};
  const Json result = document({}, suppressed)["runs"][0]["results"][0];
  EXPECT_EQ(result["suppressions"][0]["kind"], "inSource");
  EXPECT_EQ(result["suppressions"][0]["justification"], "a reason");
}

TEST(Sarif, SaysWhatCouldNotBeAudited) {
  const std::vector<std::string> problems{"x.bpf: cannot be read"};
  const Json invocation = document({}, {}, problems)["runs"][0]["invocations"][0];
  EXPECT_EQ(invocation["executionSuccessful"], false);
  EXPECT_EQ(invocation["toolExecutionNotifications"][0]["message"]["text"], problems[0]);
}

}  // namespace
}  // namespace assay::report
