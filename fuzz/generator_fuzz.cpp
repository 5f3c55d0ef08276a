// The law of generators: what libseccomp makes of any rules means what the rules mean, where
// its documentation says what they mean. Its known faults need rules of two verdicts that meet
// on one argument (docs/generators.md), and are passed over: here all rules have one verdict.
//
// Bytes: arches, form, then rules of call, number of conditions, and each condition's argument,
// comparison and two values.
#include "assay/profile/generator.hpp"
#include "input.hpp"

namespace profile = assay::profile;
namespace sample = assay::sample;
namespace seccomp = assay::seccomp;

namespace {

std::uint64_t wide(fuzz::Bytes& bytes) {
  const std::uint64_t low = bytes.take(4);
  return low | std::uint64_t{bytes.take(4)} << 32;
}

sample::DrawnRules rules_of(fuzz::Bytes& bytes) {
  static constexpr std::string_view calls[] = {"read", "socket", "ioctl", "semop"};
  const std::uint32_t head = bytes.take(1);
  sample::DrawnRules rules;
  rules.otherwise = {value_of(seccomp::Action::Allow)};
  rules.arches = {seccomp::Arch::x86_64};
  if ((head & 1) != 0) rules.arches.push_back(seccomp::Arch::x86);
  if ((head & 2) != 0) rules.arches.push_back(seccomp::Arch::x32);
  rules.tree = (head & 4) != 0;
  while (!bytes.empty() && rules.rules.size() < 12) {
    const std::uint32_t shape = bytes.take(1);
    sample::DrawnRule rule{calls[shape & 3], {value_of(seccomp::Action::Errno, 1)}, {}, 0};
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

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Bytes bytes{{data, size}};
  const auto generator = profile::libseccomp_generator();
  const auto judgement = profile::judge(profile::request_of(rules_of(bytes)), generator);
  fuzz::require(!profile::is_disagreement(judgement.outcome));
  return 0;
}
