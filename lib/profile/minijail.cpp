#include "assay/profile/minijail.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <set>

#include "assay/names/constants.hpp"
#include "assay/names/errnos.hpp"
#include "assay/names/nearest.hpp"
#include "assay/names/syscalls.hpp"
#include "assay/text/printable.hpp"
#include "profile/json_object.hpp"
#include "profile/minijail_tokens.hpp"

namespace assay::profile {
namespace {

using Kind = MinijailToken::Kind;
using seccomp::Action;
using seccomp::Verdict;

constexpr std::size_t include_depth = 10;         // of the script
constexpr std::size_t most_conditions = 100'000;  // in all
constexpr std::size_t constant_depth = 32;        // parentheses

std::string quoted(std::string_view text) { return "'" + text::printable(text, 60) + "'"; }

struct ActionWord {
  std::string_view word;
  Action action;
  bool by_default;  // may be the default
};
constexpr auto action_words = std::to_array<ActionWord>({
    {"allow", Action::Allow, false},
    {"kill", Action::KillThread, true},
    {"kill-thread", Action::KillThread, true},
    {"kill-process", Action::KillProcess, true},
    {"trap", Action::Trap, true},
    {"trace", Action::Trace, false},
    {"log", Action::Log, false},
    {"user-notify", Action::UserNotif, true},
});

const ActionWord* find_action(std::string_view word) {
  for (const ActionWord& row : action_words)
    if (row.word == word) return &row;
  return nullptr;
}

// The tokens of a statement, one after the other, and the first error met.
class Cursor {
 public:
  Cursor(const MinijailStatement& statement, Reports& reports)
      : statement_(statement), reports_(reports) {}

  bool at_end() const { return at_ >= statement_.size() || reports_.error.has_value(); }
  const MinijailToken& next() const { return at_end() ? end_ : statement_[at_]; }
  MinijailToken take() {
    const MinijailToken token = next();
    ++at_;
    return token;
  }
  bool is(std::string_view text) const { return !at_end() && next().is(text); }
  bool take(std::string_view text) {
    if (!is(text)) return false;
    ++at_;
    return true;
  }
  void need(std::string_view text) {
    if (!take(text)) fail("'" + std::string(text) + "'");
  }
  void fail(std::string expected, std::string suggestion = {}) {
    const bool end = at_ >= statement_.size();
    Place place = end ? statement_.back().place : statement_[at_].place;
    if (end) place.column += static_cast<std::uint32_t>(statement_.back().text.size());
    reports_.fail(place, end ? "the end of the rule" : quoted(statement_[at_].text),
                  std::move(expected), std::move(suggestion));
  }

 private:
  const MinijailStatement& statement_;
  Reports& reports_;
  std::size_t at_ = 0;
  MinijailToken end_;
};

using Conditions = std::vector<ArgumentCondition>;

// An expression, one of whose alternatives must hold; none: always. And the verdict then.
struct Filter {
  std::vector<Conditions> alternatives;
  Verdict verdict;
  Place place;
};

class PolicyReader {
 public:
  PolicyReader(std::span<const UnitText> texts, const MinijailOptions& options,
               MinijailCompiler compiler, Reports& reports)
      : texts_(texts),
        options_(options),
        script_(compiler == MinijailCompiler::Script),
        reports_(reports) {
    set_.arches = {options.environment.host};
    set_.combination = Combination::FirstMatch;
    set_.otherwise = {value_of(Action::KillThread)};
    if (options.log) set_.otherwise = {value_of(Action::Log)};
  }

  RuleSet read() {
    read_file(0, 1);
    if (denylist_) set_.otherwise = {value_of(Action::Allow)};
    return std::move(set_);
  }

 private:
  void read_file(std::size_t file, std::size_t depth) {
    bytes_ += texts_[file].text.size();
    if (bytes_ > profile_limit)
      return reports_.fail({static_cast<std::uint32_t>(file), 0, 0}, "more text with all includes",
                           "at most " + std::to_string(profile_limit) + " bytes");
    MinijailStatements statements(texts_[file].text, static_cast<std::uint32_t>(file));
    while (auto statement = statements.next()) {
      if (reports_.error) return;
      if (script_) std::erase_if(*statement, is_comment);
      if (statement->empty() || is_comment(statement->front())) continue;
      Cursor cursor(*statement, reports_);
      read_statement(cursor, depth);
      if (!cursor.at_end()) cursor.fail("the end of the rule");
    }
  }

  static bool is_comment(const MinijailToken& token) { return token.kind == Kind::Comment; }

  void read_statement(Cursor& cursor, std::size_t depth) {
    const MinijailToken first = cursor.next();
    if (first.kind != Kind::Directive) return read_rule(cursor);
    cursor.take();
    if (first.is("@include")) return include(cursor, depth);
    if (first.is("@frequency")) {
      if (cursor.next().kind != Kind::Path) return cursor.fail("a path");
      cursor.take();
      return reports_.note(FindingKind::Ignored, Severity::Note, first.place,
                           "@frequency moves comparisons and changes no verdict");
    }
    if (script_ && first.is("@default")) return read_default(cursor);
    if (script_ && first.is("@denylist")) {
      denylist_ = true;
      return reports_.note(FindingKind::Obsolete, Severity::Note, first.place,
                           "a deny-list: compiled with --denylist alone");
    }
    reports_.fail(first.place, quoted(first.text),
                  script_ ? "@include, @default, @denylist or @frequency" : "@include");
  }

  void include(Cursor& cursor, std::size_t depth) {
    const MinijailToken path = cursor.take();
    if (path.kind != Kind::Path)
      return reports_.fail(path.place, quoted(path.text), "a path that begins with / or ./");
    // The embedded compiler follows no @include in an included file.
    if (depth > (script_ ? include_depth - 1 : 1))
      return reports_.fail(
          path.place, "an @include nested too deeply",
          script_ ? "at most 10 files within each other" : "none in an included file");
    for (std::size_t i = 1; i < texts_.size(); ++i) {
      if (texts_[i].name != path.text) continue;
      return read_file(i, depth + 1);
    }
    reports_.fail(path.place, quoted(path.text), "a file that can be read");
  }

  void read_default(Cursor& cursor) {
    const MinijailToken word = cursor.next();
    const ActionWord* const action = find_action(word.text);
    if (action == nullptr || !action->by_default)
      return cursor.fail("kill, kill-thread, kill-process, trap or user-notify");
    cursor.take();
    set_.otherwise = {value_of(action->action)};
    set_.place = word.place;
  }

  // Rules.

  void read_rule(Cursor& cursor) {
    std::vector<Call> calls;
    const Place place = cursor.next().place;
    if (script_ && cursor.take("{")) {
      do read_call(cursor, calls);
      while (cursor.take(","));
      cursor.need("}");
    } else {
      read_call(cursor, calls);
    }
    cursor.need(":");
    if (cursor.at_end() && !reports_.error) cursor.fail("a policy");
    const auto filters = script_ ? script_filters(cursor) : embedded_filters(cursor);
    if (!reports_.error) add(calls, filters, place);
  }

  void read_call(Cursor& cursor, std::vector<Call>& calls) {
    const MinijailToken name = cursor.next();
    if (name.kind != Kind::Word) return cursor.fail("the name of a system call");
    cursor.take();
    if (name.text.find('@') != name.text.npos)
      return reports_.fail(name.place, "the group " + quoted(name.text),
                           "system calls: groups stand in a file that is not read");
    const bool here = !script_ || !cursor.is("[") || read_arches(cursor);
    if (!here) return;
    if (names::syscall_number(options_.environment.host, name.text)) {
      calls.push_back({std::string(name.text), name.place});
    } else if (options_.log && !script_) {
      reports_.note(FindingKind::UnknownCall, Severity::Warning, name.place,
                    "the unknown call " + quoted(name.text) + " is ignored");
    } else {
      const auto known = names::all_syscall_names(options_.environment.host);
      reports_.fail(name.place, quoted(name.text), "a system call of " + std::string(host().token),
                    std::string(names::nearest(name.text, known).value_or("")));
    }
  }

  const seccomp::ArchInfo& host() const { return describe(options_.environment.host); }

  // [arch=x86_64,arm64]: whether this machine is among them.
  bool read_arches(Cursor& cursor) {
    bool here = true;
    cursor.need("[");
    do {
      const MinijailToken key = cursor.take();
      cursor.need("=");
      bool listed = false;
      do listed |= is_host(cursor.take().text);
      while (cursor.take(","));
      if (key.is("arch")) here = listed;
    } while (cursor.take(";"));
    cursor.need("]");
    return here;
  }

  bool is_host(std::string_view word) const {
    if (options_.environment.host == seccomp::Arch::aarch64) return word == "arm64";
    return word == host().token;
  }

  // 1 | return [ERRNO] | EXPRESSION [; return [ERRNO]]
  std::vector<Filter> embedded_filters(Cursor& cursor) {
    const MinijailToken first = cursor.next();
    if (first.is("1")) {
      cursor.take();
      return {{{}, {value_of(Action::Allow)}, first.place}};
    }
    if (first.is("return")) return {{{}, embedded_answer(cursor), first.place}};
    std::vector<Filter> filters;
    filters.push_back({expression(cursor), {value_of(Action::Allow)}, first.place});
    if (!cursor.take(";")) return filters;
    const Place place = cursor.next().place;
    if (!cursor.is("return")) cursor.fail("return");
    filters.push_back({{}, embedded_answer(cursor), place});
    return filters;
  }

  // Without a number the default.
  Verdict embedded_answer(Cursor& cursor) {
    cursor.need("return");
    if (cursor.at_end()) return set_.otherwise;
    return {value_of(Action::Errno, error_number(cursor))};
  }

  std::vector<Filter> script_filters(Cursor& cursor) {
    std::vector<Filter> filters;
    if (!cursor.take("{")) {
      filters.push_back(script_filter(cursor));
      return filters;
    }
    do filters.push_back(script_filter(cursor));
    while (cursor.take(","));
    cursor.need("}");
    return filters;
  }

  Filter script_filter(Cursor& cursor) {
    const MinijailToken first = cursor.next();
    if (!first.text.starts_with("arg")) return {{}, script_action(cursor), first.place};
    auto alternatives = expression(cursor);
    Verdict verdict{value_of(Action::Allow)};
    if (const MinijailToken sign = cursor.next(); cursor.take(";")) {
      verdict = script_action(cursor);
      if (verdict.action() == Action::Errno)
        reports_.note(FindingKind::Ambiguous, Severity::Note, sign.place,
                      "the script gives this answer to what satisfies the expression, the "
                      "embedded compiler to all else");
    }
    return {std::move(alternatives), verdict, first.place};
  }

  Verdict script_action(Cursor& cursor) {
    const MinijailToken word = cursor.next();
    if (cursor.take("return")) return {value_of(Action::Errno, error_number(cursor))};
    const ActionWord* const action = find_action(word.text);
    if (denylist_ || (action == nullptr && !word.is("1"))) {
      cursor.fail(denylist_ ? "return, as in every rule of a deny-list" : "an action");
      return {};
    }
    cursor.take();
    return {value_of(action == nullptr ? Action::Allow : action->action)};
  }

  std::uint16_t error_number(Cursor& cursor) {
    const MinijailToken token = cursor.next();
    const std::uint64_t number = single_constant(cursor);
    if (number > seccomp::max_errno && !reports_.error)
      reports_.note(FindingKind::NarrowArgument, Severity::Warning, token.place,
                    "the kernel returns no error number above 4095");
    return static_cast<std::uint16_t>(number & seccomp::data_mask);
  }

  // Expressions.

  std::vector<Conditions> expression(Cursor& cursor) {
    std::vector<Conditions> alternatives;
    do {
      Conditions conditions;
      do conditions.push_back(condition(cursor));
      while (cursor.take("&&"));
      alternatives.push_back(std::move(conditions));
    } while (cursor.take("||"));
    return alternatives;
  }

  ArgumentCondition condition(Cursor& cursor) {
    ArgumentCondition result;
    const MinijailToken argument = cursor.next();
    result.place = argument.place;
    result.index = argument_index(cursor);
    const MinijailToken op = cursor.take();
    const MinijailToken value = cursor.next();
    if (!script_ && !reports_.error && (!op.after_blank || !value.after_blank))
      reports_.fail(op.place, quoted(op.text), "blanks around the operator");
    set_operator(result, op, constant(cursor, 0));
    if (++conditions_ > most_conditions)
      reports_.fail(argument.place, "more conditions",
                    "at most " + std::to_string(most_conditions));
    return result;
  }

  std::uint32_t argument_index(Cursor& cursor) {
    const std::string_view word = cursor.next().text;
    const bool sound = word.size() == 4 && word.starts_with("arg") && word[3] >= '0' &&
                       word[3] <= '5' && cursor.next().kind == Kind::Word;
    if (!sound) {
      cursor.fail("arg0 to arg5");
      return 0;
    }
    cursor.take();
    return static_cast<std::uint32_t>(word[3] - '0');
  }

  void set_operator(ArgumentCondition& to, const MinijailToken& op, std::uint64_t value) {
    constexpr auto plain = std::to_array<std::pair<std::string_view, Operator>>({
        {"==", Operator::Equal},
        {"!=", Operator::NotEqual},
        {"<", Operator::Less},
        {"<=", Operator::LessEqual},
        {">", Operator::Greater},
        {">=", Operator::GreaterEqual},
    });
    to.value = value;
    for (const auto& [sign, how] : plain)
      if (op.is(sign)) {
        to.op = how;
        return;
      }
    if (op.is("&")) {  // any bit
      to.op = Operator::MaskedNotEqual;
    } else if (op.is("in")) {  // no other bit
      to.op = Operator::MaskedEqual;
      to.value = ~value;
    } else {
      reports_.fail(op.place, quoted(op.text), "==, !=, <, <=, >, >=, & or in");
    }
  }

  // PART { "|" PART }
  std::uint64_t constant(Cursor& cursor, std::size_t depth) {
    std::uint64_t value = 0;
    bool first = true;
    do {
      check_joined(cursor, first && depth == 0);
      value |= part(cursor, depth);
      first = false;
      if (cursor.is("|")) check_joined(cursor, false);
    } while (cursor.take("|"));
    return value;
  }

  // In the embedded compiler's constants stand no blanks.
  void check_joined(Cursor& cursor, bool may_be_apart) {
    if (!script_ && !may_be_apart && !cursor.at_end() && cursor.next().after_blank)
      cursor.fail("a constant without blanks");
  }

  std::uint64_t part(Cursor& cursor, std::size_t depth) {
    if (depth == constant_depth) {
      cursor.fail("fewer parentheses");
      return 0;
    }
    const bool complement = cursor.take("~");
    std::uint64_t value = 0;
    if (complement && cursor.is("~")) cursor.fail("one ~");
    if (cursor.take("(")) {
      value = constant(cursor, depth + 1);
      cursor.need(")");
    } else {
      value = single_constant(cursor);
    }
    return complement ? ~value : value;
  }

  std::uint64_t single_constant(Cursor& cursor) {
    const MinijailToken token = cursor.next();
    std::optional<std::uint64_t> value;
    if (token.kind == Kind::Number) value = number(token.text);
    if (token.kind == Kind::Word) value = named(token.text);
    if (!value) {
      cursor.fail("a number or a named constant", near_constant(token));
      return 0;
    }
    cursor.take();
    return *value;
  }

  // As strtol() with base 0 reads it.
  static std::optional<std::uint64_t> number(std::string_view text) {
    const bool negative = text.starts_with('-');
    if (negative) text.remove_prefix(1);
    int base = 10;
    if (text.starts_with("0x") || text.starts_with("0X")) {
      base = 16;
      text.remove_prefix(2);
    } else if (text.size() > 1 && text.front() == '0') {
      base = 8;
      text.remove_prefix(1);
    }
    std::uint64_t value = 0;
    const char* const end = text.data() + text.size();
    const auto [at, error] = std::from_chars(text.data(), end, value, base);
    const bool underflow = negative && value > std::uint64_t{1} << 63;
    if (error != std::errc{} || at != end || text.empty() || underflow) return std::nullopt;
    return negative ? 0 - value : value;
  }

  std::optional<std::uint64_t> named(std::string_view word) const {
    if (const auto value = names::constant_value(word)) return static_cast<std::uint64_t>(*value);
    if (const auto value = names::errno_number(options_.environment.host, word)) return *value;
    return std::nullopt;
  }

  static std::string near_constant(const MinijailToken& token) {
    if (token.kind != Kind::Word) return {};
    std::vector<std::string_view> known;
    for (const names::Constant& row : names::all_constants()) known.push_back(row.name);
    return std::string(names::nearest(token.text, known).value_or(""));
  }

  // Rules for libseccomp's ears: each alternative one, in their order.

  void add(const std::vector<Call>& calls, const std::vector<Filter>& filters, Place place) {
    if (calls.empty()) return;
    for (const Call& call : calls) check_repeated(call);
    for (const Filter& filter : filters) {
      if (filter.alternatives.empty()) put(calls, {}, filter, place);
      for (const Conditions& conditions : filter.alternatives)
        put(calls, conditions, filter, place);
      for (const Call& call : calls) note_end(call, filter);
    }
  }

  void put(const std::vector<Call>& calls, const Conditions& conditions, const Filter& filter,
           Place place) {
    Rule rule;
    rule.calls = calls;
    rule.verdict = filter.verdict;
    rule.conditions = conditions;
    rule.place = filter.place.line == 0 ? place : filter.place;
    answers_ += calls.size();
    if (answers_ > most_conditions)
      return reports_.fail(rule.place, "more rules", "at most " + std::to_string(most_conditions));
    set_.rules.push_back(std::move(rule));
  }

  void check_repeated(const Call& call) {
    if (!seen_.insert(call.name).second && !script_)
      reports_.fail(call.place, quoted(call.name) + " again", "each system call once");
  }

  // The script refuses what stands behind an action without condition.
  void note_end(const Call& call, const Filter& filter) {
    if (ended_.contains(call.name))
      reports_.fail(filter.place, "a rule for " + call.name + " behind one without condition",
                    "none, since it has no effect");
    if (filter.alternatives.empty()) ended_.insert(call.name);
  }

  std::span<const UnitText> texts_;
  const MinijailOptions& options_;
  bool script_;
  Reports& reports_;
  RuleSet set_;
  bool denylist_ = false;
  std::size_t bytes_ = 0;
  std::size_t conditions_ = 0;
  std::size_t answers_ = 0;
  std::set<std::string, std::less<>> seen_;
  std::set<std::string, std::less<>> ended_;
};

// What only the script reads.
bool is_for_script(std::string_view text) {
  MinijailStatements statements(text, 0);
  while (const auto statement = statements.next()) {
    bool behind_colon = false;
    for (std::size_t i = 0; i < statement->size(); ++i) {
      const MinijailToken& token = (*statement)[i];
      if (i > 0 && token.kind == Kind::Comment) return true;
      if (token.is("{") || token.is("[") || token.is("@default") || token.is("@denylist"))
        return true;
      if (behind_colon && find_action(token.text) != nullptr) return true;
      behind_colon |= token.is(":");
    }
  }
  return false;
}

}  // namespace

Read read_minijail(std::span<const UnitText> texts, const MinijailOptions& options) {
  Reports reports;
  Profile profile;
  profile.format = Format::Minijail;
  bool script = false;
  for (const UnitText& text : texts) {
    if (text.text.size() > profile_limit)
      return tl::unexpected(ReadError{{static_cast<std::uint32_t>(profile.files.size()), 0, 0},
                                      std::to_string(text.text.size()) + " bytes",
                                      "at most " + std::to_string(profile_limit),
                                      {}});
    profile.files.push_back(text.name);
    script = script || is_for_script(text.text);
  }
  if (texts.empty()) return tl::unexpected(ReadError{{}, "nothing", "a policy", {}});
  const auto compiler =
      options.compiler.value_or(script ? MinijailCompiler::Script : MinijailCompiler::Embedded);
  profile.filters.push_back(PolicyReader(texts, options, compiler, reports).read());
  if (reports.error) return tl::unexpected(*reports.error);
  profile.findings = std::move(reports.findings);
  return profile;
}

std::vector<std::string> minijail_includes(std::string_view text) {
  std::vector<std::string> paths;
  MinijailStatements statements(text, 0);
  while (const auto statement = statements.next())
    if (statement->size() >= 2 && statement->front().is("@include") &&
        (*statement)[1].kind == Kind::Path)
      paths.emplace_back((*statement)[1].text);
  return paths;
}

}  // namespace assay::profile
