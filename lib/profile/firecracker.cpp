#include "assay/profile/firecracker.hpp"

#include <algorithm>
#include <set>

#include "assay/names/nearest.hpp"
#include "assay/names/syscalls.hpp"
#include "assay/text/printable.hpp"
#include "profile/json_object.hpp"

namespace assay::profile {
namespace {

using seccomp::Action;
using seccomp::Verdict;

constexpr std::uint64_t last_argument = 5;
constexpr std::uint64_t low_word = 0xffffffff;

std::string quoted(std::string_view text) { return "'" + text::printable(text, 60) + "'"; }

struct ActionWord {
  std::string_view word;
  Action action;
  bool data;  // stands as {"errno": 1}
};
constexpr auto action_words = std::to_array<ActionWord>({
    {"allow", Action::Allow, false},
    {"kill_thread", Action::KillThread, false},
    {"kill_process", Action::KillProcess, false},
    {"log", Action::Log, false},
    {"trap", Action::Trap, false},
    {"user_notif", Action::UserNotif, false},
    {"errno", Action::Errno, true},
    {"trace", Action::Trace, true},
});

struct OperatorWord {
  std::string_view word;
  Operator op;
};
constexpr auto operator_words = std::to_array<OperatorWord>({
    {"eq", Operator::Equal},
    {"ne", Operator::NotEqual},
    {"ge", Operator::GreaterEqual},
    {"gt", Operator::Greater},
    {"le", Operator::LessEqual},
    {"lt", Operator::Less},
});

template <typename Rows>
std::string near_word(std::string_view word, const Rows& rows) {
  std::vector<std::string_view> known;
  for (const auto& row : rows) known.push_back(row.word);
  return std::string(names::nearest(word, known).value_or(""));
}

// The fields of an object by their exact names, each at most once, as serde reads them.
class Fields {
 public:
  Fields(const JsonValue& value, std::string_view what, bool strict, Reports& reports)
      : value_(value), what_(what), strict_(strict), reports_(reports) {
    if (value.kind == JsonValue::Kind::Object) return;
    reports_.fail(value.place, std::string(name(value.kind)), what_ + ", an object");
  }

  // By one of two names, where the format has an alias.
  const JsonValue* find(std::string_view key, std::string_view alias = {}) {
    known_.push_back(key);
    if (!alias.empty()) known_.push_back(alias);
    const JsonValue* found = nullptr;
    for (const JsonMember& member : value_.members) {
      if (member.key != key && (alias.empty() || member.key != alias)) continue;
      if (found != nullptr)
        reports_.fail(member.place, quoted(member.key) + " twice",
                      "each field of " + what_ + " once");
      found = &member.value;
    }
    return found;
  }
  const JsonValue* need(std::string_view key, JsonValue::Kind kind, std::string_view alias = {}) {
    const JsonValue* const found = need(key, alias);
    if (found == nullptr || found->kind == kind) return found;
    reports_.fail(found->place, std::string(name(found->kind)),
                  std::string(name(kind)) + " for " + quoted(key));
    return nullptr;
  }
  const JsonValue* need(std::string_view key, std::string_view alias = {}) {
    const JsonValue* const found = find(key, alias);
    if (found == nullptr) reports_.fail(value_.place, what_ + " without " + quoted(key), "one");
    return found;
  }

  // Fields that nothing asked for.
  void finish() {
    for (const JsonMember& member : value_.members) {
      if (std::find(known_.begin(), known_.end(), member.key) != known_.end()) continue;
      const auto near = names::nearest(member.key, known_);
      if (strict_)
        reports_.fail(member.place, "the unknown field " + quoted(member.key),
                      "a field of " + what_, std::string(near.value_or("")));
      else
        reports_.note(FindingKind::Ignored, Severity::Warning, member.place,
                      "the unknown field " + quoted(member.key) + " of " + what_ + " is ignored");
    }
  }

 private:
  const JsonValue& value_;
  std::string what_;
  bool strict_;
  Reports& reports_;
  std::vector<std::string_view> known_;
};

class FirecrackerReader {
 public:
  FirecrackerReader(const Environment& environment, Reports& reports)
      : environment_(environment),
        strict_(environment.runtime == Runtime::Seccompiler),
        reports_(reports) {}

  std::vector<RuleSet> read(const JsonValue& root) {
    std::vector<RuleSet> filters;
    if (root.kind != JsonValue::Kind::Object)
      reports_.fail(root.place, std::string(name(root.kind)), "an object of threads");
    std::set<std::string_view> threads;
    for (const JsonMember& thread : root.members) {
      if (!threads.insert(thread.key).second) {
        twice(thread, filters);
        if (strict_) break;
      }
      filters.push_back(read_filter(thread));
    }
    return filters;
  }

 private:
  // Firecracker's map keeps the last.
  void twice(const JsonMember& thread, std::vector<RuleSet>& filters) {
    if (strict_) {
      reports_.fail(thread.place, "the thread " + quoted(thread.key) + " twice", "each once");
      return;
    }
    reports_.note(FindingKind::Duplicate, Severity::Warning, thread.place,
                  "the thread " + quoted(thread.key) + " again: the last counts");
    std::erase_if(filters, [&](const RuleSet& set) { return set.name == thread.key; });
  }

  RuleSet read_filter(const JsonMember& thread) {
    RuleSet set;
    set.name = thread.key;
    set.arches = {environment_.host};
    Fields fields(thread.value, "the filter of " + quoted(thread.key), strict_, reports_);
    const auto* mismatch =
        strict_ ? fields.need("mismatch_action", "default_action") : fields.need("default_action");
    const auto* match =
        strict_ ? fields.need("match_action", "filter_action") : fields.need("filter_action");
    const auto* rules = fields.need("filter", JsonValue::Kind::Array);
    fields.finish();
    if (mismatch == nullptr || match == nullptr || rules == nullptr) return set;
    set.place = mismatch->place;
    set.otherwise = verdict(*mismatch);
    const Verdict verdict = this->verdict(*match);
    if (verdict == set.otherwise)
      reports_.fail(match->place, "the action that all other calls get", "another one");
    for (const JsonValue& rule : rules->items) read_rule(rule, verdict, set);
    find_lost_rules(set);
    return set;
  }

  Verdict verdict(const JsonValue& value) {
    const bool with_data = value.kind == JsonValue::Kind::Object && value.members.size() == 1;
    const std::string_view word =
        with_data ? std::string_view(value.members[0].key) : std::string_view(value.text);
    for (const ActionWord& row : action_words) {
      if (row.word != word || row.data != with_data) continue;
      if (row.action == Action::UserNotif && !strict_) break;
      return {value_of(row.action, with_data ? data(value.members[0].value) : std::uint16_t{0})};
    }
    const bool text = value.kind == JsonValue::Kind::Text;
    reports_.fail(value.place, text ? quoted(word) : std::string(name(value.kind)),
                  R"(an action: "allow", "trap", ..., {"errno": N} or {"trace": N})",
                  text ? near_word(word, action_words) : "");
    return {};
  }

  // 16 bits; seccompiler takes 32 and cuts them.
  std::uint16_t data(const JsonValue& value) {
    const std::uint64_t most = strict_ ? low_word : seccomp::data_mask;
    if (value.kind != JsonValue::Kind::Number || !value.natural || *value.natural > most) {
      reports_.fail(
          value.place,
          value.kind == JsonValue::Kind::Number ? value.text : std::string(name(value.kind)),
          "a number up to " + std::to_string(most));
      return 0;
    }
    if (*value.natural > seccomp::data_mask)
      reports_.note(FindingKind::NarrowArgument, Severity::Warning, value.place,
                    value.text + " is cut to 16 bits");
    return static_cast<std::uint16_t>(*value.natural & seccomp::data_mask);
  }

  void read_rule(const JsonValue& value, Verdict verdict, RuleSet& set) {
    Fields fields(value, "a rule", strict_, reports_);
    const auto* call = fields.need("syscall", JsonValue::Kind::Text);
    const auto* args = fields.find("args");
    fields.find("comment");
    fields.finish();
    if (call == nullptr) return;
    Rule rule;
    rule.place = value.place;
    rule.verdict = verdict;
    rule.calls.push_back({call->text, call->place});
    check_call(rule.calls.front());
    if (args != nullptr && args->kind != JsonValue::Kind::Null) read_arguments(*args, rule);
    set.rules.push_back(std::move(rule));
  }

  void check_call(const Call& call) {
    const bool known = strict_ ? names::syscall_number(environment_.host, call.name).has_value()
                               : names::libseccomp_knows(call.name);
    if (known) return;
    const auto all = names::all_syscall_names(environment_.host);
    reports_.fail(call.place, quoted(call.name),
                  "a system call of " + std::string(describe(environment_.host).token),
                  std::string(names::nearest(call.name, all).value_or("")));
  }

  void read_arguments(const JsonValue& args, Rule& rule) {
    if (args.kind != JsonValue::Kind::Array)
      return reports_.fail(args.place, std::string(name(args.kind)), "a list of arguments");
    if (args.items.empty() && strict_)
      return reports_.fail(args.place, "no arguments", "some, or no \"args\" at all");
    std::uint32_t seen = 0;
    for (const JsonValue& value : args.items) read_argument(value, rule, seen);
  }

  void read_argument(const JsonValue& value, Rule& rule, std::uint32_t& seen) {
    Fields fields(value, "an argument", strict_, reports_);
    const auto* index = fields.need("index", JsonValue::Kind::Number);
    const auto* type = fields.need("type", JsonValue::Kind::Text);
    const auto* op = fields.need("op");
    const auto* val = fields.need("val", JsonValue::Kind::Number);
    fields.find("comment");
    fields.finish();
    if (index == nullptr || type == nullptr || op == nullptr || val == nullptr) return;
    ArgumentCondition condition;
    condition.place = value.place;
    condition.index = static_cast<std::uint32_t>(natural(*index, last_argument));
    condition.value = natural(*val, ~std::uint64_t{0});
    condition.width = width(*type);
    read_operator(*op, condition);
    check_width(condition);
    if ((seen >> condition.index & 1) != 0 && !strict_)
      reports_.fail(value.place, "argument " + std::to_string(condition.index) + " again",
                    "each argument once: libseccomp refuses the rule");
    seen |= 1U << condition.index;
    rule.conditions.push_back(condition);
  }

  std::uint64_t natural(const JsonValue& value, std::uint64_t most) {
    if (value.natural && *value.natural <= most) return *value.natural;
    reports_.fail(value.place, value.text, "a number up to " + std::to_string(most));
    return 0;
  }

  Width width(const JsonValue& type) {
    if (type.text == "dword") return Width::LowWord;
    if (type.text != "qword") reports_.fail(type.place, quoted(type.text), "dword or qword");
    return Width::Whole;
  }

  void read_operator(const JsonValue& op, ArgumentCondition& condition) {
    if (op.kind == JsonValue::Kind::Object && op.members.size() == 1 &&
        op.members[0].key == "masked_eq") {
      condition.op = Operator::MaskedEqual;
      condition.value_two = condition.value;
      condition.value = natural(op.members[0].value, ~std::uint64_t{0});
      condition.value_two &= condition.value;
      return;
    }
    for (const OperatorWord& row : operator_words) {
      if (op.kind != JsonValue::Kind::Text || row.word != op.text) continue;
      condition.op = row.op;
      return;
    }
    reports_.fail(op.place,
                  op.kind == JsonValue::Kind::Text ? quoted(op.text) : std::string(name(op.kind)),
                  R"(eq, ne, ge, gt, le, lt or {"masked_eq": MASK})");
  }

  void check_width(const ArgumentCondition& condition) {
    if (condition.width == Width::Whole) return;
    const bool equal = condition.op == Operator::Equal;
    if (!strict_ && !equal)
      reports_.note(FindingKind::Ignored, Severity::Warning, condition.place,
                    "Firecracker looks at \"dword\" for eq alone: all 64 bits are compared");
    else if ((condition.value | condition.value_two) > low_word)
      reports_.note(FindingKind::NarrowArgument, Severity::Warning, condition.place,
                    "of the value only the low 32 bits are compared");
  }

  // seccompiler: a rule without arguments beside one with them adds nothing.
  void find_lost_rules(const RuleSet& set) {
    std::set<std::string_view> conditional;
    std::set<std::string_view> unconditional;
    for (const Rule& rule : set.rules)
      (rule.conditions.empty() ? unconditional : conditional).insert(rule.calls.front().name);
    for (const Rule& rule : set.rules) {
      const std::string& call = rule.calls.front().name;
      const bool both = conditional.contains(call) && unconditional.contains(call);
      if (!both || rule.conditions.empty() != strict_) continue;
      reports_.note(FindingKind::DeadRule, Severity::Warning, rule.place,
                    strict_ ? "lost: of the rules for " + call +
                                  " seccompiler keeps those with arguments alone"
                            : "without effect: another rule for " + call + " has no arguments");
    }
  }

  const Environment& environment_;
  bool strict_;  // seccompiler
  Reports& reports_;
};

}  // namespace

Read read_firecracker(std::string_view text, std::string_view file,
                      const Environment& environment) {
  const auto json = parse_json(text);
  if (!json) return tl::unexpected(json.error());
  Reports reports;
  if (json->comments)
    reports.fail(json->root.place, "comments", "JSON, which has none: write \"comment\" fields");
  Profile profile;
  profile.format = Format::Firecracker;
  profile.files.emplace_back(file);
  profile.filters = FirecrackerReader(environment, reports).read(json->root);
  if (reports.error) return tl::unexpected(*reports.error);
  profile.findings = std::move(reports.findings);
  return profile;
}

}  // namespace assay::profile
