// assay profile verify: is the filter what the profile says?
#include "assay/profile/confirm.hpp"
#include "assay/profile/verify.hpp"
#include "assay/text/rejection.hpp"
#include "assay/text/verdict.hpp"
#include "assay/verify/accept.hpp"
#include "budget_options.hpp"
#include "filters.hpp"
#include "kernel_opinion.hpp"
#include "profile_actions.hpp"
#include "profile_options.hpp"
#include "scope_words.hpp"
#include "syscalls_json.hpp"
#include "witness_record.hpp"

namespace assay::tool {
namespace {

using profile::Discrepancy;
using profile::Target;

using Programs = std::vector<verify::Program>;

// What is compared with the intent, in words and as programs.
struct Opponent {
  std::string words;
  Programs programs;
};

class Verifying {
 public:
  Verifying(const ProfileJob& job, const load::Profile& profile, profile::Opinion opinion)
      : job_(job), profile_(profile), opinion_(std::move(opinion)) {}

  ExitStatus verify(const Target& target) const {
    const auto opponent = job_.line.has("against") ? against() : compiled(target);
    if (!opponent) return opponent.error();
    const auto verified =
        profile::verify(target, profile_.environment, opponent->programs,
                        {job_.line.has("pure"), job_.budget, job_.line.semantics()});
    if (!verified && !verified.error().refusals.empty())
      return complain_of(profile_, verified.error().refusals);
    if (!verified)
      return undecided(title(profile_, target), {verified.error().budget, {}}, job_.budget);
    tell(target, *opponent, *verified);
    if (!verified->equal && verified->untold)
      return undecided(title(profile_, target) + ": all that differs",
                       {verified->untold->budget, {}}, job_.budget);
    return verified->equal ? yes : no;
  }

 private:
  tl::expected<Opponent, ExitStatus> against() const {
    const std::string argument = job_.line.text("against");
    auto stack = load_stack(job_.line, {&argument, 1});
    if (!stack) return tl::unexpected(stack.error());
    return Opponent{load::printable(argument), std::move(stack->programs)};
  }

  tl::expected<Opponent, ExitStatus> compiled(const Target& target) const {
    const auto filters = compile(target, profile_.environment, job_.options.form);
    if (!filters) return tl::unexpected(complain_of(profile_, filters.error().refusals));
    Opponent result;
    std::size_t instructions = 0;
    for (const profile::Filter& filter : *filters) {
      const auto program = verify::accept(filter.instructions, job_.line.semantics());
      if (!program) {
        complain(title(profile_, target) +
                 ": the filter is rejected: " + text::to_text(program.error()));
        return tl::unexpected(no);
      }
      result.programs.push_back(*program);
      instructions += program->size();
    }
    result.words = "what " + std::string(name(profile_.environment.runtime)) + " loads (" +
                   (filters->size() > 1 ? std::to_string(filters->size()) + " filters, " : "") +
                   std::to_string(instructions) + " instructions)";
    return result;
  }

  void tell(const Target& target, const Opponent& opponent,
            const profile::Verification& verified) const {
    job_.output.write(job_.line.json() ? json_line(to_json(target, opponent, verified))
                                       : to_text(target, opponent, verified));
  }

  std::string to_text(const Target& target, const Opponent& opponent,
                      const profile::Verification& verified) const {
    std::string text = title(profile_, target) + ": ";
    if (verified.equal)
      text += job_.line.paint()(Shade::Good, "same as") + " " + opponent.words;
    else
      text += job_.line.paint()(Shade::Bad, "differs from") + " " + opponent.words;
    if (!verified.ambiguous.is_zero())
      text += "; " + inputs_text(verified.ambiguous.log2()) + " that no documentation settles";
    text += "\n";
    for (const Discrepancy& each : verified.discrepancies) text += to_text(target, opponent, each);
    return text;
  }

  std::string to_text(const Target& target, const Opponent& opponent,
                      const Discrepancy& each) const {
    const bool example = each.where.numbers.empty();
    std::string text =
        example ? "for example: "
                : wrapped(in_words(each.scope) + ": " + in_words(each.scope, each.where) + ": ");
    text += job_.line.paint()(Shade::Bad, text::to_text(each.intended)) + " -> " +
            job_.line.paint()(Shade::Bad, text::to_text(each.actual)) + " (fails " +
            std::string(name(each.failing)) + "; " + in_words(target, each) + ")\n";
    if (each.where.condition.kind != text::Expression::Kind::Always)
      text += "  if " + text::to_text(each.where.condition) + "\n";
    text += "  " + inputs_text(each.count.log2()) + ", such as " + to_options(each.witness) + "\n";
    if (opinion_) text += "  " + confirmed_text(opponent, each) + "\n";
    return text;
  }

  // Who says what was meant.
  std::string in_words(const Target& target, const Discrepancy& each) const {
    if (!each.source) return "of the whole";
    if (const auto* rule = std::get_if<profile::RuleIndex>(&*each.source))
      return "rule of " +
             load::where(target.filters[0].rules[rule->rule].place, profile_.targets.files);
    if (const auto* implicit = std::get_if<profile::Implicit>(&*each.source))
      return "implicit rule " + std::string(name(*implicit));
    return "default action";
  }
  static std::string in_words(const text::Scope& scope) { return tool::in_words(scope); }
  static std::string in_words(const text::Scope& scope, const text::Rule& rule) {
    return tool::in_words(scope, rule);
  }

  tl::expected<seccomp::Verdict, std::string> ask(const Opponent& opponent,
                                                  const Discrepancy& each) const {
    const auto order = seccomp::byte_order(each.witness[1]);
    return opinion_(opponent.programs, seccomp::from_words(each.witness, order));
  }

  std::string confirmed_text(const Opponent& opponent, const Discrepancy& each) const {
    const auto opinion = ask(opponent, each);
    if (!opinion) return "the running kernel: not compared: " + opinion.error();
    return "the running kernel: " + text::to_text(*opinion);
  }

  Json to_json(const Target& target, const Opponent& opponent,
               const profile::Verification& verified) const {
    Json json = target_json(job_.line, profile_, target);
    json["libseccomp"] = profile::libseccomp_version();
    json["against"] = job_.line.has("against") ? Json(job_.line.text("against")) : Json();
    json["equal"] = verified.equal;
    json["ambiguous_log2"] =
        verified.ambiguous.is_zero() ? Json() : log2_of(verified.ambiguous.log2());
    json["differences"] = Json::array();
    for (const Discrepancy& each : verified.discrepancies)
      json["differences"].push_back(to_json(target, opponent, each));
    json["findings"] = findings_json(all_findings(profile_), profile_.targets.files);
    return json;
  }

  Json to_json(const Target& target, const Opponent& opponent, const Discrepancy& each) const {
    const bool example = each.where.numbers.empty();
    const bool always = each.where.condition.kind == text::Expression::Kind::Always;
    Json json{{"arch", example ? Json() : Json(text::name(each.scope))},
              {"syscalls", example ? Json() : syscalls_json(each.scope, each.where)},
              {"condition", always ? Json() : Json(text::to_text(each.where.condition))},
              {"intended", text::to_text(each.intended)},
              {"actual", text::to_text(each.actual)},
              {"fails", name(each.failing)},
              {"source", source_json(each)},
              {"rule", rule_json(target, each)},
              {"witness", to_record(each.witness)},
              {"inputs_log2", log2_of(each.count.log2())}};
    if (opinion_) {
      const auto opinion = ask(opponent, each);
      json["confirmed"] = opinion ? Json(text::to_text(*opinion)) : Json();
      json["not_compared"] = opinion ? Json() : Json(opinion.error());
    }
    return json;
  }

  static Json source_json(const Discrepancy& each) {
    if (!each.source) return {};
    if (std::holds_alternative<profile::RuleIndex>(*each.source)) return "rule";
    if (const auto* implicit = std::get_if<profile::Implicit>(&*each.source))
      return name(*implicit);
    return "default";
  }

  Json rule_json(const Target& target, const Discrepancy& each) const {
    if (!each.source) return {};
    const auto* rule = std::get_if<profile::RuleIndex>(&*each.source);
    if (rule == nullptr) return {};
    const profile::Place& place = target.filters[0].rules[rule->rule].place;
    return {{"index", rule->rule},
            {"file", profile_.targets.files[place.file]},
            {"line", place.line == 0 ? Json() : Json(place.line)}};
  }

  const ProfileJob& job_;
  const load::Profile& profile_;
  profile::Opinion opinion_;
};

}  // namespace

ExitStatus verify_profile(const ProfileJob& job, const load::Profile& profile) {
  profile::Opinion opinion;
  if (job.line.has("confirm")) {
    auto asked = running_kernel();
    if (!asked) return asked.error();
    opinion = std::move(*asked);
  }
  const Verifying verifying(job, profile, opinion);
  ExitStatus worst = yes;
  for (const Target& target : profile.targets.targets)
    worst = worse(worst, verifying.verify(target));
  if (profile.targets.targets.empty())
    job.line.note(load::printable(profile.file) + ": no filter is meant");
  return worst;
}

}  // namespace assay::tool
