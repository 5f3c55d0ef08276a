// The options of `run`: one record on the command line or many from a file, and who watches.
#pragma once

#include <functional>

#include "assay/load/record_stream.hpp"
#include "assay/seccomp/effect.hpp"
#include "assay/seccomp/seccomp_data.hpp"
#include "command_line.hpp"

namespace assay::tool {

void add_run_options(CommandLine& line);

// Where the records come from.
struct Records {
  std::optional<seccomp::SeccompData> single;
  std::optional<load::RecordStream> stream;
};
// The status after a complaint.
tl::expected<Records, ExitStatus> read_records(const CommandLine& line);
seccomp::Caller read_caller(const CommandLine& line);

}  // namespace assay::tool
