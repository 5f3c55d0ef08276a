// minijail's policies: for each system call an expression over its arguments, or an answer.
//
//   read: 1
//   ioctl: arg1 == TCGETS || arg1 == TIOCGPGRP && arg0 in 0x3; return EPERM
//
// Two compilers read them, and not alike. minijail0 -S, the embedded one, allows what satisfies
// the expression and answers the rest with what stands behind ";". compile_seccomp_policy.py,
// the script, gives that answer to what satisfies it. A policy is the script's when it uses what
// only the script has: { }, [ ], @default, @denylist, named actions, a comment behind a rule.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "assay/profile/environment.hpp"
#include "assay/profile/profile.hpp"
#include "assay/profile/unit.hpp"

namespace assay::profile {

enum class MinijailCompiler : std::uint8_t { Embedded, Script };

struct MinijailOptions {
  std::optional<MinijailCompiler> compiler;  // none: by what the policy uses
  Environment environment;
  bool log = false;  // minijail0 -L: what is not allowed is logged and let through
};

// The policy first, then the files that it includes, by the names it gives them.
Read read_minijail(std::span<const UnitText> texts, const MinijailOptions& options);

// The names behind @include, in the order of the text.
std::vector<std::string> minijail_includes(std::string_view text);

}  // namespace assay::profile
