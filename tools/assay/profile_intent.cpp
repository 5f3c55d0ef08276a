// assay profile intent: the policy straight from the rules.
#include "assay/text/policy.hpp"
#include "assay/text/verdict.hpp"
#include "budget_options.hpp"
#include "profile_actions.hpp"
#include "profile_options.hpp"
#include "syscalls_json.hpp"
#include "witness_record.hpp"

namespace assay::tool {
namespace {

Json policy_json(const text::Policy& policy, const seccomp::Semantics& semantics) {
  Json archs = Json::array();
  for (const text::ArchPolicy& arch : policy) {
    Json rules = Json::array();
    for (const text::Rule& rule : arch.rules) {
      const bool always = rule.condition.kind == text::Expression::Kind::Always;
      rules.push_back({{"syscalls", syscalls_json(arch.scope, rule)},
                       {"condition", always ? Json() : Json(text::to_text(rule.condition))},
                       {"verdict", text::to_text(rule.verdict, semantics)}});
    }
    archs.push_back({{"arch", text::name(arch.scope)},
                     {"default", text::to_text(arch.otherwise, semantics)},
                     {"rules", rules}});
  }
  return archs;
}

ExitStatus print(const ProfileJob& job, const load::Profile& profile,
                 const profile::Target& target) {
  symbolic::Manager manager(symbolic::Order::fixed(), job.budget);
  const auto meaning = intent(manager, target, profile.environment, {job.line.has("pure"), false});
  if (!meaning && !meaning.error().refusals.empty())
    return complain_of(profile, meaning.error().refusals);
  text::PolicyOptions options;
  options.machine = profile.environment.host;
  const auto policy = meaning
                          ? text::policy_of(meaning->function, options)
                          : tl::unexpected(text::Unexplained{meaning.error().budget, "the intent"});
  if (!policy)
    return undecided(title(profile, target) + ": " + policy.error().where,
                     {policy.error().budget, {}}, job.budget);
  const double ambiguous = meaning->ambiguous.count().log2();
  const bool some = !meaning->ambiguous.is_never();
  if (job.line.json()) {
    Json json = target_json(job.line, profile, target);
    json["archs"] = policy_json(*policy, job.line.semantics());
    json["ambiguous_log2"] = some ? log2_of(ambiguous) : Json();
    json["findings"] = findings_json(all_findings(profile), profile.targets.files);
    job.output.write(json_line(json));
    return yes;
  }
  if (job.line.operands().size() > 2 || profile.targets.targets.size() > 1)
    job.output.write(title(profile, target) + "\n");
  job.output.write(text::to_text(*policy, job.line.semantics()));
  if (some)
    job.line.note(title(profile, target) + ": for " + inputs_text(ambiguous) +
                  " rules of different verdicts hold, and nothing says which decides");
  return yes;
}

}  // namespace

ExitStatus print_intent(const ProfileJob& job, const load::Profile& profile) {
  ExitStatus worst = yes;
  for (const profile::Target& target : profile.targets.targets)
    worst = worse(worst, print(job, profile, target));
  if (profile.targets.targets.empty())
    job.line.note(load::printable(profile.file) + ": no filter is meant");
  return worst;
}

}  // namespace assay::tool
