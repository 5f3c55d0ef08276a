#include "audit/call.hpp"

#include <algorithm>
#include <charconv>

#include "assay/names/constants.hpp"
#include "assay/names/errnos.hpp"

namespace assay::audit {

using seccomp::Action;
using seccomp::Arch;
using seccomp::Verdict;
using seccomp::Words;
using symbolic::Comparison;
using symbolic::Condition;
using symbolic::Term;

namespace {

std::uint32_t constant(std::string_view text) {
  if (text == "*") return ~std::uint32_t{0};
  if (const auto value = names::constant_value(text)) return static_cast<std::uint32_t>(*value);
  std::uint32_t number = 0;
  const bool hex = text.starts_with("0x");
  if (hex) text.remove_prefix(2);
  std::from_chars(text.data(), text.data() + text.size(), number, hex ? 16 : 10);
  return number;
}

// The flags of clone are its second argument on s390.
std::size_t position(const Abi& abi, const CallUse& use, std::size_t argument) {
  const bool swapped = abi.arch() == Arch::s390x || abi.arch() == Arch::s390;
  return swapped && use.call == "clone" && argument < 2 ? 1 - argument : argument;
}

// Of facts that may be unknown.
using Fact = std::optional<bool>;
Fact both(Fact a, Fact b) {
  if (a == false || b == false) return false;
  return a && b ? Fact(true) : std::nullopt;
}
Fact either(Fact a, Fact b) {
  if (a == true || b == true) return true;
  return a && b ? Fact(false) : std::nullopt;
}

Requirement bound_of(const Inquiry& inquiry, const Need& need) {
  const auto bound = [&](std::int64_t value) {
    return need.kind == Need::Kind::AtMost ? inquiry.sysctl_at_most(need.name, value)
                                           : inquiry.sysctl_at_least(need.name, value);
  };
  Requirement result = bound(need.bound);
  if (need.capability.empty()) return result;
  const Requirement capability = inquiry.capability(need.capability);
  if (!need.capable_bound) {
    result.text += " or " + capability.text;
    result.holds = either(result.holds, capability.holds);
    return result;
  }
  const Requirement moved = bound(*need.capable_bound);
  result.text += " (" + moved.text.substr(need.name.size() + 1) + " with " + capability.text + ")";
  result.holds = either(result.holds, both(moved.holds, capability.holds));
  return result;
}

Requirement in_a_namespace(const Inquiry& inquiry, const Need& need) {
  const Fact namespaces = makes_user_namespaces(inquiry)
                              ? inquiry.sysctl_at_least("user.max_user_namespaces", 1).holds
                              : Fact(false);
  return {std::string(need.name) + " or a user namespace",
          either(inquiry.held(need.name), namespaces)};
}

std::optional<Words> some(const Inquiry& inquiry, const Abi& abi, const CallUse& use, bool open) {
  const auto nr = abi.number(use.call);
  if (!nr) return std::nullopt;
  const Condition& treated = abi.of(*nr).open();
  const auto words = (inputs_of(inquiry, abi, use) & (open ? treated : !treated)).witness();
  if (!words) return std::nullopt;
  return abi.input(*nr, *words);
}

}  // namespace

Requirement requirement_of(const Inquiry& inquiry, const Need& need) {
  switch (need.kind) {
    case Need::Kind::AtMost:
    case Need::Kind::AtLeast: return bound_of(inquiry, need);
    case Need::Kind::NamespaceCapability: return in_a_namespace(inquiry, need);
    default: return inquiry.capability(need.name);
  }
}

bool makes_user_namespaces(const Inquiry& inquiry) {
  constexpr ArgumentTest user{0, "CLONE_NEWUSER", "CLONE_NEWUSER"};
  const Abi& abi = inquiry.native();
  return some_open(inquiry, abi, {"unshare", {user}}) ||
         some_open(inquiry, abi, {"clone", {user}}) || some_open(inquiry, abi, {"clone3"});
}

Condition inputs_of(const Inquiry& inquiry, const Abi& abi, const CallUse& use) {
  Condition result = Condition::always(inquiry.manager());
  for (const ArgumentTest& test : use.tests) {
    if (test.mask.empty()) continue;
    const std::size_t argument = position(abi, use, test.argument);
    const Term low = Term::word(inquiry.manager(), abi.low(argument));
    const Term high = Term::word(inquiry.manager(), abi.high(argument));
    result = result &
             compare(low.masked(constant(test.mask)), Comparison::Equal, constant(test.value)) &
             compare(high, Comparison::Equal, 0);
  }
  return result;
}

std::optional<Words> some_open(const Inquiry& inquiry, const Abi& abi, const CallUse& use) {
  return some(inquiry, abi, use, true);
}

std::optional<Words> some_not_open(const Inquiry& inquiry, const Abi& abi, const CallUse& use) {
  return some(inquiry, abi, use, false);
}

bool restricted(const Inquiry& inquiry, const Treatment& treatment) {
  const auto refuses = [&](Verdict verdict) {
    return outcome(verdict, inquiry.semantics()) != Outcome::Open &&
           verdict.action(inquiry.semantics()) != Action::Trace;
  };
  const auto here = treatment.function().verdicts();
  if (std::any_of(here.begin(), here.end(), refuses)) return true;
  const auto anywhere = inquiry.native().function().verdicts();
  return treatment.never_open() && std::any_of(anywhere.begin(), anywhere.end(), refuses);
}

bool declared_missing(const Inquiry& inquiry, const symbolic::VerdictFunction& function) {
  const auto missing = names::errno_number(inquiry.native().arch(), "ENOSYS");
  const auto verdicts = function.verdicts();
  return std::all_of(verdicts.begin(), verdicts.end(), [&](Verdict verdict) {
    return verdict.action(inquiry.semantics()) == Action::Errno &&
           verdict.data(inquiry.semantics()) == missing;
  });
}

}  // namespace assay::audit
