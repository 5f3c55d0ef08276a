#include "assay/profile/generator.hpp"

#include <algorithm>
#include <cerrno>

#include "assay/profile/intent.hpp"
#include "assay/text/rejection.hpp"
#include "assay/text/verdict.hpp"
#include "assay/verify/accept.hpp"
#include "profile/libseccomp_filter.hpp"

namespace assay::profile {
namespace {

using symbolic::Condition;
using symbolic::Manager;
using symbolic::VerdictFunction;

constexpr auto drawn_operators = std::to_array<Operator>(
    {Operator::NotEqual, Operator::Less, Operator::LessEqual, Operator::Equal,
     Operator::GreaterEqual, Operator::Greater, Operator::MaskedEqual});
static_assert(drawn_operators.size() == sample::rule_comparisons);

tl::unexpected<Declined> declined(int error) {
  return tl::unexpected(Declined{.why = "errno " + std::to_string(error)});
}

tl::expected<Instructions, Declined> with_libseccomp(const Request& request) {
  auto filter = LibseccompFilter::open(request.rules.otherwise, request.host);
  if (!filter) return declined(filter.error());
  for (const seccomp::Arch arch : request.rules.arches)
    if (const int error = filter->add_arch(arch); error != 0) return declined(error);
  if (request.tree) filter->set_tree();
  for (std::size_t i = 0; i < request.rules.rules.size(); ++i) {
    const Rule& rule = request.rules.rules[i];
    for (const Call& call : rule.calls) {
      const auto number = LibseccompFilter::resolve(call.name.c_str());
      if (!number) continue;
      if (i < request.priorities.size() && request.priorities[i] != 0)
        filter->set_priority(*number, request.priorities[i]);
      if (const int error = filter->add_rule(rule.verdict, *number, rule.conditions); error != 0)
        return declined(error);
    }
  }
  auto instructions = filter->instructions();
  if (!instructions) return declined(instructions.error());
  return std::move(*instructions);
}

// The words that conditions look at come after arch and nr, each argument by itself, since no
// rule compares arguments with each other.
symbolic::Order order_for(const verify::Program& program) {
  return symbolic::Order::for_programs({&program, 1});
}

Environment environment_of(const Request& request) {
  return {.runtime = Runtime::Libseccomp, .host = request.host, .capabilities = {}};
}

// Rules alone, without a filter.
tl::expected<bool, Meaningless> has_open_ends(const RuleSet& rules, const Request& request,
                                              const symbolic::Budget& budget) {
  Manager manager(symbolic::Order::fixed(), budget);
  const auto meaning = intent(manager, rules, environment_of(request));
  if (!meaning) return tl::unexpected(meaning.error());
  return !meaning->ambiguous.is_never();
}

// A rule without conditions decides alone, but those before it may have met already.
bool conditions_meet(const Request& request, const symbolic::Budget& budget) {
  RuleSet conditional = request.rules;
  std::erase_if(conditional.rules, [](const Rule& rule) { return rule.conditions.empty(); });
  return has_open_ends(conditional, request, budget).value_or(true);
}

Judgement without_filter(const Request& request, const Declined& why,
                         const symbolic::Budget& budget) {
  Judgement result{.outcome = Outcome::Broken, .why = why.why};
  if (why.broken) return result;
  if (why.hangs || why.crashes) {
    result.outcome = why.hangs ? Outcome::Hangs : Outcome::Crashes;
    return result;
  }
  const auto open = has_open_ends(request.rules, request, budget);
  if (!open)
    result.outcome = open.error().refusals.empty() ? Outcome::NotDecided : Outcome::Refused;
  else
    result.outcome =
        *open || conditions_meet(request, budget) ? Outcome::LeftOpen : Outcome::Declines;
  return result;
}

}  // namespace

Request request_of(const sample::DrawnRules& drawn) {
  Request request;
  request.host = drawn.arches.front();
  request.tree = drawn.tree;
  request.rules.otherwise = drawn.otherwise;
  request.rules.arches = drawn.arches;
  std::uint32_t line = 0;
  for (const sample::DrawnRule& from : drawn.rules) {
    Rule rule{{{std::string(from.call), {}}}, from.verdict, {}, {}, {0, ++line, 0}};
    for (const sample::DrawnCondition& condition : from.conditions)
      rule.conditions.push_back({condition.argument,
                                 drawn_operators[condition.comparison],
                                 condition.value,
                                 condition.value_two,
                                 Width::Whole,
                                 {}});
    request.rules.rules.push_back(std::move(rule));
    request.priorities.push_back(from.priority);
  }
  return request;
}

Generator libseccomp_generator() { return with_libseccomp; }

Judgement judge(const Request& request, const Generator& generator,
                const symbolic::Budget& budget) {
  auto made = generator(request);
  if (!made) return without_filter(request, made.error(), budget);
  const auto program = verify::accept(*made);
  if (!program)
    return {.outcome = Outcome::Rejected,
            .filter = std::move(*made),
            .why = text::to_text(program.error())};
  Manager manager(order_for(*program), budget);
  const auto meaning = intent(manager, request.rules, environment_of(request));
  // Taken though the rules contradict each other.
  if (!meaning)
    return {.outcome = meaning.error().refusals.empty() ? Outcome::NotDecided : Outcome::LeftOpen};
  const auto actual = VerdictFunction::of(manager, *program);
  if (!actual) return {.outcome = Outcome::NotDecided};
  const bool open = !meaning->ambiguous.is_never();
  if (manager.equal(meaning->function, *actual))
    return {.outcome = open ? Outcome::SameSoFar : Outcome::Same};
  const Condition differing = meaning->function.differs(*actual) & !meaning->ambiguous;
  if (manager.exhausted()) return {.outcome = Outcome::NotDecided};
  const auto witness = differing.witness();
  if (!witness) return {.outcome = Outcome::SameSoFar};
  return {Outcome::Different,   witness,          meaning->function.at(*witness),
          actual->at(*witness), std::move(*made), {}};
}

std::string to_text(const Request& request) {
  static constexpr auto signs =
      std::to_array<std::string_view>({"!=", "<", "<=", "==", ">=", ">", "==", "!="});
  const auto hex = [](std::uint64_t value) {
    std::string text;
    do {
      text.insert(text.begin(), "0123456789abcdef"[value & 15]);
      value >>= 4;
    } while (value != 0);
    return "0x" + text;
  };
  std::string text = "default " + text::to_text(request.rules.otherwise);
  for (const seccomp::Arch arch : request.rules.arches)
    text += " " + std::string(describe(arch).token);
  text += request.tree ? " tree\n" : "\n";
  for (const Rule& rule : request.rules.rules) {
    text += rule.calls.empty() ? "" : rule.calls[0].name;
    std::string joint = " ";
    for (const ArgumentCondition& condition : rule.conditions) {
      const std::string arg = "arg" + std::to_string(condition.index);
      const bool masked = condition.op == Operator::MaskedEqual;
      text += joint + (masked ? "(" + arg + " & " + hex(condition.value) + ")" : arg) + " " +
              std::string(signs[static_cast<std::size_t>(condition.op)]) + " " +
              hex(masked ? condition.value_two : condition.value);
      joint = " && ";
    }
    text += " -> " + text::to_text(rule.verdict) + "\n";
  }
  return text;
}

}  // namespace assay::profile
