#include "assay/trace/tighten.hpp"

#include <algorithm>

#include "assay/names/syscalls.hpp"
#include "assay/profile/intent.hpp"
#include "assay/symbolic/verdict_function.hpp"
#include "trace/abi.hpp"

namespace assay::trace {
namespace {

using profile::ArgumentCondition;
using profile::Operator;
using seccomp::Action;
using seccomp::Arch;
using seccomp::Verdict;
using symbolic::Condition;
using symbolic::Manager;
using symbolic::VerdictFunction;

constexpr std::size_t most_cubes = 64;

bool is_kill(Verdict verdict, const seccomp::Semantics& semantics) {
  const Action action = verdict.action(semantics);
  return action == Action::KillProcess || action == Action::KillThread;
}

// ACTIONs with data that a profile can state.
bool expressible(Verdict verdict) {
  return verdict.action() != Action::Trap || verdict.data() == 0;
}

ArgumentCondition condition_on(std::size_t index, std::uint64_t mask, std::uint64_t value) {
  ArgumentCondition condition;
  condition.index = static_cast<std::uint32_t>(index);
  const bool whole = mask == ~std::uint64_t{0};
  condition.op = whole ? Operator::Equal : Operator::MaskedEqual;
  condition.value = whole ? value : mask;
  condition.value_two = whole ? 0 : value;
  return condition;
}

using Conditions = std::vector<ArgumentCondition>;

Conditions conditions_of(const seccomp::SeccompData& mask, const seccomp::SeccompData& value) {
  Conditions conditions;
  for (std::size_t i = 0; i < mask.args.size(); ++i)
    if (mask.args[i] != 0)
      conditions.push_back(condition_on(i, mask.args[i], value.args[i] & mask.args[i]));
  return conditions;
}

// Inputs of one number.
Condition inputs_of(Manager& manager, const Usage::Number& number) {
  const auto is = [&](std::size_t word, std::uint32_t value) {
    return compare(symbolic::Term::word(manager, word), symbolic::Comparison::Equal, value);
  };
  return is(1, number.arch) & is(0, number.nr);
}

Condition inputs_of(Manager& manager, const Usage::Number& number, const seccomp::SeccompData& mask,
                    const seccomp::SeccompData& value) {
  const std::endian order = seccomp::byte_order(number.arch);
  const seccomp::Words masks = seccomp::words(mask, order);
  const seccomp::Words values = seccomp::words(value, order);
  Condition inputs = inputs_of(manager, number);
  for (std::size_t i = 4; i < masks.size(); ++i) {
    if (masks[i] == 0) continue;
    inputs = inputs & compare(symbolic::Term::word(manager, i).masked(masks[i]),
                              symbolic::Comparison::Equal, values[i] & masks[i]);
  }
  return inputs;
}

class Tightening {
 public:
  Tightening(const Usage& usage, const VerdictFunction& original,
             const seccomp::Semantics& semantics)
      : usage_(usage),
        original_(original),
        manager_(original.manager()),
        semantics_(semantics),
        recorded_(Condition::never(manager_)) {}

  Tightened run() {
    for (const auto& [number, patterns] : usage_.numbers()) add_arch(number);
    for (const auto& [number, patterns] : usage_.numbers()) add_used(number, patterns);
    std::sort(result_.rules.arches.begin(), result_.rules.arches.end());
    return std::move(result_);
  }

  // What the default cannot be: weaker than the original is for a number that has no rule.
  Verdict otherwise() const {
    Verdict strongest{seccomp::value_of(Action::Allow)};
    for (const Arch arch : result_.rules.arches) {
      const seccomp::ArchInfo& info = seccomp::describe(arch);
      const std::uint32_t unnamed = 0x3fffffff | info.nr_bit;
      const Condition inputs = inputs_of(manager_, {info.audit, unnamed});
      for (const Verdict verdict : original_.verdicts())
        if (original_.where(verdict).meets(inputs) && overrides(verdict, strongest, semantics_))
          strongest = verdict;
    }
    const bool refuses = !runs(strongest, semantics_) && expressible(strongest);
    return refuses ? strongest : Verdict{seccomp::value_of(Action::Errno, 1)};
  }

  // Rules for calls that were not recorded and that the default would treat more mildly.
  void add_stronger(Tightened& to) {
    result_ = std::move(to);
    for (const Arch arch : std::vector(result_.rules.arches)) {
      for (const std::string_view name : names::all_syscall_names(arch)) {
        const Usage::Number number{seccomp::describe(arch).audit,
                                   *names::syscall_number(arch, name)};
        if (!usage_.numbers().contains(number)) add_stronger(number, name);
      }
    }
    merge_rules();
    to = std::move(result_);
  }

  const Condition& recorded() const { return recorded_; }

 private:
  void add_arch(const Usage::Number& number) {
    const auto arch = abi_of(number.arch, number.nr);
    auto& arches = result_.rules.arches;
    if (arch && std::find(arches.begin(), arches.end(), *arch) == arches.end())
      arches.push_back(*arch);
  }

  // Whether the original lets some input of the number run: else the default will do.
  bool let_run(const Usage::Number& number) const {
    return usage_.judge().may_run(number.arch, number.nr);
  }

  void leave_out(const Usage::Number& number, Inexpressible why) {
    const auto again = [&](const LeftOut& one) { return one.number == number; };
    auto& list = result_.left_out;
    if (std::none_of(list.begin(), list.end(), again)) list.push_back({number, why});
  }

  void add_used(const Usage::Number& number, const Usage::Patterns& patterns) {
    const auto arch = abi_of(number.arch, number.nr);
    const auto name = arch ? names::syscall_name(*arch, number.nr) : std::nullopt;
    if (!name) return let_run(number) ? leave_out(number, Inexpressible::Nameless) : void();
    const seccomp::SeccompData support = usage_.judge().support(number.arch, number.nr);
    if (support.instruction_pointer != 0)
      return leave_out(number, Inexpressible::InstructionPointer);
    if (patterns.all) {
      recorded_ = recorded_ | inputs_of(manager_, number);
      return add_whole(number, *name, original_.verdicts());
    }
    for (const Usage::Arguments& arguments : patterns.arguments) {
      const seccomp::SeccompData value{number.nr, number.arch, 0, arguments};
      const Condition inputs = inputs_of(manager_, number, support, value);
      recorded_ = recorded_ | inputs;
      const auto some = inputs.witness();
      if (some) add_rule(number, *name, original_.at(*some), conditions_of(support, value));
    }
  }

  // Every input of the number that gets one of the verdicts.
  void add_whole(const Usage::Number& number, std::string_view name,
                 const std::vector<Verdict>& verdicts) {
    const std::endian order = seccomp::byte_order(number.arch);
    for (const Verdict verdict : verdicts) {
      const Condition where =
          original_.where(verdict).with_word(1, number.arch).with_word(0, number.nr);
      if (where.is_never()) continue;
      const auto cubes = where.cover(most_cubes);
      if (!cubes) return leave_out(number, Inexpressible::Conditions);
      for (const Condition::Cube& cube : *cubes)
        add_rule(number, name, verdict,
                 conditions_of(seccomp::from_words(cube.mask, order),
                               seccomp::from_words(cube.value, order)));
    }
  }

  void add_stronger(const Usage::Number& number, std::string_view name) {
    const Condition inputs = inputs_of(manager_, number);
    std::vector<Verdict> stronger;
    for (const Verdict verdict : original_.verdicts())
      if (overrides(verdict, result_.rules.otherwise, semantics_) &&
          original_.where(verdict).meets(inputs))
        stronger.push_back(verdict);
    if (!stronger.empty()) add_whole(number, name, stronger);
  }

  void add_rule(const Usage::Number& number, std::string_view name, Verdict verdict,
                Conditions conditions) {
    if (!expressible(verdict)) return leave_out(number, Inexpressible::Verdict);
    result_.rules.rules.push_back(
        {{{std::string(name), {}}}, verdict, std::move(conditions), {}, {}});
  }

  // Calls that are treated alike share a rule; the default needs none.
  void merge_rules() {
    std::vector<profile::Rule> merged;
    for (profile::Rule& rule : result_.rules.rules) {
      if (rule.verdict == result_.rules.otherwise) continue;
      const auto alike = std::find_if(merged.begin(), merged.end(), [&](const auto& other) {
        return other.verdict == rule.verdict && other.conditions == rule.conditions;
      });
      if (alike == merged.end()) {
        merged.push_back(std::move(rule));
        continue;
      }
      const auto named = [&](const profile::Call& call) { return call == rule.calls.front(); };
      if (std::none_of(alike->calls.begin(), alike->calls.end(), named))
        alike->calls.push_back(rule.calls.front());
    }
    for (profile::Rule& rule : merged)
      std::sort(rule.calls.begin(), rule.calls.end(),
                [](const auto& a, const auto& b) { return a.name < b.name; });
    std::sort(merged.begin(), merged.end(),
              [](const auto& a, const auto& b) { return a.calls[0].name < b.calls[0].name; });
    result_.rules.rules = std::move(merged);
  }

  const Usage& usage_;
  const VerdictFunction& original_;
  Manager& manager_;
  seccomp::Semantics semantics_;
  Condition recorded_;  // inputs that the recording may have had
  Tightened result_;
};

// Where one function gives a weaker action than another, kills taken as one.
Condition weaker_than(const VerdictFunction& tight, const VerdictFunction& original,
                      const seccomp::Semantics& semantics) {
  Condition where = Condition::never(tight.manager());
  for (const Verdict t : tight.verdicts())
    for (const Verdict o : original.verdicts())
      if (overrides(o, t, semantics) && !(is_kill(o, semantics) && is_kill(t, semantics)))
        where = where | (tight.where(t) & original.where(o));
  return where;
}

// Where what runs by one function does not run, or otherwise, by another.
Condition runs_otherwise(const VerdictFunction& tight, const VerdictFunction& original,
                         const seccomp::Semantics& semantics) {
  const auto run = [&](Verdict verdict) { return runs(verdict, semantics); };
  return tight.differs(original) & (tight.where(run) | original.where(run));
}

}  // namespace

void Usage::take(const Call& call) {
  const Number number{call.data.arch, call.data.nr};
  const bool numbered = (call.known.nr | call.assumed.nr) == ~0U;
  const auto known = numbers_.find(number);
  if (!numbered || (known == numbers_.end() && numbers_.size() >= number_limit)) {
    lost_ += call.count;
    return;
  }
  Patterns& patterns = known != numbers_.end() ? known->second : numbers_[number];
  if (patterns.all) return;
  const seccomp::SeccompData& support = judge_.support(number.arch, number.nr);
  Arguments arguments{};
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::uint64_t told = call.known.args[i] | call.assumed.args[i];
    patterns.all = patterns.all || (support.args[i] & ~told) != 0;
    arguments[i] = call.data.args[i] & support.args[i];
  }
  patterns.arguments.insert(arguments);
  patterns.all = patterns.all || patterns.arguments.size() > pattern_limit;
}

std::string_view describe(Inexpressible why) {
  switch (why) {
    case Inexpressible::Nameless: return "a number without a name";
    case Inexpressible::InstructionPointer: return "its verdict depends on the instruction pointer";
    case Inexpressible::Conditions: return "its arguments have no short list of conditions";
    case Inexpressible::Verdict: return "its verdict is none that a profile can give";
  }
  return "";
}

tl::expected<Tightened, Untightened> tighten(const Usage& usage,
                                             std::span<const verify::Program> oldest_first,
                                             const seccomp::Semantics& semantics,
                                             const symbolic::Budget& budget,
                                             const profile::Environment& environment) {
  if (usage.numbers().empty()) return tl::unexpected(Untightened::NothingUsed);
  Manager manager(symbolic::Order::for_programs(oldest_first), budget);
  const auto original = VerdictFunction::of_stack(manager, oldest_first, semantics);
  if (!original) return tl::unexpected(Untightened::NotDecided);
  Tightening tightening(usage, *original, semantics);
  Tightened result = tightening.run();
  result.rules.otherwise = tightening.otherwise();
  tightening.add_stronger(result);
  const auto meaning = profile::intent(manager, result.rules, environment);
  if (!meaning)
    return tl::unexpected(meaning.error().refusals.empty() ? Untightened::NotDecided
                                                           : Untightened::Refused);
  const VerdictFunction& tight = meaning->function;
  const Condition weaker = weaker_than(tight, *original, semantics) | meaning->ambiguous;
  const Condition broken = tightening.recorded() & runs_otherwise(tight, *original, semantics);
  if (manager.exhausted()) return tl::unexpected(Untightened::NotDecided);
  result.weaker = weaker.witness();
  result.broken = broken.witness();
  return result;
}

}  // namespace assay::trace
