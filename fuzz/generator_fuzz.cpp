// The law of judging generators: what is proven of a filter and its rules holds for single
// inputs. Rules are carried out here one by one, by the manual of libseccomp and without the
// condition builder; the filter is run. libseccomp need not be right for that, and is not
// (docs/generators.md): where it is called wrong, the witness must show it.
//
// Bytes: arches, form, then rules of call, verdict, number of conditions, and each condition's
// argument, comparison and two values.
#include <set>

#include "assay/engine/interpreter.hpp"
#include "assay/names/syscalls.hpp"
#include "assay/profile/generator.hpp"
#include "assay/verify/accept.hpp"
#include "input.hpp"

namespace profile = assay::profile;
namespace sample = assay::sample;
namespace seccomp = assay::seccomp;

namespace {

using profile::Operator;
using seccomp::Action;
using seccomp::Arch;

// None of them goes through a multiplexer.
constexpr std::string_view calls[] = {"read", "write", "openat", "ioctl"};

std::uint64_t wide(fuzz::Bytes& bytes) {
  const std::uint64_t low = bytes.take(4);
  return low | std::uint64_t{bytes.take(4)} << 32;
}

sample::DrawnRules rules_of(fuzz::Bytes& bytes) {
  const std::uint32_t head = bytes.take(1);
  sample::DrawnRules rules;
  rules.otherwise = {value_of(Action::Allow)};
  rules.arches = {Arch::x86_64};
  if ((head & 1) != 0) rules.arches.push_back(Arch::x86);
  if ((head & 2) != 0) rules.arches.push_back(Arch::x32);
  rules.tree = (head & 4) != 0;
  while (!bytes.empty() && rules.rules.size() < 8) {
    const std::uint32_t shape = bytes.take(1);
    const auto error = static_cast<std::uint16_t>(1 + (shape >> 4 & 1));
    sample::DrawnRule rule{calls[shape & 3], {value_of(Action::Errno, error)}, {}, 0};
    std::uint32_t used = 0;
    for (std::uint32_t count = shape >> 2 & 3; count > 0; --count) {
      const std::uint32_t what = bytes.take(1);
      const auto argument = static_cast<std::uint8_t>(what % 6);
      const auto comparison = static_cast<std::uint8_t>(what / 6 % sample::rule_comparisons);
      const std::uint64_t value = wide(bytes);
      const std::uint64_t value_two = comparison == sample::masked_comparison ? wide(bytes) : 0;
      if ((used >> argument & 1) == 0)
        rule.conditions.push_back({argument, comparison, value, value_two});
      used |= 1U << argument;
    }
    rules.rules.push_back(std::move(rule));
  }
  return rules;
}

// How one condition answers, on an arch that sees so many bits of an argument.
enum class Answer : std::uint8_t { Holds, Fails, AsksNothing };

Answer answer(const profile::ArgumentCondition& condition, std::uint64_t seen,
              const seccomp::SeccompData& data) {
  const std::uint64_t argument = data.args[condition.index] & seen;
  const std::uint64_t value = condition.value & seen;
  const auto of = [](bool holds) { return holds ? Answer::Holds : Answer::Fails; };
  switch (condition.op) {
    case Operator::NotEqual: return of(argument != value);
    case Operator::Less: return of(argument < value);
    case Operator::LessEqual: return of(argument <= value);
    case Operator::Equal: return of(argument == value);
    case Operator::GreaterEqual: return of(argument >= value);
    case Operator::Greater: return of(argument > value);
    case Operator::MaskedEqual:
      if (value == 0) return Answer::AsksNothing;
      return of((argument & value) == (condition.value_two & value));
    case Operator::MaskedNotEqual: break;
  }
  std::abort();
}

// The verdicts of the rules that hold; several where nothing says which one counts.
using Verdicts = std::set<std::uint32_t>;

class Meaning {
 public:
  explicit Meaning(const profile::RuleSet& rules) : rules_(rules) {}

  Verdicts at(const seccomp::SeccompData& data) const {
    const auto arch = abi(data);
    if (!arch) return {value_of(Action::KillThread)};
    const std::uint64_t seen = *arch == Arch::x86_64 ? ~std::uint64_t{0} : 0xffffffff;
    Verdicts verdicts;
    for (const profile::Rule& rule : rules_.rules) {
      if (assay::names::syscall_number(*arch, rule.calls[0].name) != data.nr) continue;
      bool holds = true;
      bool asks = false;
      for (const profile::ArgumentCondition& condition : rule.conditions) {
        const Answer one = answer(condition, seen, data);
        holds &= one != Answer::Fails;
        asks |= one != Answer::AsksNothing;
      }
      if (!asks) return {rule.verdict.value};
      if (holds) verdicts.insert(rule.verdict.value);
    }
    // A rule without conditions may still come, and decides alone.
    if (verdicts.empty()) verdicts.insert(rules_.otherwise.value);
    return verdicts;
  }

 private:
  bool has(Arch arch) const {
    return std::find(rules_.arches.begin(), rules_.arches.end(), arch) != rules_.arches.end();
  }

  // None where the filter does not know the call's ABI.
  std::optional<Arch> abi(const seccomp::SeccompData& data) const {
    if (data.arch == describe(Arch::x86).audit && has(Arch::x86)) return Arch::x86;
    if (data.arch != describe(Arch::x86_64).audit) return std::nullopt;
    const bool other = data.nr >= seccomp::x32_bit;
    if (!has(Arch::x32)) {
      if (other && data.nr != 0xffffffff) return std::nullopt;
      return Arch::x86_64;
    }
    return other ? Arch::x32 : Arch::x86_64;
  }

  const profile::RuleSet& rules_;
};

void hold_at(const Meaning& meaning, const assay::engine::Interpreter& filter,
             const seccomp::SeccompData& data) {
  const Verdicts meant = meaning.at(data);
  if (meant.size() == 1) fuzz::require(filter.run(data) == *meant.begin());
}

// Every value of a condition and its neighbours, in each argument that some rule looks at.
void hold_around(const profile::RuleSet& rules, const assay::engine::Interpreter& filter) {
  const Meaning meaning(rules);
  for (const std::uint32_t audit : {describe(Arch::x86_64).audit, describe(Arch::x86).audit}) {
    for (const profile::Rule& rule : rules.rules) {
      for (const Arch arch : {Arch::x86_64, Arch::x86, Arch::x32}) {
        const auto nr = assay::names::syscall_number(arch, rule.calls[0].name);
        seccomp::SeccompData data{*nr, audit, 0, {}};
        for (const profile::ArgumentCondition& condition : rule.conditions)
          data.args[condition.index] =
              condition.op == Operator::MaskedEqual ? condition.value_two : condition.value;
        hold_at(meaning, filter, data);
        for (const profile::ArgumentCondition& condition : rule.conditions)
          for (const std::uint64_t step : {std::uint64_t{1}, ~std::uint64_t{0},
                                           std::uint64_t{1} << 32, std::uint64_t{1} << 63}) {
            seccomp::SeccompData near = data;
            near.args[condition.index] += step;
            hold_at(meaning, filter, near);
          }
      }
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Bytes bytes{{data, size}};
  static const profile::Generator generator = profile::guarded_libseccomp_generator();
  const profile::Request request = profile::request_of(rules_of(bytes));
  profile::Instructions made;
  const auto judgement = profile::judge(request, [&](const profile::Request& asked) {
    auto filter = generator(asked);
    if (filter) made = *filter;
    return filter;
  });
  using profile::Outcome;
  if (judgement.outcome == Outcome::Different) {
    const auto record =
        seccomp::from_words(*judgement.witness, seccomp::byte_order((*judgement.witness)[1]));
    const assay::engine::Interpreter filter(*assay::verify::accept(made));
    fuzz::require(Meaning(request.rules).at(record) == Verdicts{judgement.intended.value});
    fuzz::require(filter.run(record) == judgement.actual.value);
    fuzz::require(judgement.intended != judgement.actual);
  } else if (judgement.outcome == Outcome::Same || judgement.outcome == Outcome::SameSoFar) {
    hold_around(request.rules, assay::engine::Interpreter(*assay::verify::accept(made)));
  }
  return 0;
}
