// From rules to a function of all inputs.
//
// For each arch and each number that a call has there, the rules form a group. In a group the
// rules of one verdict are a union; one without conditions decides alone, the first where there
// are several. Where rules of different verdicts overlap nothing says which holds: such inputs
// are ambiguous. The same condition with two verdicts is refused, as libseccomp does.
//
// Around the groups stand the rules that nobody wrote, first match first: runc's answer to
// numbers above those that the profile knows, numbers of the other ABI of x86_64, the groups,
// calls of arches that the filter does not know, the default action.
#include "assay/profile/intent.hpp"

#include <algorithm>
#include <map>
#include <tuple>

#include "assay/names/errnos.hpp"
#include "assay/names/syscalls.hpp"
#include "profile/entries.hpp"
#include "profile/multiplexer.hpp"

namespace assay::profile {
namespace {

using seccomp::Action;
using seccomp::Arch;
using seccomp::Verdict;
using symbolic::Comparison;
using symbolic::Condition;
using symbolic::Manager;
using symbolic::Term;
using symbolic::VerdictFunction;

constexpr std::size_t nr_word = 0;
constexpr std::size_t arch_word = 1;
constexpr std::uint32_t skipped_by_tracer = 0xffffffff;

// Whether libseccomp compares all 64 bits of an argument there. The registers of x32 and n32
// are 64 bits wide, their arguments are not.
bool compares_wide(Arch arch) {
  const bool narrow = arch == Arch::x32 || arch == Arch::mips64n32 || arch == Arch::mipsel64n32;
  return (describe(arch).audit & 0x80000000) != 0 && !narrow;
}

Comparison comparison_of(Operator op) {
  switch (op) {
    case Operator::NotEqual:
    case Operator::MaskedNotEqual: return Comparison::NotEqual;
    case Operator::Less: return Comparison::Less;
    case Operator::LessEqual: return Comparison::LessEqual;
    case Operator::GreaterEqual: return Comparison::GreaterEqual;
    case Operator::Greater: return Comparison::Greater;
    case Operator::Equal:
    case Operator::MaskedEqual: break;
  }
  return Comparison::Equal;
}

bool is_masked(Operator op) {
  return op == Operator::MaskedEqual || op == Operator::MaskedNotEqual;
}

// A condition as an arch compares it.
struct Test {
  std::uint32_t index;
  Operator op;
  std::uint64_t mask;
  std::uint64_t value;
  bool low_word;
  friend auto operator<=>(const Test&, const Test&) = default;
};

using Tests = std::vector<Test>;  // sorted

struct Alternative {
  Tests tests;  // not empty
  Condition where;
  Verdict verdict;
  Source source;
};

// All that is said about one number on one arch.
struct Group {
  struct Always {
    Verdict verdict;
    Source source;
  };
  std::optional<Always> always;
  std::vector<Alternative> sometimes;
};

// A set of numbers, joined by halves so that no step is large.
Condition any_of(Manager& manager, std::span<const std::uint32_t> rising) {
  if (rising.empty()) return Condition::never(manager);
  if (rising.size() == 1)
    return compare(Term::word(manager, nr_word), Comparison::Equal, rising[0]);
  const std::size_t half = rising.size() / 2;
  return any_of(manager, rising.first(half)) | any_of(manager, rising.subspan(half));
}

class Builder {
 public:
  Builder(Manager& manager, const RuleSet& rules, const Environment& environment,
          const IntentOptions& options)
      : manager_(manager),
        rules_(rules),
        environment_(environment),
        options_(options),
        conventions_(conventions_of(environment.runtime)),
        ambiguous_(Condition::never(manager)),
        left_(Condition::always(manager)) {
    choose_arches();
  }

  tl::expected<Meaning, Meaningless> run() {
    check_byte_orders();
    const auto entries = entries_of(rules_, options_.pure ? nullptr : &conventions_);
    if (!entries) return refused(entries.error());
    if (!options_.pure) add_newer_calls();
    for (const Arch arch : arches_) add_arch(arch, *entries);
    if (!refusals_.empty()) return refused(refusals_);
    if (!options_.pure) add_bad_arch();
    add(Condition::always(manager_), rules_.otherwise, DefaultAction{});
    auto function = VerdictFunction::of_cases(manager_, cases_, rules_.otherwise.normalised());
    if (!function) return tl::unexpected(Meaningless{{}, function.error()});
    return Meaning{*function, ambiguous_, std::move(clauses_)};
  }

 private:
  static tl::unexpected<Meaningless> refused(Findings findings) {
    return tl::unexpected(Meaningless{std::move(findings), {}});
  }

  void refuse(Place place, std::string why) {
    refusals_.push_back({FindingKind::Refused, Severity::Error, place, std::move(why)});
  }

  void choose_arches() {
    arches_ = rules_.arches;
    if (conventions_.adds_host || arches_.empty()) arches_.push_back(environment_.host);
    std::vector<Arch> unique;
    for (const Arch arch : arches_)
      if (std::find(unique.begin(), unique.end(), arch) == unique.end()) unique.push_back(arch);
    arches_ = std::move(unique);
  }

  void check_byte_orders() {
    for (const Arch arch : arches_)
      if (!options_.pure && describe(arch).order != describe(environment_.host).order)
        refuse(rules_.place, "architecture " + std::string(describe(arch).token) +
                                 " has another byte order than " +
                                 std::string(describe(environment_.host).token));
  }

  bool has(Arch arch) const {
    return std::find(arches_.begin(), arches_.end(), arch) != arches_.end();
  }

  // The next case: what is left of these inputs.
  void add(const Condition& where, Verdict verdict, Source source) {
    verdict = verdict.normalised();
    cases_.emplace_back(where, verdict);
    if (!options_.clauses) return;
    const Condition taken = where & left_;
    left_ = left_ & !where;
    if (!taken.is_never()) clauses_.push_back({taken, verdict, source});
  }

  Condition is_arch(Arch arch) const {
    return compare(Term::word(manager_, arch_word), Comparison::Equal, describe(arch).audit);
  }
  Condition number(Comparison comparison, std::uint32_t value) const {
    return compare(Term::word(manager_, nr_word), comparison, value);
  }

  // Of the two ABIs under one AUDIT_ARCH the numbers of one.
  Condition own_numbers(Arch arch) const {
    if (arch == Arch::x32) return number(Comparison::GreaterEqual, seccomp::x32_bit);
    if (arch == Arch::x86_64)
      return number(Comparison::Less, seccomp::x32_bit) |
             number(Comparison::Equal, skipped_by_tracer);
    return Condition::always(manager_);
  }

  Verdict bad_arch() const { return rules_.bad_arch.value_or(Verdict{conventions_.bad_arch}); }

  // runc's stub, as in libcontainer/seccomp/patchbpf/enosys_linux.go.
  void add_newer_calls() {
    const Action otherwise = rules_.otherwise.action();
    if (!conventions_.newer_call_stub || otherwise == Action::Allow || otherwise == Action::Log ||
        otherwise == Action::Trace)
      return;
    Condition newer = Condition::never(manager_);
    for (const Arch arch : arches_) newer = newer | newer_on(arch);
    constexpr std::uint16_t enosys = 38;
    add(newer, {value_of(Action::Errno, enosys)}, Implicit::NewerCall);
    decided_before_ = newer;
  }

  Condition newer_on(Arch arch) const {
    const std::uint32_t highest = highest_number(arch);
    if (highest == 0) return Condition::never(manager_);
    Condition newer = number(Comparison::Greater, highest);
    if (arch == Arch::x86_64) newer = newer & abi_bit(false);
    if (arch == Arch::x32) newer = newer & abi_bit(true);
    if (arch == Arch::s390 || arch == Arch::s390x) newer = newer | number(Comparison::Equal, 0);
    return newer & is_arch(arch);
  }

  Condition abi_bit(bool set) const {
    const Term bit = Term::word(manager_, nr_word).masked(seccomp::x32_bit);
    return compare(bit, set ? Comparison::NotEqual : Comparison::Equal, 0);
  }

  // Over all entries, also those that are skipped afterwards.
  std::uint32_t highest_number(Arch arch) const {
    std::uint32_t highest = 0;
    for (const Rule& rule : rules_.rules)
      for (const Call& call : rule.calls) {
        if (multiplexed(arch, call.name)) continue;  // resolves to a negative pseudo number
        highest = std::max(highest, names::libseccomp_number(arch, call.name).value_or(0));
      }
    return highest;
  }

  void add_arch(Arch arch, const std::vector<Entry>& entries) {
    groups_.clear();
    for (const Entry& entry : entries) add_entry(arch, entry);
    const Condition here = is_arch(arch);
    if (!options_.pure && conventions_.libseccomp) add_foreign_abi(arch, here);
    add_unconditional(here);
    add_conditional(here);
  }

  void add_foreign_abi(Arch arch, const Condition& here) {
    const bool alone =
        (arch == Arch::x86_64 && !has(Arch::x32)) || (arch == Arch::x32 && !has(Arch::x86_64));
    if (alone) add(here & !own_numbers(arch), bad_arch(), Implicit::ForeignAbi);
  }

  void add_entry(Arch arch, const Entry& entry) {
    const Rule& rule = rules_.rules[entry.rule];
    if (!rule.arches.empty() &&
        std::find(rule.arches.begin(), rule.arches.end(), arch) == rule.arches.end())
      return;
    const Tests tests = tests_of(arch, entry.conditions);
    if (const auto nr = number_of(arch, entry.call->name))
      add_to(groups_[*nr], tests, arch, entry.rule, RuleIndex{entry.rule});
    if (options_.pure || !conventions_.libseccomp) return;
    const auto through = multiplexed(arch, entry.call->name);
    if (!through) return;
    const auto nr = number_of(arch, through->through);
    if (nr)
      add_to(groups_[*nr], through_multiplexer(tests, through->subcode, arch), arch, entry.rule,
             Implicit::Multiplexer);
  }

  std::optional<std::uint32_t> number_of(Arch arch, std::string_view call) const {
    if (options_.pure || !conventions_.libseccomp) return names::syscall_number(arch, call);
    return names::libseccomp_number(arch, call);
  }

  // The subcode takes the place of what the rule says about the first argument; the others are
  // kept, though they now meet the argument block's address.
  static Tests through_multiplexer(const Tests& tests, std::uint32_t subcode, Arch arch) {
    Tests result{{0, Operator::Equal, ~std::uint64_t{0}, subcode, !compares_wide(arch)}};
    for (const Test& test : tests)
      if (test.index != 0) result.push_back(test);
    return result;
  }

  bool low_word_alone(const ArgumentCondition& condition) const {
    if (condition.width == Width::Whole) return false;
    return options_.pure || !conventions_.low_word_only_equal || condition.op == Operator::Equal;
  }

  Tests tests_of(Arch arch, const std::vector<ArgumentCondition>& conditions) const {
    const bool wide = compares_wide(arch);
    Tests tests;
    for (const ArgumentCondition& condition : conditions) {
      const bool narrow = !wide || low_word_alone(condition);
      const bool masked = is_masked(condition.op);
      Test test{condition.index, condition.op, masked ? condition.value : ~std::uint64_t{0},
                masked ? condition.value_two : condition.value, narrow};
      // Values are cut to the width, but where the profile alone counts.
      if (narrow && !(options_.pure && condition.width == Width::Whole)) {
        test.mask &= 0xffffffff;
        test.value &= 0xffffffff;
      }
      if (!masked && narrow) test.mask = 0xffffffff;
      if (masked) test.value &= test.mask;
      if (condition.op == Operator::MaskedEqual && test.mask == 0) continue;  // always holds
      tests.push_back(test);
    }
    std::sort(tests.begin(), tests.end());
    return tests;
  }

  void add_to(Group& group, const Tests& tests, Arch arch, std::size_t rule, Source source) {
    if (rules_.combination == Combination::FirstMatch)
      return append(group, tests, arch, rule, source);
    const Verdict verdict = rules_.rules[rule].verdict;
    if (tests.empty()) {
      if (!group.always) group.always = {verdict, source};
      return;
    }
    // What follows a rule without conditions is lost.
    if (group.always && conventions_.unconditional == Unconditional::Wins) return;
    for (const Alternative& other : group.sometimes) {
      if (other.tests != tests) continue;
      if (other.verdict != verdict) contradict(rule, other);
      return;
    }
    group.sometimes.push_back({tests, where(tests, arch), verdict, source});
  }

  // Each takes what those before it left.
  void append(Group& group, const Tests& tests, Arch arch, std::size_t rule, Source source) {
    if (group.always) return;
    const Verdict verdict = rules_.rules[rule].verdict;
    if (tests.empty()) {
      group.always = {verdict, source};
      return;
    }
    Condition here = where(tests, arch);
    for (const Alternative& earlier : group.sometimes) here = here & !earlier.where;
    group.sometimes.push_back({tests, here, verdict, source});
  }

  void contradict(std::size_t rule, const Alternative& other) {
    const auto* earlier = std::get_if<RuleIndex>(&other.source);
    const std::size_t line =
        earlier == nullptr ? 0 : static_cast<std::size_t>(rules_.rules[earlier->rule].place.line);
    refusals_.push_back({FindingKind::Contradiction, Severity::Error, rules_.rules[rule].place,
                         "the same condition has another verdict" +
                             (line == 0 ? "" : " in line " + std::to_string(line))});
  }

  Condition where(const Tests& tests, Arch arch) const {
    Condition result = Condition::always(manager_);
    for (const Test& test : tests) result = result & where(test, arch);
    return result;
  }

  Condition where(const Test& test, Arch arch) const {
    const bool low_first = describe(arch).order == std::endian::little;
    const std::size_t at = 4 + 2 * static_cast<std::size_t>(test.index);
    const Term low = Term::word(manager_, at + (low_first ? 0 : 1));
    const Term whole =
        test.low_word ? low : Term::joined(low, Term::word(manager_, at + (low_first ? 1 : 0)));
    return compare(is_masked(test.op) ? whole.masked(test.mask) : whole, comparison_of(test.op),
                   test.value);
  }

  void add_unconditional(const Condition& here) {
    struct Numbers {
      Verdict verdict;
      Source source;
      std::vector<std::uint32_t> numbers;
    };
    // One case for all numbers of a verdict, or of a rule where clauses are told apart.
    std::map<std::tuple<std::uint32_t, std::size_t, std::size_t>, Numbers> kinds;
    for (const auto& [nr, group] : groups_) {
      if (!decides_alone(group)) continue;
      const auto* rule = std::get_if<RuleIndex>(&group.always->source);
      const std::size_t at = rule == nullptr || !options_.clauses ? 0 : rule->rule;
      const std::size_t kind = options_.clauses ? group.always->source.index() : 0;
      Numbers& numbers = kinds[{group.always->verdict.value, at, kind}];
      numbers.verdict = group.always->verdict;
      numbers.source = group.always->source;
      numbers.numbers.push_back(nr);
    }
    for (const auto& [key, kind] : kinds)
      add(here & any_of(manager_, kind.numbers), kind.verdict, kind.source);
  }

  bool decides_alone(const Group& group) const {
    if (!group.always) return false;
    return group.sometimes.empty() || (rules_.combination == Combination::Union &&
                                       conventions_.unconditional == Unconditional::Wins);
  }

  void add_conditional(const Condition& here) {
    for (const auto& [nr, group] : groups_) {
      if (decides_alone(group)) continue;
      const Condition call = here & number(Comparison::Equal, nr);
      if (rules_.combination == Combination::Union) find_overlaps(group, call);
      for (const Alternative& rule : group.sometimes)
        add(call & rule.where, rule.verdict, rule.source);
      if (group.always && rules_.combination == Combination::FirstMatch)
        add(call, group.always->verdict, group.always->source);
    }
  }

  void find_overlaps(const Group& group, const Condition& call) {
    for (std::size_t i = 0; i < group.sometimes.size(); ++i)
      for (std::size_t j = 0; j < i; ++j) {
        const Alternative& a = group.sometimes[i];
        const Alternative& b = group.sometimes[j];
        if (a.verdict.normalised() == b.verdict.normalised() || !a.where.meets(b.where)) continue;
        Condition both = call & a.where & b.where;
        if (decided_before_) both = both & !*decided_before_;
        ambiguous_ = ambiguous_ | both;
      }
  }

  void add_bad_arch() {
    Condition known = Condition::never(manager_);
    for (const Arch arch : arches_) known = known | is_arch(arch);
    add(!known, bad_arch(), Implicit::BadArch);
  }

  Manager& manager_;
  const RuleSet& rules_;
  const Environment& environment_;
  const IntentOptions& options_;
  const Conventions& conventions_;
  std::vector<Arch> arches_;
  std::map<std::uint32_t, Group> groups_;  // of the arch at hand
  std::vector<VerdictFunction::Case> cases_;
  std::vector<Clause> clauses_;
  std::optional<Condition> decided_before_;
  Condition ambiguous_;
  Condition left_;  // where no clause holds yet
  Findings refusals_;
};

}  // namespace

tl::expected<Meaning, Meaningless> intent(Manager& manager, const RuleSet& rules,
                                          const Environment& environment,
                                          const IntentOptions& options) {
  return Builder(manager, rules, environment, options).run();
}

tl::expected<Meaning, Meaningless> intent_of_stack(Manager& manager,
                                                   std::span<const RuleSet> oldest_first,
                                                   const Environment& environment,
                                                   const IntentOptions& options) {
  if (oldest_first.size() == 1) return intent(manager, oldest_first[0], environment, options);
  std::vector<VerdictFunction> functions;
  Condition ambiguous = Condition::never(manager);
  for (const RuleSet& rules : oldest_first) {
    const auto meaning = intent(manager, rules, environment, options);
    if (!meaning) return tl::unexpected(meaning.error());
    functions.push_back(meaning->function);
    ambiguous = ambiguous | meaning->ambiguous;
  }
  const auto stack = VerdictFunction::of_stack(manager, functions);
  if (!stack) return tl::unexpected(Meaningless{{}, stack.error()});
  return Meaning{*stack, ambiguous, {}};
}

}  // namespace assay::profile
