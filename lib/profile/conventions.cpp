#include "assay/profile/conventions.hpp"

#include <array>

namespace assay::profile {
namespace {

using seccomp::Action;

constexpr auto rows = std::to_array<Conventions>({
    {.runtime = Runtime::Libseccomp,
     .default_rule = Answer::Refuse,  // -EACCES
     .unknown_call = Answer::Skip,
     .empty_call = Answer::Skip,
     .same_argument = SameArgument::Refuse},  // -EINVAL
    {.runtime = Runtime::Runc,
     .default_rule = Answer::Skip,
     .unknown_call = Answer::Skip,
     .empty_call = Answer::Refuse,
     .same_argument = SameArgument::Any,
     .newer_call_stub = true,
     .notify_by_default = false},
    {.runtime = Runtime::Crun,
     .default_rule = Answer::Skip,
     .unknown_call = Answer::Skip,
     .empty_call = Answer::Skip,
     .same_argument = SameArgument::Any,
     .conditions_read = 6},
    {.runtime = Runtime::Systemd,
     .default_rule = Answer::Skip,
     .unknown_call = Answer::Skip,
     .empty_call = Answer::Skip,
     .same_argument = SameArgument::Refuse,
     .adds_host = false,
     .bad_arch = value_of(Action::Allow)},
    {.runtime = Runtime::Firecracker,
     .default_rule = Answer::Refuse,
     .unknown_call = Answer::Refuse,
     .empty_call = Answer::Refuse,
     .same_argument = SameArgument::Refuse,
     .low_word_only_equal = true},
    {.runtime = Runtime::Seccompiler,
     .default_rule = Answer::Refuse,
     .unknown_call = Answer::Refuse,
     .empty_call = Answer::Refuse,
     .same_argument = SameArgument::All,
     .unconditional = Unconditional::Lost,
     .libseccomp = false,
     .adds_host = false,
     .bad_arch = value_of(Action::KillProcess)},
    {.runtime = Runtime::Minijail,
     .default_rule = Answer::Skip,
     .unknown_call = Answer::Refuse,
     .empty_call = Answer::Refuse,
     .same_argument = SameArgument::All,
     .libseccomp = false,
     .adds_host = false},
});

}  // namespace

const Conventions& conventions_of(Runtime runtime) {
  return rows[static_cast<std::size_t>(runtime)];
}

}  // namespace assay::profile
