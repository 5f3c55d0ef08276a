// The wording of policies.
#include <algorithm>
#include <array>
#include <cstdio>

#include "assay/names/syscalls.hpp"
#include "assay/text/policy.hpp"
#include "assay/text/verdict.hpp"

namespace assay::text {
namespace {

using seccomp::Arch;
using Kind = Scope::Kind;

constexpr std::uint32_t minus_one = 0xffffffff;
constexpr std::size_t page_width = 100;

struct Numbered {
  std::uint32_t number;
  std::string_view name;
};

std::vector<Numbered> table_of(Arch arch) {
  std::vector<Numbered> table;
  for (const std::string_view name : names::all_syscall_names(arch))
    if (const auto number = names::syscall_number(arch, name))
      // Of several names the one that the number has.
      if (names::syscall_name(arch, *number) == name) table.push_back({*number, name});
  std::sort(table.begin(), table.end(),
            [](const Numbered& a, const Numbered& b) { return a.number < b.number; });
  return table;
}

std::string hex(std::uint32_t value) {
  std::array<char, 16> text;  // NOLINT: snprintf fills it
  std::snprintf(text.data(), text.size(), "0x%x", value);
  return text.data();
}

bool conditional(const Rule& rule) { return rule.condition.kind != Expression::Kind::Always; }

std::string item_text(const Syscalls& item) {
  if (!item.name.empty()) return item.name;
  const auto number = [](std::uint32_t value) {
    return value == minus_one ? "-1" : value < 0x10000 ? std::to_string(value) : hex(value);
  };
  const NumberRange& range = item.numbers;
  if (range.first == range.last) return "nr " + number(range.first);
  return "nr " + number(range.first) + ".." +
         (range.last == minus_one ? hex(range.last) : number(range.last));
}

std::string wrapped(std::string_view head, const std::vector<std::string>& items) {
  std::string text(head);
  std::size_t column = head.size();
  for (std::size_t i = 0; i < items.size(); ++i) {
    const std::string item = items[i] + (i + 1 < items.size() ? "," : "");
    if (column + 1 + item.size() > page_width) {
      text += "\n     ";
      column = 5;
    }
    text += " " + item;
    column += 1 + item.size();
  }
  return text + "\n";
}

void halves_in(const Operand& operand, std::vector<Input>& found) {
  for (const Input& input : operand.inputs) {
    const bool low = input.half == Half::Low && !operand.number;
    if (low && std::find(found.begin(), found.end(), input) == found.end()) found.push_back(input);
  }
}

void find_halves(const Expression& expression, std::vector<Input>& low, bool& high) {
  for (const Expression& part : expression.parts) find_halves(part, low, high);
  halves_in(expression.left, low);
  halves_in(expression.right, low);
  for (const Operand* side : {&expression.left, &expression.right})
    for (const Input& input : side->inputs) high = high || input.half != Half::Low;
}

bool is_64_bit(const Scope& scope) {
  constexpr std::uint32_t bit = 0x80000000;  // __AUDIT_ARCH_64BIT
  return scope.kind != Kind::Named || (seccomp::describe(scope.arch).audit & bit) != 0;
}

// What a reader may take for a check of the whole argument.
std::string note(const Scope& scope, const Expression& condition) {
  std::vector<Input> low;
  bool others = false;
  find_halves(condition, low, others);
  if (low.empty() || !is_64_bit(scope)) return {};
  std::string which;
  for (const Input& input : low) {
    if (!which.empty()) which += ", ";
    which += name({input.field, Half::Both});
  }
  return "  (" + (others || low.size() > 1 ? which + ": " : "") + "low 32 bits only)";
}

bool every_number(const Scope& scope, const Rule& rule) {
  return rule.numbers == numbers_of(scope);
}

std::string heading(const Policy& policy, const Scope& scope) {
  switch (scope.kind) {
    case Kind::Named:
      return scope.arch == Arch::x32 ? "x32 (x86_64 with bit 30 in nr, as in nr -1)" : name(scope);
    case Kind::Values: return "arch " + name(scope);
    case Kind::OtherBigEndian: return "any other big-endian arch";
    case Kind::Other: break;
  }
  return policy.size() == 1 ? "any arch" : "any other arch";
}

// Which numbers the default is for.
std::string default_text(const ArchPolicy& arch) {
  if (arch.rules.empty()) return "every number";
  if (std::any_of(arch.rules.begin(), arch.rules.end(), [](const Rule& rule) { return rule.rest; }))
    return "all else";
  const auto takes_last = [](const Rule& rule) { return rule.numbers.back().last == minus_one; };
  const bool last = numbers_of(arch.scope).back().last == minus_one &&
                    std::none_of(arch.rules.begin(), arch.rules.end(), takes_last);
  return last ? "all else: numbers of no call, nr -1" : "all else: numbers of no call";
}

std::string rule_text(const Scope& scope, const Rule& rule, const seccomp::Semantics& semantics) {
  std::vector<std::string> items;
  if (every_number(scope, rule)) {
    items.emplace_back("every call");
  } else if (rule.rest) {
    items.emplace_back("every other call");
  } else {
    for (const Syscalls& item : syscalls_of(scope, rule)) items.push_back(item_text(item));
  }
  std::string text = wrapped("  " + to_text(rule.verdict, semantics) + ":", items);
  if (conditional(rule))
    text += "      if " + to_text(rule.condition) + note(scope, rule.condition) + "\n";
  return text;
}

}  // namespace

std::string name(const Scope& scope) {
  if (scope.kind == Kind::Named) return std::string(seccomp::describe(scope.arch).token);
  if (scope.kind == Kind::OtherBigEndian) return "other-big-endian";
  if (scope.kind == Kind::Other) return "other";
  std::string text;
  for (const NumberRange& range : scope.values) {
    if (!text.empty()) text += ",";
    text += hex(range.first);
    if (range.last != range.first) text += ".." + hex(range.last);
  }
  return text;
}

std::vector<Syscalls> syscalls_of(const Scope& scope, const Rule& rule) {
  std::vector<Syscalls> result;
  std::vector<Numbered> table;
  // Everything else stands as numbers: naming it would hide that it is everything.
  if (scope.kind == Kind::Named && !rule.rest && !every_number(scope, rule))
    table = table_of(scope.arch);
  auto at = table.begin();
  for (const NumberRange& range : rule.numbers) {
    std::uint64_t next = range.first;
    while (at != table.end() && at->number < range.first) ++at;
    for (; at != table.end() && at->number <= range.last; ++at) {
      if (next < at->number)
        result.push_back({{}, {static_cast<std::uint32_t>(next), at->number - 1}});
      result.push_back({std::string(at->name), {at->number, at->number}});
      next = std::uint64_t{at->number} + 1;
    }
    if (next <= range.last) result.push_back({{}, {static_cast<std::uint32_t>(next), range.last}});
  }
  return result;
}

std::string to_text(const Policy& policy, const seccomp::Semantics& semantics) {
  std::string text;
  for (const ArchPolicy& arch : policy) {
    text += heading(policy, arch.scope) + "\n";
    text += "  default: " + to_text(arch.otherwise, semantics) + " (" + default_text(arch) + ")\n";
    for (const Rule& rule : arch.rules) text += rule_text(arch.scope, rule, semantics);
  }
  return text;
}

}  // namespace assay::text
