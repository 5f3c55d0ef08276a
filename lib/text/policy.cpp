// From a verdict function to a policy: grouped by arch, then by number, then by verdict.
#include "assay/text/policy.hpp"

#include <algorithm>
#include <cstdio>

namespace assay::text {
namespace {

using seccomp::Arch;
using seccomp::ArchInfo;
using seccomp::Verdict;
using symbolic::Condition;
using symbolic::VerdictFunction;

constexpr std::size_t nr_word = 0;
constexpr std::size_t arch_word = 1;
constexpr std::size_t most_ranges = 4096;  // more are a pattern of bits, not a list

using Ranges = std::vector<NumberRange>;

Ranges intersection(const Ranges& a, const Ranges& b) {
  Ranges result;
  for (std::size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    const std::uint32_t first = std::max(a[i].first, b[j].first);
    const std::uint32_t last = std::min(a[i].last, b[j].last);
    if (first <= last) result.push_back({first, last});
    a[i].last < b[j].last ? ++i : ++j;
  }
  return result;
}

std::uint64_t size_of(const Ranges& ranges) {
  std::uint64_t size = 0;
  for (const NumberRange& range : ranges) size += std::uint64_t{range.last} - range.first + 1;
  return size;
}

bool contains(const Ranges& ranges, std::uint32_t value) {
  return std::any_of(ranges.begin(), ranges.end(), [&](const NumberRange& range) {
    return range.first <= value && value <= range.last;
  });
}

Ranges without(const Ranges& ranges, std::uint32_t value) {
  Ranges around;
  if (value > 0) around.push_back({0, value - 1});
  if (value < 0xffffffff) around.push_back({value + 1, 0xffffffff});
  return intersection(ranges, around);
}

// Whether the verdict depends on anything but arch and number.
bool depends_on_fields(const VerdictFunction& function) {
  for (const Verdict verdict : function.verdicts())
    for (const std::size_t word : function.where(verdict).words())
      if (word != nr_word && word != arch_word) return true;
  return false;
}

std::endian order_of(const Scope& scope) {
  if (scope.kind == Scope::Kind::Named) return seccomp::describe(scope.arch).order;
  return scope.kind == Scope::Kind::OtherBigEndian ? std::endian::big : std::endian::little;
}

// Where most numbers are none of any table; those with the sign bit are left to rules.
Ranges far_numbers(const Scope& scope) {
  const NumberRange first = numbers_of(scope).front();
  return {{first.first, std::min(first.last, 0x7fffffffU)}};
}

// One entry to be: its scope and the function that it has there.
struct Part {
  Scope scope;
  VerdictFunction function;
};

class Parts {
 public:
  Parts(const VerdictFunction& function, const PolicyOptions& options)
      : function_(function), options_(options) {}

  std::vector<Part> all() {
    if (options_.only) {
      add(*options_.only, function_.with_word(arch_word, describe(*options_.only).audit));
      return parts_;
    }
    const auto groups = function_.groups_of(arch_word, most_ranges);
    if (!groups) {
      // A pattern of arches' bits has no entries; the conditions then speak of arch.
      add_other({{{0, 0xffffffff}}, function_});
      return parts_;
    }
    const auto largest = std::max_element(
        groups->begin(), groups->end(),
        [](const auto& a, const auto& b) { return size_of(a.values) < size_of(b.values); });
    for (const ArchInfo& info : seccomp::arches) {
      if (info.nr_bit != 0) continue;
      for (const auto& group : *groups) {
        const bool apart = &group != &*largest || is_machine(info);
        if (apart && contains(group.values, info.audit)) add(info.arch, group.rest);
      }
    }
    for (const auto& group : *groups)
      if (&group != &*largest) add_values(group);
    add_other(*largest);
    return parts_;
  }

 private:
  bool is_machine(const ArchInfo& info) const {
    return info.audit == describe(options_.machine).audit;
  }

  void add(Arch arch, const VerdictFunction& function) {
    if (arch == Arch::x86_64 && !options_.only)
      parts_.push_back({{Scope::Kind::Named, Arch::x32, {}}, function});
    parts_.push_back({{Scope::Kind::Named, arch, {}}, function});
  }

  void add_values(const VerdictFunction::Group& group) {
    Ranges values = group.values;
    for (const ArchInfo& info : seccomp::arches) values = without(values, info.audit);
    if (!values.empty()) parts_.push_back({{Scope::Kind::Values, {}, values}, group.rest});
  }

  void add_other(const VerdictFunction::Group& group) {
    const bool big_endian =
        std::any_of(seccomp::arches.begin(), seccomp::arches.end(), [&](const ArchInfo& info) {
          return info.order == std::endian::big && contains(group.values, info.audit);
        });
    if (big_endian && depends_on_fields(group.rest))
      parts_.push_back({{Scope::Kind::OtherBigEndian, {}, {}}, group.rest});
    parts_.push_back({{Scope::Kind::Other, {}, {}}, group.rest});
  }

  const VerdictFunction& function_;
  const PolicyOptions& options_;
  std::vector<Part> parts_;
};

Verdict commonest(const VerdictFunction& function) {
  if (const auto constant = function.constant()) return *constant;
  Verdict best{};
  symbolic::Count most;
  for (const Verdict verdict : function.verdicts()) {
    const symbolic::Count count = function.where(verdict).count();
    if (most < count) best = verdict;
    if (most < count) most = count;
  }
  return best;
}

// The rules of one entry.
class Rules {
 public:
  explicit Rules(const Part& part) : part_(part) {}

  tl::expected<ArchPolicy, Unexplained> policy() {
    ArchPolicy result{part_.scope, {}, {}};
    const std::vector<VerdictFunction::Group> groups = groups_of_numbers();
    const Ranges far = far_numbers(part_.scope);
    const auto rest = std::max_element(groups.begin(), groups.end(), [&](auto& a, auto& b) {
      return size_of(intersection(a.values, far)) < size_of(intersection(b.values, far));
    });
    result.otherwise = commonest(rest->rest);
    for (const auto& group : groups) {
      for (const Verdict verdict : group.rest.verdicts()) {
        if (verdict == result.otherwise) continue;
        auto rule = rule_of(group, verdict);
        if (!rule) return tl::unexpected(rule.error());
        rule->rest = &group == &*rest;
        result.rules.push_back(std::move(*rule));
      }
    }
    std::stable_sort(result.rules.begin(), result.rules.end(), [](const Rule& a, const Rule& b) {
      const auto conditional = [](const Rule& rule) {
        return rule.condition.kind != Expression::Kind::Always;
      };
      return conditional(a) < conditional(b);
    });
    return result;
  }

 private:
  // Of a number's bits as a pattern, all are one group; its conditions then speak of nr.
  std::vector<VerdictFunction::Group> groups_of_numbers() const {
    const Ranges all = numbers_of(part_.scope);
    auto groups = part_.function.groups_of(nr_word, most_ranges);
    if (!groups) return {{all, part_.function}};
    for (auto& group : *groups) group.values = intersection(group.values, all);
    std::erase_if(*groups, [](const auto& group) { return group.values.empty(); });
    std::stable_sort(groups->begin(), groups->end(), [](const auto& a, const auto& b) {
      return a.values.front().first < b.values.front().first;
    });
    return std::move(*groups);
  }

  tl::expected<Rule, Unexplained> rule_of(const VerdictFunction::Group& group,
                                          Verdict verdict) const {
    const Condition condition = group.rest.where(verdict);
    const auto expression = expression_of(condition, order_of(part_.scope));
    if (!expression) {
      const Rule all{group.values, false, {}, verdict};
      return tl::unexpected(Unexplained{group.rest.manager().not_decided(), where(all)});
    }
    return Rule{group.values, false, *expression, verdict};
  }

  std::string where(const Rule& rule) const {
    const std::string arch = name(part_.scope) + " ";
    if (rule.numbers == numbers_of(part_.scope)) return arch + "every call";
    const std::vector<Syscalls> calls = syscalls_of(part_.scope, rule);
    const Syscalls& first = calls.front();
    return arch + (first.name.empty() ? "nr " + std::to_string(first.numbers.first) : first.name) +
           (calls.size() > 1 ? " and others" : "");
  }

  const Part& part_;
};

}  // namespace

tl::expected<Policy, Unexplained> policy_of(const VerdictFunction& function,
                                            const PolicyOptions& options) {
  Policy policy;
  for (const Part& part : Parts(function, options).all()) {
    auto entry = Rules(part).policy();
    if (!entry) return tl::unexpected(entry.error());
    policy.push_back(std::move(*entry));
  }
  if (function.manager().exhausted())
    return tl::unexpected(Unexplained{function.manager().not_decided(), "the policy"});
  return policy;
}

}  // namespace assay::text
