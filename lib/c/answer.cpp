// Asking filters.
#include <algorithm>
#include <string_view>

#include "assay/engine/filter_stack.hpp"
#include "assay/load/record.hpp"
#include "assay/smt/solver.hpp"
#include "assay/symbolic/question.hpp"
#include "assay/text/condition.hpp"
#include "assay/text/verdict.hpp"
#include "assay/text/verdict_set.hpp"
#include "c/handles.hpp"

namespace assay::c {
namespace {

using report::Json;
using seccomp::Words;
using symbolic::Manager;
using symbolic::VerdictFunction;

constexpr auto too_much = "not decided within the limits of nodes and time";

symbolic::DeciderFactory decider(const symbolic::Budget& budget) {
  smt::Limits limits;
  limits.time = budget.time;
  return smt::solver(limits);
}

tl::expected<seccomp::SeccompData, Failure> record_of(const assay_record& from) {
  load::RecordFields fields;
  const auto arch = load::parse_arch(from.arch != nullptr ? from.arch : "x86_64");
  if (!arch) return fail(ASSAY_BAD_USAGE, load::describe(arch.error()));
  fields.arch = *arch;
  if (from.syscall != nullptr)
    fields.syscall = from.syscall;
  else
    fields.nr = from.nr;
  fields.ip = from.instruction_pointer;
  std::copy(std::begin(from.args), std::end(from.args), fields.args.begin());
  const auto record = load::to_record(fields);
  if (!record) return fail(ASSAY_BAD_USAGE, load::describe(record.error()));
  return *record;
}

Outcome run(const assay_filter* filter, const assay_record* record, assay_answer* answer) {
  if (filter == nullptr || record == nullptr || answer == nullptr)
    return fail(ASSAY_BAD_USAGE, "filter, record or answer is NULL");
  const auto data = record_of(*record);
  if (!data) return tl::unexpected(data.error());
  const engine::FilterStack stack(filter->programs, filter->semantics);
  const Words words = engine::Interpreter::words_of(*data);
  const auto examined = stack.examine(words);
  assay_answer result{};
  result.value = examined.outcomes[examined.decided_by].value;
  result.instructions = examined.instructions;
  const std::string verdict = text::to_text(examined.verdict, filter->semantics);
  verdict.copy(result.verdict, sizeof result.verdict - 1);
  *answer = result;
  return ASSAY_YES;
}

Outcome explain(const assay_filter* filter, char** json) {
  if (filter == nullptr || json == nullptr) return fail(ASSAY_BAD_USAGE, "filter or json is NULL");
  Manager manager(symbolic::Order::fixed(), filter->budget);
  const auto function = VerdictFunction::of_stack(manager, filter->programs, filter->semantics);
  if (!function) return fail(ASSAY_NOT_DECIDED, too_much);
  text::PolicyOptions options;
  options.machine = filter->semantics.machine;
  const auto policy = text::policy_of(*function, options);
  if (!policy) {
    const bool form = policy.error().budget.limit == symbolic::Limit::None;
    return fail(ASSAY_NOT_DECIDED,
                (form ? "no short form of the condition of " : "not decided within the limits: ") +
                    policy.error().where);
  }
  Json result = document(filter->semantics);
  result["archs"] = Json::array();
  for (const text::ArchPolicy& arch : *policy)
    result["archs"].push_back(report::policy_json(arch, filter->semantics));
  return hand_out(result.dump(), json, ASSAY_YES);
}

// One input on which they differ, where there is no list of all.
Json example(const assay_filter& a, const assay_filter& b, const Words& words) {
  const auto verdict = [&](const assay_filter& filter) {
    const engine::FilterStack stack(filter.programs, filter.semantics);
    return text::to_text(stack.run(words).normalised(filter.semantics), filter.semantics);
  };
  const Json record = report::record_json(words);
  Json one{{"arch", record["arch"].is_string() ? record["arch"] : Json(report::hex(words[1]))}};
  one["syscalls"] = Json::array({record.contains("syscall") ? record["syscall"] : record["nr"]});
  one["condition"] = Json();
  one["a"] = verdict(a);
  one["b"] = verdict(b);
  one["witness"] = record;
  one["inputs_log2"] = Json();
  return one;
}

Outcome unlike(const assay_filter& a, const assay_filter& b, const std::optional<Words>& witness,
               char** json) {
  Json result = document(a.semantics);
  result["equal"] = false;
  result["differences"] = Json::array();
  if (witness) result["differences"].push_back(example(a, b, *witness));
  return hand_out(result.dump(), json, ASSAY_NO);
}

Outcome without_diagrams(const assay_filter& a, const assay_filter& b, char** json) {
  const auto answer =
      symbolic::decide_equal(a.programs, b.programs, a.semantics, symbolic::Precision::Normalised,
                             a.budget, decider(a.budget));
  if (!answer) return fail(ASSAY_NOT_DECIDED, too_much);
  if (!answer->yes) return unlike(a, b, answer->witness, json);
  Json result = document(a.semantics);
  result["equal"] = true;
  result["differences"] = Json::array();
  return hand_out(result.dump(), json, ASSAY_YES);
}

Outcome diff(const assay_filter* a, const assay_filter* b, char** json) {
  if (a == nullptr || b == nullptr || json == nullptr)
    return fail(ASSAY_BAD_USAGE, "a, b or json is NULL");
  if (!(a->semantics == b->semantics))
    return fail(ASSAY_BAD_USAGE, "the filters have different semantics");
  Manager manager(symbolic::Order::fixed(), a->budget);
  const auto of_a = VerdictFunction::of_stack(manager, a->programs, a->semantics);
  if (!of_a) return without_diagrams(*a, *b, json);
  const auto of_b = VerdictFunction::of_stack(manager, b->programs, b->semantics);
  if (!of_b) return without_diagrams(*a, *b, json);
  Json result = document(a->semantics);
  const bool equal = manager.equal(*of_a, *of_b);
  result["equal"] = equal;
  result["differences"] = Json::array();
  if (equal) return hand_out(result.dump(), json, ASSAY_YES);
  text::PolicyOptions options;
  options.machine = a->semantics.machine;
  const auto differences = text::differences_of(*of_a, *of_b, {false, a->semantics}, options);
  if (!differences) return unlike(*a, *b, of_a->differs(*of_b).witness(), json);
  for (const text::Difference& difference : *differences)
    result["differences"].push_back(report::difference_json(
        difference, difference.inputs.witness().value_or(Words{}), a->semantics));
  return hand_out(result.dump(), json, ASSAY_NO);
}

Outcome query(const assay_filter* filter, const char* when, const char* verdicts, char** json) {
  if (filter == nullptr || verdicts == nullptr || json == nullptr)
    return fail(ASSAY_BAD_USAGE, "filter, verdicts or json is NULL");
  text::Expression condition;
  if (when != nullptr) {
    auto parsed = text::parse_condition(when);
    if (!parsed) return fail(ASSAY_BAD_USAGE, "when: " + text::to_string(parsed.error()));
    condition = std::move(*parsed);
  }
  const auto wanted = text::parse_verdicts(verdicts, filter->semantics);
  if (!wanted) return fail(ASSAY_BAD_USAGE, "verdicts: " + wanted.error());
  Manager manager(symbolic::Order::for_programs(filter->programs), filter->budget);
  const auto answer = symbolic::decide_possible(text::inputs_of(manager, condition),
                                                filter->programs, wanted->ranges, filter->semantics,
                                                wanted->precision, decider(filter->budget));
  if (!answer) return fail(ASSAY_NOT_DECIDED, too_much);
  Json result = document(filter->semantics);
  result["possible"] = answer->yes;
  result["witness"] = answer->witness ? report::record_json(*answer->witness) : Json();
  result["verdict"] = Json();
  if (answer->witness) {
    const engine::FilterStack stack(filter->programs, filter->semantics);
    result["verdict"] = text::to_text(stack.run(*answer->witness), filter->semantics);
  }
  return hand_out(result.dump(), json, answer->yes ? ASSAY_YES : ASSAY_NO);
}

Outcome fingerprint(const assay_filter* filter, char** text) {
  if (filter == nullptr || text == nullptr) return fail(ASSAY_BAD_USAGE, "filter or text is NULL");
  const auto digest = symbolic::fingerprint(filter->programs, filter->semantics, filter->budget);
  if (!digest) return fail(ASSAY_NOT_DECIDED, too_much);
  return hand_out(*digest, text, ASSAY_YES);
}

}  // namespace
}  // namespace assay::c

extern "C" {

assay_status assay_run(const assay_filter* filter, const assay_record* record, assay_answer* answer,
                       char** why) {
  return assay::c::at_border(why, [&] { return assay::c::run(filter, record, answer); });
}

assay_status assay_explain(const assay_filter* filter, char** json, char** why) {
  return assay::c::at_border(why, [&] { return assay::c::explain(filter, json); });
}

assay_status assay_diff(const assay_filter* a, const assay_filter* b, char** json, char** why) {
  return assay::c::at_border(why, [&] { return assay::c::diff(a, b, json); });
}

assay_status assay_query(const assay_filter* filter, const char* when, const char* verdicts,
                         char** json, char** why) {
  return assay::c::at_border(why, [&] { return assay::c::query(filter, when, verdicts, json); });
}

assay_status assay_fingerprint(const assay_filter* filter, char** text, char** why) {
  return assay::c::at_border(why, [&] { return assay::c::fingerprint(filter, text); });
}

}  // extern "C"
