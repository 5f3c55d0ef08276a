// Options of commands whose work can be cut into shares and go on after a kill, and the run
// that they describe.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "assay/fleet/run.hpp"
#include "command_line.hpp"
#include "json.hpp"
#include "name_list.hpp"

namespace assay::tool {

// --shard, --checkpoint, --database, --resume
void add_job_options(CommandLine& line);

// How many items at a time, of a command with --jobs; never changes results.
tl::expected<unsigned, ExitStatus> read_jobs(const CommandLine& line, unsigned preset = 1);

// Whether one of add_job_options() is given; without, a command writes as if it knew nothing of
// jobs.
bool is_job(const CommandLine& line);
// The share of --shard, else everything.
tl::expected<shard::Share, ExitStatus> share_of(const CommandLine& line);

// The run that goes to the places of the options, and to --output. `settings` is one line with
// everything that results depend on; what only this host has must name it (settings_of()).
tl::expected<fleet::Run, ExitStatus> open_run(const CommandLine& line, std::string_view command,
                                              std::string settings);
// The status to end with, after a complaint about what was saved of a run.
ExitStatus not_a_state();
// A share of a job whose only state is the status that it has reached; `yes` where it begins.
struct BegunShare {
  shard::Share share;
  fleet::Run run;
  ExitStatus status{};
};
tl::expected<BegunShare, ExitStatus> begin_share(const CommandLine& line, std::string_view command,
                                                 std::string settings);
// The settings of a job over targets: how many, a digest of their names, the host's name where
// they are processes, and those of `options` that are given.
std::string settings_of(const CommandLine& line, const NameList& targets,
                        std::span<const char* const> options);
// For Run::add.
std::string document(const Json& json);

// Complains of it; the status to end with. Ends quietly when nobody reads any more.
ExitStatus failed(const fleet::RunError& error);

}  // namespace assay::tool
