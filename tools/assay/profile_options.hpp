// The options that say for whom a profile is meant, and its findings as people and scripts get
// them.
#pragma once

#include <span>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "assay/load/profile.hpp"
#include "command_line.hpp"
#include "json.hpp"

namespace assay::tool {

// --runtime --profile-format --arch --kernel --cap --form
void add_profile_options(CommandLine& line);
tl::expected<load::ProfileOptions, ExitStatus> read_profile_options(const CommandLine& line);

// Those of the text and those about the rules of each target, in the order of their places.
profile::Findings all_findings(const load::Profile& profile);
// "FILE:12: warning: ... [dead-rule]", a line each.
std::string findings_text(std::span<const profile::Finding> findings,
                          const std::vector<std::string>& files);
Json findings_json(std::span<const profile::Finding> findings,
                   const std::vector<std::string>& files);

// "FILE", or "FILE#NAME" where the file has several targets.
std::string title(const load::Profile& profile, const profile::Target& target);

// The start of each object of `assay profile`: file, target, format, runtime, host.
Json target_json(const CommandLine& line, const load::Profile& profile,
                 const profile::Target& target);

// Complains of why there is no meaning or no filter.
ExitStatus complain_of(const load::Profile& profile, const profile::Findings& refusals);

}  // namespace assay::tool
