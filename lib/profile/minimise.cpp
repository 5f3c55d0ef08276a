// Delta debugging on rules: each step is tried and kept when the disagreement is still there.
// Steps are tried until none helps; each makes the request smaller, so that this ends.
#include <algorithm>
#include <array>
#include <map>
#include <utility>
#include <vector>

#include "assay/bpf/opcode.hpp"
#include "assay/profile/generator.hpp"
#include "assay/symbolic/analysis.hpp"
#include "assay/verify/accept.hpp"

namespace assay::profile {
namespace {

using seccomp::Verdict;

class Minimising {
 public:
  Minimising(Request request, const Generator& generator, Outcome outcome,
             const symbolic::Budget& budget)
      : best_(std::move(request)), generator_(generator), outcome_(outcome), budget_(budget) {}

  Request simple() && {
    simplify();
    return std::move(best_);
  }

  Request small() && {
    do simplify();
    while (smaller_values());
    return std::move(best_);
  }

 private:
  // All but the values.
  void simplify() {
    best_.priorities.resize(best_.rules.rules.size());
    for (bool smaller = true; std::exchange(smaller, false);)
      for (const bool step : {drop_rules(), drop_conditions(), drop_arches(), plain_form(),
                              smaller_indexes(), plain_names()})
        smaller |= step;
  }

  // Whether the smaller request still shows it.
  bool keep(const Request& smaller) {
    if (smaller == best_ || judge(smaller, generator_, budget_).outcome != outcome_) return false;
    best_ = smaller;
    return true;
  }

  bool drop_rules() {
    bool any = false;
    for (std::size_t i = best_.rules.rules.size(); i-- > 0;) {
      Request smaller = best_;
      smaller.rules.rules.erase(smaller.rules.rules.begin() + static_cast<std::ptrdiff_t>(i));
      smaller.priorities.erase(smaller.priorities.begin() + static_cast<std::ptrdiff_t>(i));
      any |= keep(smaller);
    }
    return any;
  }

  bool drop_conditions() {
    bool any = false;
    for (std::size_t rule = 0; rule < best_.rules.rules.size(); ++rule)
      for (std::size_t i = best_.rules.rules[rule].conditions.size(); i-- > 0;) {
        Request smaller = best_;
        auto& conditions = smaller.rules.rules[rule].conditions;
        conditions.erase(conditions.begin() + static_cast<std::ptrdiff_t>(i));
        any |= keep(smaller);
      }
    return any;
  }

  bool drop_arches() {
    bool any = false;
    for (std::size_t i = best_.rules.arches.size(); i-- > 0;) {
      Request smaller = best_;
      smaller.rules.arches.erase(smaller.rules.arches.begin() + static_cast<std::ptrdiff_t>(i));
      any |= keep(smaller);
    }
    if (best_.host == seccomp::Arch::x86_64) return any;
    Request smaller = best_;
    smaller.host = seccomp::Arch::x86_64;
    std::erase(smaller.rules.arches, best_.host);
    return keep(smaller) || any;
  }

  bool plain_form() {
    Request smaller = best_;
    smaller.tree = false;
    bool any = keep(smaller);
    smaller = best_;
    std::fill(smaller.priorities.begin(), smaller.priorities.end(), std::uint8_t{0});
    return keep(smaller) || any;
  }

  // One value at a time, towards 0, and all that equal each other at once.
  bool smaller_values() {
    bool any = false;
    for (std::size_t rule = 0; rule < best_.rules.rules.size(); ++rule)
      for (std::size_t i = 0; i < best_.rules.rules[rule].conditions.size(); ++i) {
        any |= smaller_value(rule, i, &ArgumentCondition::value);
        any |= smaller_value(rule, i, &ArgumentCondition::value_two);
      }
    return any;
  }

  bool smaller_indexes() {
    bool any = false;
    for (std::size_t rule = 0; rule < best_.rules.rules.size(); ++rule)
      for (std::size_t i = 0; i < best_.rules.rules[rule].conditions.size(); ++i)
        any |= smaller_index(rule, i);
    return any;
  }

  bool smaller_value(std::size_t rule, std::size_t at, std::uint64_t ArgumentCondition::*value) {
    const auto now = [&] { return best_.rules.rules[rule].conditions[at].*value; };
    const auto try_value = [&](std::uint64_t candidate) {
      if (candidate >= now()) return false;
      Request smaller = best_;
      smaller.rules.rules[rule].conditions[at].*value = candidate;
      return keep(smaller);
    };
    constexpr std::uint64_t low_half = 0xffffffff;
    for (const std::uint64_t small : {std::uint64_t{0}, std::uint64_t{1}, now() & low_half})
      if (try_value(small)) return true;
    bool any = false;
    // Largest steps first: as many as the value has bits, not as many as it counts.
    for (unsigned bit = 64; bit-- > 0;)
      if (const std::uint64_t step = std::uint64_t{1} << bit; step <= now())
        any |= try_value(now() - step);
    return any;
  }

  bool smaller_index(std::size_t rule, std::size_t at) {
    const std::uint32_t now = best_.rules.rules[rule].conditions[at].index;
    for (std::uint32_t index = 0; index < now; ++index) {
      // Everywhere at once, so that what met still meets.
      Request smaller = best_;
      for (Rule& each : smaller.rules.rules)
        for (ArgumentCondition& condition : each.conditions)
          if (condition.index == now)
            condition.index = index;
          else if (condition.index == index)
            condition.index = now;
      if (total_index(smaller) < total_index(best_) && keep(smaller)) return true;
    }
    return false;
  }

  static std::uint32_t total_index(const Request& request) {
    std::uint32_t sum = 0;
    for (const Rule& rule : request.rules.rules)
      for (const ArgumentCondition& condition : rule.conditions) sum += condition.index;
    return sum;
  }

  // Other calls and verdicts as the simplest that do: read, ERRNO(1), ALLOW.
  bool plain_names() {
    std::map<std::string, int> names;
    for (const Rule& rule : best_.rules.rules) ++names[rule.calls.at(0).name];
    bool any = false;
    if (names.size() == 1 && !names.contains("read")) {
      Request smaller = best_;
      for (Rule& rule : smaller.rules.rules) rule.calls[0].name = "read";
      any |= keep(smaller);
    }
    return plain_verdicts() || any;
  }

  bool plain_verdicts() {
    static constexpr auto plain = std::to_array<std::uint32_t>(
        {value_of(seccomp::Action::Errno, 1), value_of(seccomp::Action::Errno, 2)});
    Request smaller = best_;
    std::map<std::uint32_t, Verdict> renamed{
        {best_.rules.otherwise.value, {value_of(seccomp::Action::Allow)}}};
    smaller.rules.otherwise = renamed.at(best_.rules.otherwise.value);
    std::size_t next = 0;
    for (Rule& rule : smaller.rules.rules) {
      const auto at = renamed.find(rule.verdict.value);
      if (at == renamed.end()) {
        if (next == plain.size()) return false;
        renamed[rule.verdict.value] = {plain[next++]};
      }
      rule.verdict = renamed.at(rule.verdict.value);
    }
    return keep(smaller);
  }

  Request best_;
  const Generator& generator_;
  Outcome outcome_;
  const symbolic::Budget& budget_;
};

}  // namespace

Request simplified(Request request, const Generator& generator, const Judgement& judgement,
                   const symbolic::Budget& budget) {
  return Minimising(std::move(request), generator, judgement.outcome, budget).simple();
}

Request minimised(Request request, const Generator& generator, const Judgement& judgement,
                  const symbolic::Budget& budget) {
  return Minimising(std::move(request), generator, judgement.outcome, budget).small();
}

namespace {

// Comparisons of order are compiled alike, and so are those of single values.
std::string_view kind_of(Operator op) {
  switch (op) {
    case Operator::Less:
    case Operator::LessEqual:
    case Operator::GreaterEqual:
    case Operator::Greater: return "order";
    case Operator::NotEqual:
    case Operator::MaskedNotEqual: return "unequal";
    case Operator::Equal:
    case Operator::MaskedEqual: break;
  }
  return "equal";
}

// Where rules meet they are told apart; of what one rule alone looks at it is enough that it does.
class Shape {
 public:
  explicit Shape(const Request& request) : request_(request) {
    for (const Rule& rule : request.rules.rules)
      for (const ArgumentCondition& condition : rule.conditions) ++uses_[condition.index];
  }

  std::string text() {
    const char otherwise = letter(request_.rules.otherwise);
    std::vector<std::string> rules;
    for (const Rule& rule : request_.rules.rules) rules.push_back(of(rule));
    std::sort(rules.begin(), rules.end());
    std::string all;
    for (const std::string& rule : rules) all += rule + ", ";
    return all + "else " + otherwise;
  }

 private:
  char letter(Verdict verdict) {
    const auto next = static_cast<char>('A' + verdicts_.size());
    return verdicts_.try_emplace(verdict.normalised().value, next).first->second;
  }

  std::string of(const Rule& rule) {
    std::vector<std::string> tests;
    for (const ArgumentCondition& condition : rule.conditions)
      tests.push_back(uses_[condition.index] == 1 && request_.rules.rules.size() > 1
                          ? "other"
                          : "arg" + std::to_string(condition.index) + " " +
                                std::string(kind_of(condition.op)));
    std::sort(tests.begin(), tests.end());
    tests.erase(std::unique(tests.begin(), tests.end()), tests.end());
    std::string text = rule.calls.empty() || rule.calls[0].name == "read" ? "" : rule.calls[0].name;
    for (const std::string& test : tests) text += (text.empty() ? "" : " & ") + test;
    return text + " -> " + letter(rule.verdict);
  }

  const Request& request_;
  std::map<std::uint32_t, int> uses_;
  std::map<std::uint32_t, char> verdicts_;
};

// Whether some comparison meets this word of the input on one path and that one on another.
bool compares_several_words(const Instructions& filter, const symbolic::Budget& budget) {
  const auto program = verify::accept(filter);
  if (!program) return false;
  symbolic::Manager manager(symbolic::Order::for_programs({&*program, 1}), budget);
  const auto analysis = symbolic::Analysis::of(manager, *program);
  if (!analysis) return false;
  for (std::size_t pc = 0; pc < program->size(); ++pc)
    if (bpf::is_branch(program->opcode(pc).operation) && analysis->reachable(pc) &&
        analysis->a_at(pc).alternatives() > 1)
      return true;
  return false;
}

}  // namespace

std::string cause_of(const Request& simple, const Judgement& judgement,
                     const symbolic::Budget& budget) {
  std::string cause = std::string(name(judgement.outcome)) + ": " + Shape(simple).text();
  for (const seccomp::Arch arch : simple.rules.arches)
    cause += " " + std::string(describe(arch).token);
  if (simple.tree) cause += " tree";
  if (compares_several_words(judgement.filter, budget)) cause += "; compares another word";
  return cause;
}

}  // namespace assay::profile
