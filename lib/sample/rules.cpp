#include "assay/sample/rules.hpp"

#include <algorithm>
#include <array>

#include "assay/sample/constants.hpp"

namespace assay::sample {
namespace {

using seccomp::Action;
using seccomp::Arch;
using seccomp::Verdict;

// Calls that all arches below have; socket and semop go through a multiplexer on some.
constexpr auto calls = std::to_array<std::string_view>(
    {"read", "write", "openat", "ioctl", "clone", "personality", "socket", "semop"});

constexpr auto verdicts = std::to_array<std::uint32_t>({
    value_of(Action::Allow),
    value_of(Action::Errno, 1),
    value_of(Action::Errno, 2),
    value_of(Action::KillThread),
    value_of(Action::KillProcess),
    value_of(Action::Trap),
    value_of(Action::Trace, 7),
    value_of(Action::Log),
});

constexpr auto edges = std::to_array<std::uint64_t>({
    0,
    1,
    5,
    0x7fffffff,
    0x80000000,
    0xffffffff,
    0x1'0000'0000,
    0x1'0000'0005,
    0x2'0000'0000,
    0x7fff'ffff'ffff'ffff,
    0x8000'0000'0000'0000,
    0xffff'ffff'0000'0000,
    0xffff'ffff'ffff'ffff,
});

struct Machine {
  std::array<Arch, 3> arches;  // the own one first
};
constexpr auto machines = std::to_array<Machine>({
    {{Arch::x86_64, Arch::x86, Arch::x32}},
    {{Arch::aarch64, Arch::arm, Arch::aarch64}},
    {{Arch::ppc64le, Arch::ppc64le, Arch::ppc64le}},
    {{Arch::mipsel64, Arch::mipsel, Arch::mipsel64n32}},
    {{Arch::riscv64, Arch::riscv64, Arch::riscv64}},
});

class Drawing {
 public:
  Drawing(Random& random, const RuleShape& shape) : random_(random), shape_(shape) {}

  DrawnRules run() {
    DrawnRules result;
    result.otherwise = any_verdict();
    result.arches = arches();
    result.tree = random_.one_in(2);
    choose_calls();
    // Few verdicts, so that rules agree often enough to be merged.
    std::vector<Verdict> some;
    while (some.size() < 2) {
      const Verdict verdict = any_verdict();
      if (verdict != result.otherwise) some.push_back(verdict);
    }
    if (random_.one_in(2)) some.pop_back();
    const auto count = 1 + random_.below(static_cast<std::uint32_t>(shape_.most_rules));
    for (std::uint32_t i = 0; i < count; ++i) result.rules.push_back(rule(random_.pick(some)));
    return result;
  }

 private:
  Verdict any_verdict() { return {random_.pick(verdicts)}; }

  std::vector<Arch> arches() {
    if (!shape_.several_arches || random_.one_in(2)) return {Arch::x86_64};
    const Machine& machine = random_.pick(machines);
    std::vector<Arch> result{machine.arches[0]};
    for (std::size_t i = 1; i < machine.arches.size(); ++i) {
      const Arch arch = machine.arches[i];
      const bool there = std::find(result.begin(), result.end(), arch) != result.end();
      if (!there && random_.one_in(2)) result.push_back(arch);
    }
    return result;
  }

  void choose_calls() {
    const auto count = 1 + random_.below(static_cast<std::uint32_t>(shape_.most_calls));
    for (std::uint32_t i = 0; i < count; ++i) {
      chosen_.push_back(random_.pick(calls));
      priorities_.push_back(random_.one_in(4) ? static_cast<std::uint8_t>(random_.below(256))
                                              : std::uint8_t{0});
    }
  }

  DrawnRule rule(Verdict verdict) {
    const auto call = random_.below(static_cast<std::uint32_t>(chosen_.size()));
    DrawnRule result{chosen_[call], verdict, {}, priorities_[call]};
    if (random_.one_in(10)) return result;  // without conditions
    const auto count = 1 + random_.below(static_cast<std::uint32_t>(shape_.most_conditions));
    std::array<bool, 6> used{};
    for (std::uint32_t i = 0; i < count; ++i) {
      // Mostly the first arguments, so that rules meet.
      const auto argument = static_cast<std::uint8_t>(random_.below(random_.one_in(8) ? 6 : 2));
      if (used[argument]) continue;
      used[argument] = true;
      result.conditions.push_back(condition(argument));
    }
    return result;
  }

  DrawnCondition condition(std::uint8_t argument) {
    const auto comparison = static_cast<std::uint8_t>(random_.below(rule_comparisons));
    DrawnCondition result{argument, comparison, value(), 0};
    if (comparison == masked_comparison) result.value_two = value();
    return result;
  }

  // Often one that was there already, or beside it.
  std::uint64_t value() {
    std::uint64_t result = any_wide_value(random_);
    if (!values_.empty() && random_.one_in(2))
      result = random_.pick(values_) + random_.below(3) - 1;
    values_.push_back(result);
    return result;
  }

  Random& random_;
  const RuleShape& shape_;
  std::vector<std::string_view> chosen_;
  std::vector<std::uint8_t> priorities_;
  std::vector<std::uint64_t> values_;
};

}  // namespace

std::uint64_t any_wide_value(Random& random) {
  switch (random.below(4)) {
    case 0: return random.pick(edges) + random.below(3) - 1;
    case 1: return std::uint64_t{1} << random.below(64);
    case 2: return random.below(16);
    default: return std::uint64_t{any_constant(random)} << 32 | any_constant(random);
  }
}

DrawnRules rules(Random& random, const RuleShape& shape) { return Drawing(random, shape).run(); }

}  // namespace assay::sample
