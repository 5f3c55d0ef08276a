// Expressions: their simple forms, and the text of them.
#include "assay/text/condition.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace assay::text {
namespace {

using symbolic::Comparison;
using Kind = Expression::Kind;

constexpr std::array<std::string_view, 9> field_names{"nr",   "arch", "ip",   "arg0", "arg1",
                                                      "arg2", "arg3", "arg4", "arg5"};
constexpr std::array<std::string_view, 6> signs{"==", "!=", "<", "<=", ">", ">="};

constexpr std::array<Comparison, 6> opposites{Comparison::NotEqual,     Comparison::Equal,
                                              Comparison::GreaterEqual, Comparison::Greater,
                                              Comparison::LessEqual,    Comparison::Less};

// Parts that decide nothing go, one that decides alone stays alone, equal kinds are spread.
Expression joined(Kind kind, std::vector<Expression> parts) {
  const Kind neutral = kind == Kind::And ? Kind::Always : Kind::Never;
  const Kind decisive = kind == Kind::And ? Kind::Never : Kind::Always;
  Expression result;
  result.kind = kind;
  for (Expression& part : parts) {
    if (part.kind == neutral) continue;
    if (part.kind == decisive) return part;
    if (part.kind == kind) {
      std::move(part.parts.begin(), part.parts.end(), std::back_inserter(result.parts));
    } else {
      result.parts.push_back(std::move(part));
    }
  }
  if (result.parts.empty()) {
    result.kind = neutral;
    return result;
  }
  if (result.parts.size() > 1) return result;
  Expression only = std::move(result.parts.front());
  return only;
}

std::string hex(std::uint64_t value) {
  std::array<char, 19> text;  // NOLINT: snprintf fills it
  std::snprintf(text.data(), text.size(), "0x%llx", static_cast<unsigned long long>(value));
  return text.data();
}

// Small numbers are counted, others are bits; so is what a mask leaves.
std::string number_text(std::uint64_t value, bool masked) {
  return value < (masked ? 10 : 1000) ? std::to_string(value) : hex(value);
}

std::string operand_text(const Operand& operand, bool masked) {
  if (operand.inputs.empty()) return number_text(operand.number.value_or(0), masked);
  std::string text;
  for (const Input& input : operand.inputs) text += (text.empty() ? "" : " & ") + name(input);
  if (operand.number) text += " & " + hex(*operand.number);
  return operand.inputs.size() + (operand.number ? 1 : 0) > 1 ? "(" + text + ")" : text;
}

template <typename List, typename Text>
std::string list_text(const List& list, const Text& text_of) {
  std::string text;
  for (const auto& item : list) text += (text.empty() ? "" : ", ") + text_of(item);
  return "{" + text + "}";
}

template <typename List, typename Text>
std::string equal_or_in(std::string_view subject, const List& list, const Text& text_of) {
  if (list.size() == 1) return std::string(subject) + " == " + text_of(list.front());
  return std::string(subject) + " in " + list_text(list, text_of);
}

// Whether it must stand in parentheses inside a part of `outer`.
bool wrapped(Kind outer, Kind inner) {
  if (inner == Kind::And || inner == Kind::Or) return true;
  return outer == Kind::Not && inner != Kind::Always && inner != Kind::Never;
}

std::string part_text(Kind outer, const Expression& part) {
  const std::string text = to_text(part);
  return wrapped(outer, part.kind) ? "(" + text + ")" : text;
}

std::string parts_text(const Expression& expression, std::string_view sign) {
  std::string text;
  for (const Expression& part : expression.parts) {
    if (!text.empty()) text += sign;
    text += part_text(expression.kind, part);
  }
  return text;
}

}  // namespace

namespace {

bool names_syscalls(const Expression& expression) {
  return expression.kind == Kind::SyscallIs ||
         std::any_of(expression.parts.begin(), expression.parts.end(), names_syscalls);
}

}  // namespace

std::string name(Input input) {
  std::string text(field_names[static_cast<std::size_t>(input.field)]);
  if (input.half != Half::Both) text += input.half == Half::Low ? ".lo" : ".hi";
  return text;
}

unsigned width(Input input) {
  const bool word = input.field == Field::Nr || input.field == Field::Arch;
  return word || input.half != Half::Both ? 32 : 64;
}

Expression all_of(std::vector<Expression> parts) { return joined(Kind::And, std::move(parts)); }
Expression any_of(std::vector<Expression> parts) { return joined(Kind::Or, std::move(parts)); }

Expression negated(Expression expression) {
  switch (expression.kind) {
    case Kind::Always: expression.kind = Kind::Never; return expression;
    case Kind::Never: expression.kind = Kind::Always; return expression;
    case Kind::Not: {
      Expression part = std::move(expression.parts.front());
      return part;
    }
    case Kind::And:
    case Kind::Or:
      // A system call means what the arches beside it say: they stay together.
      if (names_syscalls(expression)) break;
      expression.kind = expression.kind == Kind::And ? Kind::Or : Kind::And;
      for (Expression& part : expression.parts) part = negated(std::move(part));
      return joined(expression.kind, std::move(expression.parts));
    case Kind::Compare:
      expression.how = opposites[static_cast<std::size_t>(expression.how)];
      return expression;
    default: break;
  }
  Expression result;
  result.kind = Kind::Not;
  result.parts.push_back(std::move(expression));
  return result;
}

bool relates_fields(const Expression& expression) {
  return expression.left.inputs.size() + expression.right.inputs.size() > 1 ||
         std::any_of(expression.parts.begin(), expression.parts.end(), relates_fields);
}

std::string to_text(const Expression& expression) {
  const Operand& left = expression.left;
  const bool masked = left.number.has_value() || left.inputs.size() > 1;
  const auto number = [&](std::uint64_t value) { return number_text(value, masked); };
  switch (expression.kind) {
    case Kind::Always: return "true";
    case Kind::Never: return "false";
    case Kind::Not: return "!" + part_text(Kind::Not, expression.parts.front());
    case Kind::And: return parts_text(expression, " && ");
    case Kind::Or: return parts_text(expression, " || ");
    case Kind::Compare:
      return operand_text(left, false) + " " +
             std::string(signs[static_cast<std::size_t>(expression.how)]) + " " +
             operand_text(expression.right, masked);
    case Kind::Among:
      return operand_text(left, false) + " in " + list_text(expression.numbers, number);
    case Kind::Within:
      return operand_text(left, false) + " in " + number(expression.numbers.at(0)) + ".." +
             number(expression.numbers.at(1));
    case Kind::ArchIs:
      return equal_or_in("arch", expression.arches, [](seccomp::Arch arch) {
        return std::string(seccomp::describe(arch).token);
      });
    case Kind::SyscallIs:
      return equal_or_in("syscall", expression.names, [](const std::string& call) { return call; });
  }
  return {};
}

}  // namespace assay::text
