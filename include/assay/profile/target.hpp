// One thing that gets filters from a profile: a container, a thread, a service. A file may
// describe several, side by side.
//
// The one place that knows that units are not rule sets: intent and filters of either kind.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "assay/profile/compile.hpp"
#include "assay/profile/environment.hpp"
#include "assay/profile/intent.hpp"
#include "assay/profile/kubernetes.hpp"
#include "assay/profile/profile.hpp"
#include "assay/profile/systemd.hpp"

namespace assay::profile {

struct Target {
  std::string name;              // "vmm", "container web"; empty where there is only one
  std::vector<RuleSet> filters;  // oldest first
  std::optional<Unit> unit;      // instead of them
};

// Findings are not repeated in the targets.
struct Targets {
  Format format{};
  std::vector<std::string> files;
  std::vector<Target> targets;
  Findings findings;
  // Of a Kubernetes manifest; those whose rules are known are targets, too.
  std::vector<ContainerProfile> containers;
};

// By the file's name, else by what stands in it.
std::optional<Format> detect_format(std::string_view text, std::string_view file);

// Who loads such a profile when nobody says otherwise.
Runtime usual_runtime(Format format);

// A profile; of a unit its drop-ins, of a policy the files that it includes.
using ProfileText = UnitText;

tl::expected<Targets, ReadError> read_targets(std::span<const ProfileText> texts, Format format,
                                              const Environment& environment,
                                              const CallGroups& groups = CallGroups::shipped());

tl::expected<Meaning, Meaningless> intent(symbolic::Manager& manager, const Target& target,
                                          const Environment& environment,
                                          const IntentOptions& options = {});

struct Filter {
  std::string name;  // "SystemCallFilter x86"; empty where there is only one
  Instructions instructions;
};

tl::expected<std::vector<Filter>, Uncompiled> compile(const Target& target,
                                                      const Environment& environment,
                                                      Form form = Form::AsRuntime);

}  // namespace assay::profile
