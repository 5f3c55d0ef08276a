#include <nlohmann/json.hpp>

#include "assay/trace/tighten.hpp"

namespace assay::trace {
namespace {

using Json = nlohmann::ordered_json;
using seccomp::Action;

std::string action_name(seccomp::Verdict verdict) {
  switch (verdict.action()) {
    case Action::Allow: return "SCMP_ACT_ALLOW";
    case Action::Log: return "SCMP_ACT_LOG";
    case Action::Trace: return "SCMP_ACT_TRACE";
    case Action::UserNotif: return "SCMP_ACT_NOTIFY";
    case Action::Errno: return "SCMP_ACT_ERRNO";
    case Action::Trap: return "SCMP_ACT_TRAP";
    case Action::KillThread: return "SCMP_ACT_KILL_THREAD";
    default: return "SCMP_ACT_KILL_PROCESS";
  }
}

bool has_errno(seccomp::Verdict verdict) {
  return verdict.action() == Action::Errno || verdict.action() == Action::Trace;
}

std::string arch_name(seccomp::Arch arch) {
  std::string text = "SCMP_ARCH_";
  for (const char c : seccomp::describe(arch).token)
    text += static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  return text;
}

Json condition_json(const profile::ArgumentCondition& condition) {
  Json json{{"index", condition.index}, {"value", condition.value}};
  if (condition.op == profile::Operator::MaskedEqual) json["valueTwo"] = condition.value_two;
  json["op"] = "SCMP_CMP_" + std::string(profile::name(condition.op));
  return json;
}

Json rule_json(const profile::Rule& rule) {
  Json json{{"names", Json::array()}};
  for (const profile::Call& call : rule.calls) json["names"].push_back(call.name);
  json["action"] = action_name(rule.verdict);
  if (has_errno(rule.verdict)) json["errnoRet"] = rule.verdict.data();
  if (rule.conditions.empty()) return json;
  json["args"] = Json::array();
  for (const auto& condition : rule.conditions) json["args"].push_back(condition_json(condition));
  return json;
}

}  // namespace

std::string oci_json(const profile::RuleSet& rules) {
  Json json{{"defaultAction", action_name(rules.otherwise)}};
  if (has_errno(rules.otherwise)) json["defaultErrnoRet"] = rules.otherwise.data();
  json["architectures"] = Json::array();
  for (const seccomp::Arch arch : rules.arches) json["architectures"].push_back(arch_name(arch));
  json["syscalls"] = Json::array();
  for (const profile::Rule& rule : rules.rules) json["syscalls"].push_back(rule_json(rule));
  return json.dump(2) + "\n";
}

}  // namespace assay::trace
