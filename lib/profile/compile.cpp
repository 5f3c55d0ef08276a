#include "assay/profile/compile.hpp"

#include <seccomp.h>

#include <algorithm>
#include <cerrno>
#include <set>
#include <system_error>

#include "assay/profile/conventions.hpp"
#include "profile/chains.hpp"
#include "profile/libseccomp_filter.hpp"
#include "profile/newer_call_stub.hpp"

namespace assay::profile {
namespace {

using seccomp::Action;
using seccomp::Arch;

constexpr std::uint32_t arguments = 6;
constexpr std::size_t linear_most = 32;  // runc: with more expanded rules a tree

tl::unexpected<Uncompiled> refused(Place place, std::string why, int error = 0,
                                   FindingKind kind = FindingKind::Refused) {
  return tl::unexpected(Uncompiled{{{kind, Severity::Error, place, std::move(why)}}, error});
}

std::string worded(int error) { return std::generic_category().message(error); }

// What a runtime does for each rule and call, in its own order.
class Loading {
 public:
  Loading(const RuleSet& rules, const Environment& environment, LibseccompFilter& filter)
      : rules_(rules), conventions_(conventions_of(environment.runtime)), filter_(filter) {}

  using Done = tl::expected<void, Uncompiled>;

  Done load_all() {
    for (const Rule& rule : rules_.rules) {
      if (!rule.arches.empty())
        return refused(rule.place, "libseccomp has no rules for some of its architectures");
      for (const Call& call : rule.calls) {
        Done done = load(rule, call);
        if (!done) return done;
      }
    }
    return {};
  }

 private:
  Done load(const Rule& rule, const Call& call) {
    if (call.name.empty()) return skip(conventions_.empty_call, call.place, "a call without name");
    if (!conventions_.notify_by_default && call.name == "write" &&
        rule.verdict.action() == Action::UserNotif)
      return refused(rule.place, "USER_NOTIF cannot be asked on write");
    if (rule.verdict == rules_.otherwise)
      return skip(conventions_.default_rule, rule.place, "the verdict of a rule is the default");
    const auto number = LibseccompFilter::resolve(call.name.c_str());
    if (!number) return skip(conventions_.unknown_call, call.place, "no call " + call.name);
    return load(rule, *number);
  }

  static Done skip(Answer answer, Place place, const std::string& what) {
    if (answer == Answer::Refuse) return refused(place, what);
    return {};
  }

  Done load(const Rule& rule, int number) {
    std::vector<ArgumentCondition> conditions;
    std::set<std::uint32_t> indexes;
    bool repeated = false;
    for (const ArgumentCondition& condition : rule.conditions) {
      if (conditions.size() == conventions_.conditions_read) break;
      if (condition.index >= arguments)
        return refused(condition.place, "no argument " + std::to_string(condition.index));
      repeated |= !indexes.insert(condition.index).second;
      conditions.push_back(for_libseccomp(condition));
      if (condition.op == Operator::MaskedNotEqual)
        return refused(condition.place, "libseccomp has no such comparison");
    }
    if (!repeated || conventions_.same_argument != SameArgument::Any)
      return add(rule, number, conditions);
    for (const ArgumentCondition& condition : conditions) {
      Done done = add(rule, number, {&condition, 1});
      if (!done) return done;
    }
    return {};
  }

  // Firecracker's: the width counts for equality alone.
  static ArgumentCondition for_libseccomp(ArgumentCondition condition) {
    constexpr std::uint64_t low_word = 0xffffffff;
    if (condition.width == Width::Whole || condition.op != Operator::Equal) return condition;
    condition.op = Operator::MaskedEqual;
    condition.value_two = condition.value;
    condition.value = low_word;
    return condition;
  }

  Done add(const Rule& rule, int number, std::span<const ArgumentCondition> conditions) {
    const int error = filter_.add_rule(rule.verdict, number, conditions);
    if (error == 0) return {};
    const bool conflict = error == EEXIST;
    return refused(rule.place,
                   conflict ? "another rule has this condition with another verdict"
                            : "libseccomp refuses the rule: " + worded(error),
                   error, conflict ? FindingKind::Contradiction : FindingKind::Refused);
  }

  const RuleSet& rules_;
  const Conventions& conventions_;
  LibseccompFilter& filter_;
};

std::size_t expanded(const RuleSet& rules) {
  std::size_t count = 0;
  for (const Rule& rule : rules.rules) count += rule.calls.size();
  return count;
}

bool wants_tree(const RuleSet& rules, const Environment& environment, Form form) {
  if (form != Form::AsRuntime) return form == Form::Tree;
  return environment.runtime == Runtime::Runc && expanded(rules) > linear_most;
}

std::vector<Arch> arches_of(const RuleSet& rules, const Environment& environment) {
  std::vector<Arch> arches = rules.arches;
  if (std::find(arches.begin(), arches.end(), environment.host) == arches.end())
    arches.push_back(environment.host);
  return arches;
}

// Names count on each arch by themselves, also of rules that are skipped.
Instructions stub_for(const RuleSet& rules, const Environment& environment) {
  std::vector<HighestNumber> highest;
  for (const Arch arch : arches_of(rules, environment)) {
    std::int64_t number = 0;
    for (const Rule& rule : rules.rules)
      for (const Call& call : rule.calls)
        number = std::max<std::int64_t>(
            number, LibseccompFilter::resolve(arch, call.name.c_str()).value_or(0));
    highest.push_back({arch, static_cast<std::uint32_t>(number)});
  }
  return newer_call_stub(highest);
}

bool lets_pass(Action action) {
  return action == Action::Allow || action == Action::Log || action == Action::Trace;
}

Compiled with_libseccomp(const RuleSet& rules, const Environment& environment, Form form) {
  const Conventions& conventions = conventions_of(environment.runtime);
  if (!conventions.notify_by_default && rules.otherwise.action() == Action::UserNotif)
    return refused(rules.place, "USER_NOTIF cannot be the default action");
  const Arch first =
      conventions.adds_host || rules.arches.empty() ? environment.host : rules.arches.front();
  auto filter = LibseccompFilter::open(rules.otherwise, first);
  if (!filter)
    return refused(rules.place, "libseccomp refuses the default action: " + worded(filter.error()),
                   filter.error());
  for (const Arch arch : rules.arches)
    if (const int error = filter->add_arch(arch); error != 0)
      return refused(rules.place,
                     "libseccomp refuses architecture " + std::string(describe(arch).token) + ": " +
                         worded(error),
                     error);
  const seccomp::Verdict bad_arch = rules.bad_arch.value_or(seccomp::Verdict{conventions.bad_arch});
  if (const int error = filter->set_bad_arch(bad_arch); error != 0)
    return refused(rules.place, "libseccomp refuses the bad-arch action: " + worded(error), error);
  const auto loaded = Loading(rules, environment, *filter).load_all();
  if (!loaded) return tl::unexpected(loaded.error());
  if (wants_tree(rules, environment, form)) filter->set_tree();
  auto instructions = filter->instructions();
  if (!instructions)
    return refused(rules.place, "libseccomp exports no filter: " + worded(instructions.error()),
                   instructions.error());
  if (!conventions.newer_call_stub || lets_pass(rules.otherwise.action())) return *instructions;
  Instructions whole = stub_for(rules, environment);
  whole.insert(whole.end(), instructions->begin(), instructions->end());
  return whole;
}

}  // namespace

Compiled compile(const RuleSet& rules, const Environment& environment, Form form) {
  if (conventions_of(environment.runtime).libseccomp)
    return with_libseccomp(rules, environment, form);
  return compile_chains(rules, environment);
}

std::string libseccomp_version() {
  const scmp_version* version = seccomp_version();
  return std::to_string(version->major) + "." + std::to_string(version->minor) + "." +
         std::to_string(version->micro);
}

}  // namespace assay::profile
