// The YAML of a table of tests: which fields a row has, and how values are written.
#include <algorithm>
#include <charconv>
#include <limits>

#include "assay/names/constants.hpp"
#include "assay/names/errnos.hpp"
#include "assay/names/nearest.hpp"
#include "assay/names/syscalls.hpp"
#include "assay/profile/table_test.hpp"
#include "assay/text/printable.hpp"
#include "assay/text/verdict.hpp"
#include "profile/json_object.hpp"
#include "profile/yaml.hpp"

namespace assay::profile {
namespace {

using Kind = JsonValue::Kind;
using Range = ArgumentValues::Range;

constexpr std::uint32_t last_argument = 5;
constexpr std::size_t most_values = 1000;  // of one list

std::string quoted(std::string_view text) { return "'" + text::printable(text, 60) + "'"; }

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

bool is_scalar(const JsonValue& value) {
  return value.kind != Kind::Array && value.kind != Kind::Object;
}

std::optional<std::int64_t> parse_number(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  int base = 10;
  if (text.starts_with("0x")) {
    base = 16;
    text.remove_prefix(2);
  } else if (text.size() > 1 && text.starts_with('0')) {
    base = 8;
    text.remove_prefix(text.starts_with("0o") ? 2 : 1);
  }
  std::uint64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value, base);
  if (text.empty() || error != std::errc{} || at != end) return std::nullopt;
  return static_cast<std::int64_t>(negative ? 0 - value : value);
}

class TableReader {
 public:
  explicit TableReader(Reports& reports) : reports_(reports) {}

  Table read(const JsonValue& root) {
    const auto* const cases = field(root, "cases");
    check_fields(root, {"cases"}, "a table");
    if (cases == nullptr) {
      reports_.fail(root.place, "no cases", "a list of them: cases:");
      return {};
    }
    Table table;
    for (const JsonValue& row : items(*cases, "cases", table_cases))
      if (!reports_.error) table.cases.push_back(read_case(row));
    if (table.cases.empty()) reports_.fail(cases->place, "no case", "at least one");
    return table;
  }

 private:
  static const JsonValue* field(const JsonValue& object, std::string_view key) {
    for (const JsonMember& member : object.members)
      if (member.key == key) return &member.value;
    return nullptr;
  }

  void check_fields(const JsonValue& object, std::initializer_list<std::string_view> known,
                    std::string_view what) {
    if (object.kind != Kind::Object)
      return reports_.fail(object.place, std::string(name(object.kind)),
                           std::string(what) + ", an object");
    std::vector<std::string_view> seen;
    for (const JsonMember& member : object.members) {
      const std::vector<std::string_view> words(known);
      if (std::find(known.begin(), known.end(), member.key) == known.end())
        reports_.fail(member.place, quoted(member.key), "a field of " + std::string(what),
                      std::string(names::nearest(member.key, words).value_or("")));
      else if (std::find(seen.begin(), seen.end(), member.key) != seen.end())
        reports_.fail(member.place, quoted(member.key) + " again", "each field once");
      seen.push_back(member.key);
    }
  }

  // A list, or one value as a list of one.
  std::span<const JsonValue> items(const JsonValue& value, std::string_view what,
                                   std::size_t most = most_values) {
    if (value.kind != Kind::Array) return {&value, 1};
    if (value.items.size() > most)
      reports_.fail(value.place, std::to_string(value.items.size()) + " " + std::string(what),
                    "at most " + std::to_string(most));
    return value.items;
  }

  TableCase read_case(const JsonValue& row) {
    TableCase result;
    result.place = row.place;
    check_fields(row, {"name", "call", "arch", "args", "when", "expect"}, "a case");
    if (row.kind != Kind::Object) return result;
    const auto* const call = field(row, "call");
    const auto* const expect = field(row, "expect");
    if (call == nullptr) reports_.fail(row.place, "no call", "call: NAME");
    if (expect == nullptr) reports_.fail(row.place, "no verdict", "expect: VERDICT");
    if (call == nullptr || expect == nullptr) return result;
    for (const JsonValue& each : items(*call, "calls")) read_call(each, result);
    for (const JsonValue& each : items(*expect, "verdicts")) read_verdicts(each, result);
    if (const auto* arch = field(row, "arch"))
      for (const JsonValue& each : items(*arch, "arches")) read_arch(each, result);
    if (const auto* args = field(row, "args")) read_arguments(*args, result);
    if (const auto* when = field(row, "when")) read_condition(*when, result);
    const auto* const title = field(row, "name");
    result.name = title != nullptr ? text::printable(title->text) : default_name(*call, result);
    return result;
  }

  static std::string default_name(const JsonValue& call, const TableCase& row) {
    std::string name;
    for (const JsonValue& each :
         call.kind == Kind::Array ? std::span<const JsonValue>(call.items) : std::span(&call, 1))
      name += (name.empty() ? "" : ", ") + text::printable(each.text, 60);
    return name + " -> " + row.expected_text;
  }

  bool need_scalar(const JsonValue& value, std::string_view expected) {
    if (is_scalar(value)) return true;
    reports_.fail(value.place, std::string(name(value.kind)), std::string(expected));
    return false;
  }

  // NAME, NUMBER, FIRST..LAST or *
  void read_call(const JsonValue& value, TableCase& row) {
    if (!need_scalar(value, "the name of a call")) return;
    if (value.text == "*") {
      row.numbers.push_back({0, std::numeric_limits<std::uint32_t>::max()});
    } else if (names::is_syscall(value.text)) {
      row.calls.push_back(value.text);
    } else if (const auto range = parse_range(value.text); range && fits(*range)) {
      row.numbers.push_back(*range);
    } else {
      const auto known = names::all_syscall_names(seccomp::Arch::x86_64);
      reports_.fail(value.place, quoted(value.text), "a system call, a number, a range or *",
                    std::string(names::nearest(value.text, known).value_or("")));
    }
  }
  static bool fits(Range range) {
    return range.first >= 0 && range.last <= std::numeric_limits<std::uint32_t>::max() &&
           range.first <= range.last;
  }

  void read_arch(const JsonValue& value, TableCase& row) {
    if (!need_scalar(value, "the name of an arch")) return;
    if (const auto arch = seccomp::find_arch(value.text)) {
      row.arches.push_back(*arch);
      return;
    }
    std::vector<std::string_view> known;
    for (const auto& info : seccomp::arches) known.push_back(info.token);
    reports_.fail(value.place, quoted(value.text), "an arch such as x86_64",
                  std::string(names::nearest(value.text, known).value_or("")));
  }

  void read_arguments(const JsonValue& args, TableCase& row) {
    if (args.kind != Kind::Object)
      return reports_.fail(args.place, std::string(name(args.kind)),
                           "arguments by their numbers: {0: VALUE, ...}");
    std::uint32_t seen = 0;
    for (const JsonMember& member : args.members) {
      const auto index = parse_number(member.key);
      if (!index || *index < 0 || *index > last_argument) {
        reports_.fail(member.place, quoted(member.key), "the number of an argument, 0 to 5");
        continue;
      }
      if ((seen >> *index & 1) != 0)
        reports_.fail(member.place, "argument " + member.key + " again", "each argument once");
      seen |= 1U << *index;
      row.arguments.push_back({static_cast<std::uint32_t>(*index), ranges_of(member.value)});
    }
  }

  // Nothing where any value is meant.
  std::vector<Range> ranges_of(const JsonValue& value) {
    std::vector<Range> ranges;
    for (const JsonValue& each : items(value, "values")) {
      if (!need_scalar(each, "a value")) return {};
      if (each.text == "*") return {};
      if (const auto range = parse_range(each.text))
        ranges.push_back(*range);
      else
        reports_.fail(each.place, quoted(each.text), "a number, a named constant, FIRST..LAST or *",
                      near_constant(each.text));
    }
    return ranges;
  }

  static std::string near_constant(std::string_view word) {
    std::vector<std::string_view> known;
    for (const names::Constant& row : names::all_constants()) known.push_back(row.name);
    return std::string(names::nearest(word, known).value_or(""));
  }

  static std::optional<Range> parse_range(std::string_view text) {
    const auto dots = text.find("..");
    if (dots == text.npos) {
      const auto value = parse_value(text);
      return value ? std::optional(Range{*value, *value}) : std::nullopt;
    }
    const auto first = parse_value(trimmed(text.substr(0, dots)));
    const auto last = parse_value(trimmed(text.substr(dots + 2)));
    if (!first || !last) return std::nullopt;
    return Range{*first, *last};
  }

  // Constants may be joined: O_CREAT|O_RDWR.
  static std::optional<std::int64_t> parse_value(std::string_view text) {
    std::int64_t value = 0;
    for (;;) {
      const auto bar = std::min(text.find('|'), text.size());
      const auto part = parse_single(trimmed(text.substr(0, bar)));
      if (!part) return std::nullopt;
      value |= *part;
      if (bar == text.size()) return value;
      text.remove_prefix(bar + 1);
    }
  }
  static std::optional<std::int64_t> parse_single(std::string_view text) {
    if (const auto number = parse_number(text)) return number;
    return names::constant_value(text);
  }

  void read_condition(const JsonValue& value, TableCase& row) {
    if (!need_scalar(value, "a condition")) return;
    auto condition = text::parse_condition(value.text);
    if (condition)
      row.condition = std::move(*condition);
    else
      reports_.fail(value.place, condition.error().found, condition.error().expected,
                    condition.error().suggestion);
  }

  // Several have commas between, or stand in a list.
  void read_verdicts(const JsonValue& value, TableCase& row) {
    if (!need_scalar(value, "a verdict")) return;
    std::string_view rest = value.text;
    for (;;) {
      const auto comma = std::min(rest.find(','), rest.size());
      read_verdict(trimmed(rest.substr(0, comma)), value.place, row);
      if (comma == rest.size()) break;
      rest.remove_prefix(comma + 1);
    }
    row.expected_text += (row.expected_text.empty() ? "" : ", ") + text::printable(value.text, 60);
  }

  void read_verdict(std::string_view word, Place place, TableCase& row) {
    for (const seccomp::ActionInfo& info : seccomp::actions)
      if (info.name == word) {
        row.expected.push_back({info.action, std::nullopt});
        return;
      }
    if (const auto verdict = text::parse_verdict(word)) {
      row.expected.push_back({verdict->action(), verdict->data()});
      return;
    }
    std::vector<std::string_view> known;
    for (const seccomp::ActionInfo& info : seccomp::actions) known.push_back(info.name);
    reports_.fail(place, quoted(word), "a verdict such as ALLOW, ERRNO or ERRNO(EPERM)",
                  std::string(names::nearest(word.substr(0, word.find('(')), known).value_or("")));
  }

  Reports& reports_;
};

}  // namespace

tl::expected<Table, ReadError> read_table(std::string_view text, std::uint32_t file) {
  const auto documents = parse_yaml(text, file);
  if (!documents) return tl::unexpected(documents.error());
  if (documents->size() != 1)
    return tl::unexpected(ReadError{
        {file, 0, 0}, std::to_string(documents->size()) + " documents", "one with a table", {}});
  Reports reports;
  Table table = TableReader(reports).read(documents->front());
  if (reports.error) return tl::unexpected(*reports.error);
  return table;
}

}  // namespace assay::profile
