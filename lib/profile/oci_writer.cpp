// Rules as linux.seccomp of the runtime-spec, for generators that are programs.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "assay/profile/generator.hpp"
#include "profile/oci_names.hpp"

namespace assay::profile {
namespace {

using Json = nlohmann::ordered_json;

Json action_json(seccomp::Verdict verdict, const char* action_key, const char* errno_key) {
  const seccomp::Action action = verdict.action();
  Json json{{action_key, oci_action(action)}};
  if (action == seccomp::Action::Errno || action == seccomp::Action::Trace)
    json[errno_key] = verdict.value & seccomp::data_mask;
  return json;
}

Json condition_json(const ArgumentCondition& condition) {
  Json json{{"index", condition.index}, {"value", condition.value}};
  if (condition.op == Operator::MaskedEqual) json["valueTwo"] = condition.value_two;
  json["op"] = oci_operator(condition.op);
  return json;
}

Json rule_json(const Rule& rule) {
  Json json{{"names", Json::array()}};
  for (const Call& call : rule.calls) json["names"].push_back(call.name);
  json.update(action_json(rule.verdict, "action", "errnoRet"));
  json["args"] = Json::array();
  for (const ArgumentCondition& condition : rule.conditions)
    json["args"].push_back(condition_json(condition));
  return json;
}

}  // namespace

std::string to_oci_json(const RuleSet& rules, seccomp::Arch host) {
  Json json = action_json(rules.otherwise, "defaultAction", "defaultErrnoRet");
  json["architectures"] = Json::array();
  std::vector<seccomp::Arch> arches = rules.arches;
  if (std::find(arches.begin(), arches.end(), host) == arches.end())
    arches.insert(arches.begin(), host);
  for (const seccomp::Arch arch : arches)
    if (const OciArch* known = oci_arch(arch)) json["architectures"].push_back(known->name);
  json["syscalls"] = Json::array();
  for (const Rule& rule : rules.rules) json["syscalls"].push_back(rule_json(rule));
  return json.dump(2) + "\n";
}

}  // namespace assay::profile
