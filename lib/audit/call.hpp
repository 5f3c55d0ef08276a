// A use of a system call as the tables of rules write it: its name, and tests of the low halves
// of arguments, with constants by name. What a use needs from its surroundings stands beside it.
#pragma once

#include <array>
#include <optional>
#include <string_view>
#include <vector>

#include "audit/inquiry.hpp"

namespace assay::audit {

// (argument & mask) == value, each a name that names::constant_value knows, or a number; no name
// for a test that is not there. "*" as mask: the whole low half.
struct ArgumentTest {
  std::size_t argument = 0;
  std::string_view mask = {};
  std::string_view value = {};
};

struct CallUse {
  std::string_view call;
  std::array<ArgumentTest, 2> tests = {};
};

// A capability, or a bound on a sysctl, which a capability may move or take away.
struct Need {
  enum class Kind : std::uint8_t {
    None,
    Capability,
    NamespaceCapability,  // in the user namespace of the network will do, which may be a new one
    AtMost,
    AtLeast
  } kind = Kind::None;
  std::string_view name = {};
  std::int64_t bound = 0;
  std::string_view capability = {};                // with it
  std::optional<std::int64_t> capable_bound = {};  // this is the bound; none: any value will do
};
Requirement requirement_of(const Inquiry& inquiry, const Need& need);

// Yama lets descendants be traced at 1, which are in the sandbox themselves; with the capability
// everything up to 2.
inline constexpr Need may_trace{Need::Kind::AtMost, "kernel.yama.ptrace_scope", 0, "CAP_SYS_PTRACE",
                                2};

// Whether the filters let a user namespace be made.
bool makes_user_namespaces(const Inquiry& inquiry);

// The inputs of the use, over the arguments alone, as a program passes them: the high half of a
// tested argument is 0. What other high halves get is a question of equivalence.
symbolic::Condition inputs_of(const Inquiry& inquiry, const Abi& abi, const CallUse& use);

// An input of the use for which the condition holds; nothing when the ABI lacks the call.
std::optional<seccomp::Words> some_open(const Inquiry& inquiry, const Abi& abi, const CallUse& use);
std::optional<seccomp::Words> some_not_open(const Inquiry& inquiry, const Abi& abi,
                                            const CallUse& use);

// Whether what keeps the call from running is a restriction: a tracer that watches and refuses
// nothing, as strace does, restricts nothing.
bool restricted(const Inquiry& inquiry, const Treatment& treatment);

// Answered with ENOSYS for every input, a call is not refused but declared missing, so that an
// older one is used.
bool declared_missing(const Inquiry& inquiry, const symbolic::VerdictFunction& function);

}  // namespace assay::audit
