// A row becomes the set of inputs that it describes; where the function is none of the expected
// verdicts on that set, the row is violated. All rows together are the set that covers.
#include "assay/profile/table_test.hpp"

#include <algorithm>
#include <limits>
#include <map>

#include "assay/names/syscalls.hpp"
#include "assay/profile/systemd_intent.hpp"
#include "assay/symbolic/analysis.hpp"
#include "profile/branch_coverage.hpp"

namespace assay::profile {
namespace {

using seccomp::Arch;
using symbolic::Comparison;
using symbolic::Condition;
using symbolic::Manager;
using symbolic::Term;
using symbolic::VerdictFunction;

constexpr std::size_t nr_word = 0;
constexpr std::size_t arch_word = 1;
constexpr std::uint64_t low_word = 0xffffffff;

bool is_narrow(Arch arch) {
  const bool half = arch == Arch::x32 || arch == Arch::mips64n32 || arch == Arch::mipsel64n32;
  return half || (describe(arch).audit & 0x80000000) == 0;
}

class Tables {
 public:
  Tables(Manager& manager, const Environment& environment)
      : manager_(manager), environment_(environment) {}

  Condition inputs_of(const TableCase& row, Arch arch) const {
    Condition inputs = abi(arch) & calls(row, arch);
    for (const ArgumentValues& values : row.arguments) inputs = inputs & argument(values, arch);
    if (row.condition)
      inputs = inputs & text::inputs_of(manager_, *row.condition, describe(arch).order);
    return inputs;
  }

  std::vector<Arch> arches_of(const TableCase& row) const {
    return row.arches.empty() ? std::vector{environment_.host} : row.arches;
  }

 private:
  Condition number(Comparison comparison, std::uint32_t value) const {
    return compare(Term::word(manager_, nr_word), comparison, value);
  }
  Condition abi(Arch arch) const {
    const Condition machine =
        compare(Term::word(manager_, arch_word), Comparison::Equal, describe(arch).audit);
    if (arch == Arch::x86_64) return machine & number(Comparison::Less, seccomp::x32_bit);
    if (arch == Arch::x32) return machine & number(Comparison::GreaterEqual, seccomp::x32_bit);
    return machine;
  }

  // Numbers are as the filter sees them, but that x32's may be given without their bit.
  Condition calls(const TableCase& row, Arch arch) const {
    Condition any = Condition::never(manager_);
    for (const std::string& call : row.calls)
      if (const auto nr = names::syscall_number(arch, call))
        any = any | number(Comparison::Equal, *nr);
    for (const ArgumentValues::Range& range : row.numbers) {
      const auto first = static_cast<std::uint64_t>(range.first);
      const auto last = static_cast<std::uint64_t>(range.last);
      any = any | in_range(Term::word(manager_, nr_word), first, last);
      if (arch == Arch::x32 && last < seccomp::x32_bit)
        any = any | in_range(Term::word(manager_, nr_word), first | seccomp::x32_bit,
                             last | seccomp::x32_bit);
    }
    return any;
  }

  // 64 bits, or 32 with nothing above them.
  Condition argument(const ArgumentValues& values, Arch arch) const {
    if (values.ranges.empty()) return Condition::always(manager_);
    const bool low_first = describe(arch).order == std::endian::little;
    const std::size_t at = 4 + 2 * std::size_t{values.index};
    const Term low = Term::word(manager_, at + (low_first ? 0 : 1));
    const Term high = Term::word(manager_, at + (low_first ? 1 : 0));
    const Term whole = Term::joined(low, high);
    Condition any = Condition::never(manager_);
    for (const ArgumentValues::Range& range : values.ranges) {
      any = any | within(whole, range, is_narrow(arch) ? low_word : ~std::uint64_t{0});
      if (!is_narrow(arch)) any = any | as_int(whole, range);
    }
    return any;
  }

  // From -5 to 5 goes around the end of the unsigned numbers.
  Condition within(const Term& whole, const ArgumentValues::Range& range,
                   std::uint64_t mask) const {
    const std::uint64_t first = static_cast<std::uint64_t>(range.first) & mask;
    const std::uint64_t last = static_cast<std::uint64_t>(range.last) & mask;
    if (first <= last) return in_range(whole, first, last);
    if (range.first >= 0 || range.last < 0) return Condition::never(manager_);
    return in_range(whole, 0, last) | in_range(whole, first, mask);
  }

  // A negative int reaches the kernel with its sign above it or with zeros, as the program was
  // compiled: both are meant.
  Condition as_int(const Term& whole, const ArgumentValues::Range& range) const {
    constexpr std::int64_t lowest = std::numeric_limits<std::int32_t>::min();
    if (range.first < lowest || range.first >= 0) return Condition::never(manager_);
    const std::int64_t last = std::min<std::int64_t>(range.last, -1);
    return in_range(whole, static_cast<std::uint64_t>(range.first) & low_word,
                    static_cast<std::uint64_t>(last) & low_word);
  }

  Manager& manager_;
  const Environment& environment_;
};

class Run {
 public:
  Run(Manager& manager, const Table& table, const VerdictFunction& function,
      const Environment& environment, const TableOptions& options)
      : manager_(manager),
        table_(table),
        function_(function),
        tables_(manager, environment),
        environment_(environment),
        options_(options),
        covered_(Condition::never(manager)) {}

  void rows(TableResult& result) {
    const auto verdicts = function_.verdicts();
    for (std::size_t i = 0; i < table_.cases.size() && !manager_.exhausted(); ++i)
      for (const Arch arch : tables_.arches_of(table_.cases[i]))
        result.results.push_back(row(i, arch, verdicts));
  }

  void rules(const Target& target, TableResult& result) {
    if (target.unit) return options(*target.unit, result.rules);
    IntentOptions with_clauses;
    with_clauses.clauses = true;
    for (const RuleSet& set : target.filters) {
      const auto meaning = intent(manager_, set, environment_, with_clauses);
      if (meaning) rules(set, *meaning, result.rules);
    }
  }

  // Those that some input takes, whatever it is.
  void branches(std::span<const verify::Program> filters, TableResult& result) {
    for (std::size_t i = 0; i < filters.size(); ++i) {
      const auto analysis = symbolic::Analysis::of(manager_, filters[i], options_.semantics);
      const auto taken = branches_taken(manager_, filters[i], covered_);
      if (!analysis || !taken) continue;
      for (const auto& edge : analysis->edges()) {
        if (!bpf::is_branch(filters[i].opcode(edge.from).operation)) continue;
        if (!analysis->feasible(edge)) continue;
        ++result.branches.total;
        if (std::find(taken->begin(), taken->end(), edge) != taken->end()) {
          ++result.branches.covered;
          continue;
        }
        const std::string filter = filters.size() > 1 ? "filter " + std::to_string(i) + ", " : "";
        result.branches.missed.push_back({{},
                                          filter + "from instruction " + std::to_string(edge.from) +
                                              " to " + std::to_string(edge.to),
                                          analysis->witness(edge).value_or(seccomp::Words{})});
      }
    }
  }

 private:
  CaseResult row(std::size_t index, Arch arch, std::span<const seccomp::Verdict> verdicts) {
    const TableCase& row = table_.cases[index];
    const Condition inputs = tables_.inputs_of(row, arch);
    covered_ = covered_ | inputs;
    CaseResult result{index, arch, inputs.count(), {}};
    for (const seccomp::Verdict verdict : verdicts) {
      const bool expected =
          std::any_of(row.expected.begin(), row.expected.end(),
                      [&](const ExpectedVerdict& each) { return each.holds(verdict); });
      if (expected || !function_.where(verdict).meets(inputs)) continue;
      const Condition wrong = function_.where(verdict) & inputs;
      if (const auto witness = wrong.witness())
        result.violations.push_back({verdict, *witness, wrong.count()});
    }
    return result;
  }

  // Something that matters on these inputs: covered when a row has one of them.
  void count(const Condition& where, Place place, const std::string& what, Coverage& coverage) {
    if (where.is_never()) return;
    ++coverage.total;
    if (where.meets(covered_))
      ++coverage.covered;
    else
      coverage.missed.push_back({place, what, where.witness().value_or(seccomp::Words{})});
  }

  // A rule decides for the inputs of its clauses; one that decides for none cannot be covered.
  void rules(const RuleSet& set, const Meaning& meaning, Coverage& coverage) {
    std::map<std::size_t, Condition> decided;
    for (const Clause& clause : meaning.clauses)
      if (const auto* rule = std::get_if<RuleIndex>(&clause.source)) {
        const auto [at, fresh] = decided.try_emplace(rule->rule, clause.where);
        if (!fresh) at->second = at->second | clause.where;
      }
    for (const auto& [index, where] : decided) {
      const Rule& rule = set.rules[index];
      count(where, rule.place, in_words(rule), coverage);
    }
  }

  static std::string in_words(const Rule& rule) {
    std::string text = rule.calls.empty() ? "no call" : rule.calls.front().name;
    if (rule.calls.size() > 1) text += " and " + std::to_string(rule.calls.size() - 1) + " more";
    return text;
  }

  // Of a unit each option is a rule: where it restricts anything.
  void options(const Unit& unit, Coverage& coverage) {
    for (std::size_t i = 0; i < systemd_option_names.size(); ++i) {
      const auto option = static_cast<SystemdOption>(i);
      if (!unit.sandbox.restricts(option)) continue;
      const auto alone = systemd_intent(manager_, unit.sandbox, option, environment_);
      if (!alone) return;
      const Condition where = alone->where(
          [](seccomp::Verdict verdict) { return verdict.action() != seccomp::Action::Allow; });
      count(where, unit.places[i], std::string(name(option)) + "=", coverage);
    }
  }

  Manager& manager_;
  const Table& table_;
  const VerdictFunction& function_;
  Tables tables_;
  const Environment& environment_;
  const TableOptions& options_;
  Condition covered_;
};

}  // namespace

bool ExpectedVerdict::holds(seccomp::Verdict verdict) const {
  return verdict.action() == action && (!data || verdict.data() == *data);
}

std::size_t TableResult::failed() const {
  return static_cast<std::size_t>(std::count_if(
      results.begin(), results.end(), [](const CaseResult& each) { return !each.passed(); }));
}

tl::expected<TableResult, symbolic::NotDecided> run_table(const Table& table, const Target* target,
                                                          const Environment& environment,
                                                          std::span<const verify::Program> filters,
                                                          const TableOptions& options) {
  Manager manager(symbolic::Order::fixed(), options.budget);
  const auto function = VerdictFunction::of_stack(manager, filters, options.semantics);
  if (!function) return tl::unexpected(function.error());
  TableResult result;
  Run run(manager, table, *function, environment, options);
  run.rows(result);
  if (target != nullptr) run.rules(*target, result);
  run.branches(filters, result);
  if (manager.exhausted()) return tl::unexpected(manager.not_decided());
  return result;
}

}  // namespace assay::profile
