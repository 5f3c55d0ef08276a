// A set of inputs in words: found by guessing shapes and keeping what proves equal.
//
// A condition on one field is a set of its values (value_set.hpp). One on several is tried, in
// this order, as
//   independent parts    arg0 == 1 && arg2 in {4, 8}; their negations joined by ||
//   cases of one field   arg0 == 1 || (arg0 == 16 && arg2 == 9)
//   a relation           arg0 < arg1, (arg0 & arg1) != 0, perhaps with parts beside it
//   cubes of bits        (arg0 & 0x1) != 0 && (arg2 & 0x8) == 0 || ...
// first over whole fields, then over their halves. Candidates are expressions, turned back
// into sets and compared, so that a wrong guess costs time only.
#include <algorithm>

#include "text/value_set.hpp"

namespace assay::text {
namespace {

using symbolic::Comparison;
using symbolic::Condition;
using symbolic::Manager;
using Kind = Expression::Kind;

constexpr std::size_t short_enough = 24;  // a cost at which nothing else is tried
constexpr std::size_t few = 32;           // ranges, cubes: a form that people can read
constexpr std::size_t most_cubes = 512;   // a form at all
constexpr std::size_t most_cases = 24;
constexpr std::size_t most_attempts = 500;
constexpr std::size_t most_dead_ends = 8;

std::vector<std::size_t> words_of(const std::vector<Subject>& subjects,
                                  const std::vector<bool>& chosen, bool wanted) {
  std::vector<std::size_t> words;
  for (std::size_t i = 0; i < subjects.size(); ++i)
    if (chosen[i] == wanted)
      words.insert(words.end(), subjects[i].words.begin(), subjects[i].words.end());
  return words;
}

std::vector<bool> only(std::size_t count, std::initializer_list<std::size_t> chosen) {
  std::vector<bool> result(count);
  for (const std::size_t i : chosen) result[i] = true;
  return result;
}

// "< 5" as "<= 4", so that one set does not print in two ways.
Expression closed(Expression expression) {
  for (Expression& part : expression.parts) part = closed(std::move(part));
  if (expression.kind != Kind::Compare || !expression.right.inputs.empty()) return expression;
  std::uint64_t& number = *expression.right.number;
  if (expression.how == Comparison::Less && number > 0) {
    expression.how = Comparison::LessEqual;
    --number;
  } else if (expression.how == Comparison::Greater && number < ~std::uint64_t{0}) {
    expression.how = Comparison::GreaterEqual;
    ++number;
  }
  return expression;
}

class Search {
 public:
  Search(Manager& manager, std::endian order) : manager_(manager), order_(order) {}

  std::optional<Expression> of(const Condition& condition) {
    Expression constant;
    if (condition.is_always() || condition.is_never()) {
      constant.kind = condition.is_always() ? Kind::Always : Kind::Never;
      return constant;
    }
    for (const auto& [known, expression] : done_)
      if (manager_.equal(known, condition)) return expression;
    if (++attempts_ > most_attempts || dead_ends_ > most_dead_ends || manager_.exhausted())
      return std::nullopt;
    ++depth_;
    std::optional<Expression> result = search(condition);
    --depth_;
    done_.emplace_back(condition, result);
    return result;
  }

 private:
  using Subjects = std::vector<Subject>;

  std::optional<Expression> search(const Condition& condition) {
    const Subjects fields = subjects_of(condition, order_);
    std::optional<Expression> best =
        fields.size() == 1 ? value_set(condition, fields.front(), few) : over(condition, fields);
    // For a part of a condition, what is found is good enough.
    const auto too_long = [&] { return !best || (depth_ == 1 && cost(*best) > short_enough); };
    if (too_long()) {
      const Subjects halves = subjects_of(condition, order_, true);
      if (halves.size() > fields.size()) keep_cheaper(best, over(condition, halves));
    }
    if (too_long()) keep_cheaper(best, cubes(condition, fields, few));
    if (!best && depth_ == 1) best = cubes(condition, fields, most_cubes);
    if (!best) ++dead_ends_;
    return best;
  }

  std::optional<Expression> over(const Condition& condition, const Subjects& subjects) {
    if (auto found = independent(condition, subjects)) return found;
    std::optional<Expression> best;
    std::vector<std::size_t> entangled;  // subjects of more values than can be told one by one
    for (std::size_t i = 0; i < subjects.size(); ++i) {
      const auto parts = partition(condition, subjects[i]);
      if (parts) keep_cheaper(best, cases(*parts));
      if (!parts) entangled.push_back(i);
    }
    for (const std::size_t i : entangled)
      for (const std::size_t j : entangled)
        if (i < j) keep_cheaper(best, relation(condition, subjects, i, j));
    return best;
  }

  static void keep_cheaper(std::optional<Expression>& best, std::optional<Expression> other) {
    if (other && (!best || cost(*other) < cost(*best))) best = std::move(other);
  }

  // One subject, or two, that have nothing to do with the others.
  std::optional<Expression> independent(const Condition& condition, const Subjects& subjects) {
    const std::size_t count = subjects.size();
    for (std::size_t i = 0; i < count; ++i)
      if (auto found = apart(condition, subjects, only(count, {i}))) return found;
    for (std::size_t i = 0; count > 3 && i < count; ++i)
      for (std::size_t j = i + 1; j < count; ++j)
        if (auto found = apart(condition, subjects, only(count, {i, j}))) return found;
    return std::nullopt;
  }

  std::optional<Expression> apart(const Condition& condition, const Subjects& subjects,
                                  const std::vector<bool>& chosen) {
    if (auto found = both(condition, subjects, chosen)) return found;
    auto found = both(!condition, subjects, chosen);
    return found ? std::optional(negated(std::move(*found))) : std::nullopt;
  }

  std::optional<Expression> both(const Condition& condition, const Subjects& subjects,
                                 const std::vector<bool>& chosen) {
    const Condition one = condition.projected(words_of(subjects, chosen, true));
    if (one.is_always()) return std::nullopt;
    const Condition other = condition.projected(words_of(subjects, chosen, false));
    if (!manager_.equal(one & other, condition)) return std::nullopt;
    return conjunction({one, other});
  }

  std::optional<Expression> conjunction(const std::vector<Condition>& conditions) {
    std::vector<Expression> parts;
    for (const Condition& condition : conditions) {
      auto part = of(condition);
      if (!part) return std::nullopt;
      parts.push_back(std::move(*part));
    }
    return all_of(std::move(parts));
  }

  // Two subjects compared with each other, perhaps beside a condition on one of them, on both,
  // or on others.
  std::optional<Expression> relation(const Condition& condition, const Subjects& subjects,
                                     std::size_t i, std::size_t j) {
    const Subject& a = subjects[i];
    const Subject& b = subjects[j];
    if (!interleaved(a, b)) return std::nullopt;
    std::vector<std::pair<Expression, Condition>> guesses;
    for (Expression& guess : relations(a, b)) {
      const Condition set = set_of(guess);
      if (manager_.equal(set, condition)) return guess;
      guesses.emplace_back(std::move(guess), set);
    }
    if (subjects.size() == 2)
      if (auto found = value_of_common_bits(condition, b)) return found;
    for (const bool negate : {false, true}) {
      auto found = beside(guesses, negate ? !condition : condition, subjects, i, j);
      if (found) return negate ? negated(std::move(*found)) : *found;
    }
    return std::nullopt;
  }

  // A guess that always holds, and what is left when one side of it is forgotten.
  std::optional<Expression> beside(const std::vector<std::pair<Expression, Condition>>& guesses,
                                   const Condition& wanted, const Subjects& subjects, std::size_t i,
                                   std::size_t j) {
    const auto forgotten = [&](std::size_t at) {
      return wanted.projected(words_of(subjects, only(subjects.size(), {at}), false));
    };
    const Condition without_a = forgotten(i);
    const Condition without_b = forgotten(j);
    const Condition without_each = without_a & without_b;
    for (const auto& [guess, set] : guesses) {
      if (!wanted.implies(set)) continue;
      for (const Condition& rest : {without_a, without_b, without_each}) {
        if (manager_.equal(rest, wanted) || !manager_.equal(set & rest, wanted)) continue;
        auto other = of(rest);
        if (!other) continue;
        std::vector<Expression> parts{guess, std::move(*other)};
        return all_of(std::move(parts));
      }
    }
    return std::nullopt;
  }

  // A set of values of both joined by &: what holds of one alone where b has all bits set,
  // said of both.
  std::optional<Expression> value_of_common_bits(const Condition& condition, const Subject& b) {
    const Condition of_nothing = condition.with_words(b.words, {});
    if (!of_nothing.is_always() && !of_nothing.is_never()) return std::nullopt;
    seccomp::Words ones;
    ones.fill(~0U);
    auto found = of(condition.with_words(b.words, ones));
    if (!found || !add_input(*found, b.input.field)) return std::nullopt;
    if (!manager_.equal(set_of(*found), condition)) return std::nullopt;
    return found;
  }

  // Whether every comparison has one input, which now meets the same half of `field`.
  static bool add_input(Expression& expression, Field field) {
    for (Expression& part : expression.parts)
      if (!add_input(part, field)) return false;
    if (!expression.parts.empty()) return true;
    std::vector<Input>& inputs = expression.left.inputs;
    if (inputs.size() != 1 || !expression.right.inputs.empty()) return false;
    inputs.push_back({field, inputs.front().half});
    return true;
  }

  // Words whose bits lie apart in the order have relations too large to be guessed at; no
  // function that was built has them either.
  bool interleaved(const Subject& one, const Subject& other) const {
    const symbolic::Order& order = manager_.order();
    for (const std::size_t a : one.words)
      for (const std::size_t b : other.words)
        if (order.level(a, 30) < order.level(b, 31) || order.level(b, 30) < order.level(a, 31))
          return false;
    return true;
  }

  std::vector<Expression> relations(const Subject& a, const Subject& b) const {
    std::vector<Expression> result;
    const auto add = [&](Operand left, Comparison how, Operand right) {
      Expression guess;
      guess.kind = Kind::Compare;
      guess.left = std::move(left);
      guess.how = how;
      guess.right = std::move(right);
      result.push_back(std::move(guess));
    };
    const auto compare_all = [&](const Operand& left, const Operand& right) {
      for (const Comparison how :
           {Comparison::Equal, Comparison::NotEqual, Comparison::Less, Comparison::LessEqual,
            Comparison::Greater, Comparison::GreaterEqual})
        add(left, how, right);
    };
    compare_all({{a.input}, {}}, {{b.input}, {}});
    if (a.used == b.used) compare_all(masked(a, a.used), masked(b, b.used));
    Operand common{{a.input, b.input}, {}};
    if (const std::uint64_t mask = a.used & b.used; mask != (a.all() & b.all()))
      common.number = mask;
    for (const Comparison how : {Comparison::NotEqual, Comparison::Equal}) {
      add(common, how, {{}, 0});
      add(common, how, masked(a, a.used));
      add(common, how, masked(b, b.used));
    }
    return result;
  }

  struct Case {
    Condition values;  // of the subject
    Condition rest;    // what is left of the condition for these
  };

  std::optional<std::vector<Case>> partition(const Condition& condition, const Subject& subject) {
    std::vector<Case> result;
    Condition open = condition.projected(subject.words) | (!condition).projected(subject.words);
    while (!open.is_never()) {
      if (result.size() == most_cases || manager_.exhausted()) return std::nullopt;
      const Condition rest = condition.with_words(subject.words, open.witness().value());
      const Condition differs = (condition & !rest) | ((!condition) & rest);
      const Condition same = open & !differs.projected(subject.words);
      result.push_back({same, rest});
      open = open & !same;
    }
    return result;
  }

  // Case by case, as what holds or as what does not.
  std::optional<Expression> cases(const std::vector<Case>& parts) {
    std::vector<Expression> hold;
    std::vector<Expression> fail;
    for (const Case& each : parts) {
      const auto values = of(each.values);
      const auto rest = of(each.rest);
      if (!values || !rest || manager_.exhausted()) return std::nullopt;
      // What needs nothing else stands first.
      if (!each.rest.is_never())
        hold.insert(each.rest.is_always() ? hold.begin() : hold.end(), all_of({*values, *rest}));
      if (!each.rest.is_always())
        fail.insert(each.rest.is_never() ? fail.begin() : fail.end(),
                    all_of({*values, negated(*rest)}));
    }
    std::optional<Expression> best = any_of(std::move(hold));
    keep_cheaper(best, negated(any_of(std::move(fail))));
    return best;
  }

  std::optional<Expression> cubes(const Condition& condition, const Subjects& subjects,
                                  std::size_t most) {
    std::optional<Expression> best;
    if (const auto found = condition.cover(most)) best = cubes_expression(*found, subjects);
    if (const auto found = (!condition).cover(most))
      keep_cheaper(best, negated(cubes_expression(*found, subjects)));
    return best;
  }

  Condition set_of(const Expression& expression) const {
    return inputs_of(manager_, expression, order_);
  }

  Manager& manager_;
  std::endian order_;
  std::size_t attempts_ = 0;
  std::size_t dead_ends_ = 0;
  std::size_t depth_ = 0;
  std::vector<std::pair<Condition, std::optional<Expression>>> done_;
};

}  // namespace

std::optional<Expression> expression_of(const Condition& condition, std::endian order) {
  Manager& manager = condition.manager();
  auto found = Search(manager, order).of(condition);
  if (!found || manager.exhausted()) return std::nullopt;
  found = closed(std::move(*found));
  if (!manager.equal(inputs_of(manager, *found, order), condition)) return std::nullopt;
  return found;
}

}  // namespace assay::text
