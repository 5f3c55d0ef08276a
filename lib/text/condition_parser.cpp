// Text to expressions, by recursive descent:
//
//   any        = all { "||" all }                 all   = one { "&&" one }
//   one        = "!" one | compared
//   compared   = joined [ sign joined | "in" set ]
//   joined     = simple { "&" simple }            simple = "(" any ")" | name | number
//
// What stands in parentheses may be a condition or one side of a comparison; which, shows
// only behind it, so both are a Value and each place says which one it needs.
#include <algorithm>
#include <array>
#include <limits>

#include "assay/names/syscalls.hpp"
#include "assay/text/condition.hpp"
#include "text/condition_words.hpp"

namespace assay::text {
namespace {

using seccomp::Arch;
using symbolic::Comparison;
using Kind = Expression::Kind;

// What a part of the text is: a condition, one side of a comparison, or the word "syscall".
struct Value {
  enum class Kind : std::uint8_t { Condition, Operand, Syscall };
  Kind kind = Kind::Condition;
  Expression condition;
  Operand operand;
};

Value condition(Expression expression) {
  Value value;
  value.condition = std::move(expression);
  return value;
}

Value operand(Operand side) {
  Value value;
  value.kind = Value::Kind::Operand;
  value.operand = std::move(side);
  return value;
}

unsigned width(const Operand& side) {
  unsigned most = 0;
  for (const Input& input : side.inputs) most = std::max(most, width(input));
  return most == 0 ? 64 : most;
}

bool is_arch(const Operand& side) {
  return side.inputs == std::vector<Input>{{Field::Arch, Half::Both}} && !side.number;
}

constexpr std::string_view comparison_expected = "a comparison such as == or in";

class Parser {
 public:
  explicit Parser(std::string_view text) : tokens_(text) {}

  tl::expected<Expression, ConditionError> parse() {
    Value value;
    if (any(value) && need_condition(value) && tokens_.next().kind != TokenKind::End)
      fail("&&, || or the end");
    if (error_) return tl::unexpected(*error_);
    return std::move(value.condition);
  }

 private:
  bool fail(std::string_view expected, std::string suggestion = {}) {
    return fail_at(tokens_.next(), expected, std::move(suggestion));
  }
  bool fail_at(const Token& token, std::string_view expected, std::string suggestion = {}) {
    if (error_) return false;
    const bool end = token.kind == TokenKind::End;
    error_ = ConditionError{token.at + 1, end ? "the end" : "'" + shown(token.text) + "'",
                            std::string(expected), std::move(suggestion)};
    return false;
  }
  bool need_condition(const Value& value) {
    return value.kind == Value::Kind::Condition || fail(comparison_expected);
  }
  bool need_operand(const Value& value, const Token& at) {
    return value.kind == Value::Kind::Operand || fail_at(at, "a field or a number");
  }

  bool any(Value& value) { return list(value, "||", &any_of, &Parser::all); }
  bool all(Value& value) { return list(value, "&&", &all_of, &Parser::one); }

  bool list(Value& value, std::string_view sign, Expression (*join)(std::vector<Expression>),
            bool (Parser::*part)(Value&)) {
    if (!(this->*part)(value)) return false;
    if (!tokens_.is(sign)) return true;
    std::vector<Expression> parts;
    for (;;) {
      if (!need_condition(value)) return false;
      parts.push_back(std::move(value.condition));
      if (!tokens_.take(sign)) break;
      value = {};
      if (!(this->*part)(value)) return false;
    }
    value = condition(join(std::move(parts)));
    return true;
  }

  bool one(Value& value) {
    if (!tokens_.is("!")) return compared(value);
    if (depth_ == condition_depth) return fail("less nesting");
    ++depth_;
    tokens_.advance();
    if (!one(value) || !need_condition(value)) return false;
    --depth_;
    value = condition(negated(std::move(value.condition)));
    return true;
  }

  bool compared(Value& value) {
    const Token start = tokens_.next();
    if (!joined(value)) return false;
    const auto how = comparison();
    const bool in = !how && tokens_.next().kind == TokenKind::Word && tokens_.next().text == "in";
    if (!how && !in) return true;
    if (value.kind == Value::Kind::Condition) return fail("&&, || or )");
    if (in) {
      tokens_.advance();
      return value.kind == Value::Kind::Syscall ? syscalls_in(value) : numbers_in(value, start);
    }
    const Token sign = tokens_.next();
    tokens_.advance();
    if (value.kind == Value::Kind::Syscall) return one_syscall(value, *how, sign);
    if (is_arch(value.operand) && one_arch(value, *how)) return !error_;
    return right_side(value, *how);
  }

  std::optional<Comparison> comparison() const {
    constexpr std::array<std::pair<std::string_view, Comparison>, 6> rows{
        {{"==", Comparison::Equal},
         {"!=", Comparison::NotEqual},
         {"<", Comparison::Less},
         {"<=", Comparison::LessEqual},
         {">", Comparison::Greater},
         {">=", Comparison::GreaterEqual}}};
    for (const auto& [sign, how] : rows)
      if (tokens_.is(sign)) return how;
    return std::nullopt;
  }

  bool right_side(Value& value, Comparison how) {
    const Token at = tokens_.next();
    Value right;
    if (!joined(right) || !need_operand(right, at)) return false;
    Expression result;
    result.kind = Kind::Compare;
    result.left = std::move(value.operand);
    result.how = how;
    result.right = std::move(right.operand);
    if (!fits(result.left, result.right, at) || !fits(result.right, result.left, at)) return false;
    value = condition(std::move(result));
    return true;
  }

  // Numbers below 0 were read as 64 bits: they are cut to the other side's width, and others
  // must be within it.
  bool fits(const Operand& other, Operand& side, const Token& at) {
    return !side.inputs.empty() || other.inputs.empty() || fits(other, *side.number, at);
  }
  bool fits(const Operand& other, std::uint64_t& number, const Token& at) {
    const std::uint64_t most = std::numeric_limits<std::uint64_t>::max() >> (64 - width(other));
    const bool negative = number >= ~(most >> 1) && width(other) == 32;
    if (negative) number &= most;
    return number <= most || fail_at(at, "a number of " + std::to_string(width(other)) + " bits");
  }

  bool joined(Value& value) {
    const Token start = tokens_.next();
    if (!simple(value)) return false;
    while (tokens_.is("&")) {
      if (!need_operand(value, start)) return false;
      tokens_.advance();
      const Token at = tokens_.next();
      Value other;
      if (!simple(other) || !need_operand(other, at) || !meet(value.operand, other.operand, at))
        return false;
    }
    return true;
  }

  bool meet(Operand& into, Operand& other, const Token& at) {
    if (!fits(into, other, at) || !fits(other, into, at)) return false;
    into.inputs.insert(into.inputs.end(), other.inputs.begin(), other.inputs.end());
    if (other.number) into.number = into.number.value_or(~std::uint64_t{0}) & *other.number;
    constexpr std::size_t most = 16;
    return into.inputs.size() <= most || fail_at(at, "at most 16 fields joined by &");
  }

  bool simple(Value& value) {
    const Token token = tokens_.next();
    if (token.kind == TokenKind::Word) return word(value);
    if (token.kind == TokenKind::Number || tokens_.is("-")) {
      Operand side;
      side.number = 0;
      if (!number(*side.number)) return false;
      value = operand(std::move(side));
      return true;
    }
    if (!tokens_.is("(")) return fail("a field, a number, ! or (");
    if (depth_ == condition_depth) return fail("less nesting");
    ++depth_;
    tokens_.advance();
    if (!any(value)) return false;
    --depth_;
    return tokens_.take(")") ||
           fail(value.kind == Value::Kind::Condition ? "&&, || or )"
                                                     : "a comparison such as ==, & or )");
  }

  bool word(Value& value) {
    const Token token = tokens_.next();
    if (token.text == "true" || token.text == "false") {
      Expression result;
      result.kind = token.text == "true" ? Kind::Always : Kind::Never;
      value = condition(std::move(result));
    } else if (token.text == "syscall") {
      value.kind = Value::Kind::Syscall;
    } else if (const auto input = find_input(token.text)) {
      value = operand({{*input}, {}});
    } else if (const auto number = constant_of(token.text)) {
      value = operand({{}, number});
    } else {
      return unknown(token, "a field, a number or a known name");
    }
    tokens_.advance();
    return true;
  }

  bool unknown(const Token& token, std::string_view expected) {
    return fail_at(token, expected, nearest_word(token.text));
  }

  // A number or the name of one.
  bool number(std::uint64_t& value) {
    const bool negative = tokens_.take("-");
    const Token token = tokens_.next();
    if (token.kind == TokenKind::Word && !negative) {
      const auto known = constant_of(token.text);
      if (!known) return unknown(token, "a number or a known name");
      value = *known;
    } else {
      const auto read = token.kind == TokenKind::Number ? number_of(token.text) : std::nullopt;
      if (!read) return fail("a number of 64 bits, decimal or 0x..., or a known name");
      value = negative ? ~*read + 1 : *read;
    }
    tokens_.advance();
    return true;
  }

  bool one_syscall(Value& value, Comparison how, const Token& sign) {
    if (how != Comparison::Equal && how != Comparison::NotEqual)
      return fail_at(sign, "==, != or in (syscall is a name; nr is its number)");
    Expression result;
    result.kind = Kind::SyscallIs;
    if (!syscall(result.names)) return false;
    value = condition(how == Comparison::Equal ? std::move(result) : negated(std::move(result)));
    return true;
  }

  bool syscall(std::vector<std::string>& names) {
    const Token token = tokens_.next();
    const bool known = token.kind == TokenKind::Word && names::is_syscall(token.text);
    if (!known) return fail("the name of a system call", nearest_syscall(token.text));
    names.emplace_back(token.text);
    tokens_.advance();
    return true;
  }

  // Whether the name of an arch follows; other right sides are numbers.
  std::optional<Arch> arch_name() {
    const Token token = tokens_.next();
    if (token.kind != TokenKind::Word) return std::nullopt;
    const auto arch = seccomp::find_arch(token.text);
    if (arch) tokens_.advance();
    return arch;
  }

  // True when it was read, or was meant to be and failed.
  bool one_arch(Value& value, Comparison how) {
    const Token token = tokens_.next();
    if (const auto arch = arch_name()) {
      if (how != Comparison::Equal && how != Comparison::NotEqual) {
        fail_at(token, "a number (arches by name are compared with == or !=)");
        return true;
      }
      Expression result;
      result.kind = Kind::ArchIs;
      result.arches.push_back(*arch);
      value = condition(how == Comparison::Equal ? std::move(result) : negated(std::move(result)));
      return true;
    }
    if (token.kind != TokenKind::Word || constant_of(token.text) || find_input(token.text))
      return false;
    unknown_arch(token);
    return true;
  }

  bool unknown_arch(const Token& token) {
    return fail_at(token, "an arch such as x86_64", nearest_arch(token.text));
  }

  bool syscalls_in(Value& value) {
    Expression result;
    result.kind = Kind::SyscallIs;
    if (!tokens_.take("{")) return fail("{");
    do {
      if (!syscall(result.names)) return false;
    } while (tokens_.take(","));
    if (!tokens_.take("}")) return fail("a comma or }");
    value = condition(std::move(result));
    return true;
  }

  // in a..b, in {a, b, c..d, name of an arch}
  bool numbers_in(Value& value, const Token& start) {
    const bool braces = tokens_.take("{");
    if (value.operand.inputs.empty()) return fail_at(start, "a field");
    std::vector<Expression> ranges;
    Expression among;
    among.kind = Kind::Among;
    among.left = value.operand;
    Expression arches;
    arches.kind = Kind::ArchIs;
    do {
      if (!member(among, arches, ranges, !braces)) return false;
    } while (braces && tokens_.take(","));
    if (braces && !tokens_.take("}")) return fail("a comma or }");
    std::vector<Expression> parts;
    if (!arches.arches.empty()) parts.push_back(std::move(arches));
    if (!among.numbers.empty()) parts.push_back(std::move(among));
    std::move(ranges.begin(), ranges.end(), std::back_inserter(parts));
    value = condition(any_of(std::move(parts)));
    return true;
  }

  bool member(Expression& among, Expression& arches, std::vector<Expression>& ranges,
              bool range_only) {
    const Token at = tokens_.next();
    if (is_arch(among.left) && !range_only) {
      if (const auto arch = arch_name()) {
        arches.arches.push_back(*arch);
        return true;
      }
      if (at.kind == TokenKind::Word && !constant_of(at.text)) return unknown_arch(at);
    }
    std::uint64_t first = 0;
    if (range_only && at.kind == TokenKind::Sign && !tokens_.is("-"))
      return fail("{ or a range a..b");
    if (!number(first) || !fits(among.left, first, at)) return false;
    if (!tokens_.take("..")) {
      if (range_only) return fail("..");
      among.numbers.push_back(first);
      return true;
    }
    const Token second = tokens_.next();
    std::uint64_t last = 0;
    if (!number(last) || !fits(among.left, last, second)) return false;
    if (last < first) return fail_at(second, "a number that is not below the first");
    Expression range;
    range.kind = Kind::Within;
    range.left = among.left;
    range.numbers = {first, last};
    ranges.push_back(std::move(range));
    return true;
  }

  Tokens tokens_;
  std::size_t depth_ = 0;
  std::optional<ConditionError> error_;
};

}  // namespace

std::string to_string(const ConditionError& error) {
  std::string text = "column " + std::to_string(error.column) + ": found " + error.found +
                     ", expected " + error.expected;
  if (!error.suggestion.empty()) text += "; did you mean '" + error.suggestion + "'?";
  return text;
}

tl::expected<Expression, ConditionError> parse_condition(std::string_view text) {
  if (text.size() > condition_limit)
    return tl::unexpected(ConditionError{condition_limit + 1,
                                         std::to_string(text.size()) + " bytes",
                                         "at most " + std::to_string(condition_limit),
                                         {}});
  return Parser(text).parse();
}

}  // namespace assay::text
