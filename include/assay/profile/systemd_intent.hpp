// What the sandboxing options of a unit mean together, as a verdict function: written from
// systemd.exec(5), option by option, with the condition builder alone.
//
// systemd keeps an option on every ABI that the machine runs, and leaves calls of any other
// architecture alone. `pure` is the options' word: for all ABIs of the machine, without what
// libseccomp adds or cannot do. Otherwise the rules that nobody wrote are in: the number -1 is
// never taken for x32, and libseccomp's answers for socketcall and ipc.
#pragma once

#include "assay/profile/environment.hpp"
#include "assay/profile/systemd.hpp"
#include "assay/symbolic/verdict_function.hpp"

namespace assay::profile {

// The ABIs on which systemd 252 keeps its options on such a machine, the native one last;
// none for a machine that is not modelled.
std::vector<seccomp::Arch> systemd_arches(seccomp::Arch host);

// Of all options, or of one.
symbolic::VerdictFunction::Decided systemd_intent(symbolic::Manager& manager,
                                                  const Sandbox& sandbox,
                                                  const Environment& environment,
                                                  bool pure = false);
symbolic::VerdictFunction::Decided systemd_intent(symbolic::Manager& manager,
                                                  const Sandbox& sandbox, SystemdOption option,
                                                  const Environment& environment,
                                                  bool pure = false);

}  // namespace assay::profile
