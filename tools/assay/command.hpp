// A subcommand: what main() knows of it. Each has a file of its own, which defines the
// function declared here.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "exit_status.hpp"

namespace assay::tool {

using Arguments = std::vector<std::string>;  // what follows the command's name

struct Command {
  std::string_view name;
  std::string_view summary;
  ExitStatus (*run)(const Arguments& arguments);
};

ExitStatus run_asm(const Arguments& arguments);
ExitStatus run_audit(const Arguments& arguments);
ExitStatus run_campaign(const Arguments& arguments);
ExitStatus run_check(const Arguments& arguments);
ExitStatus run_confirm(const Arguments& arguments);
ExitStatus run_cost(const Arguments& arguments);
ExitStatus run_diff(const Arguments& arguments);
ExitStatus run_disasm(const Arguments& arguments);
ExitStatus run_dump(const Arguments& arguments);
ExitStatus run_explain(const Arguments& arguments);
ExitStatus run_fingerprint(const Arguments& arguments);
ExitStatus run_merge(const Arguments& arguments);
ExitStatus run_fuzz_generator(const Arguments& arguments);
ExitStatus run_profile(const Arguments& arguments);
ExitStatus run_ps(const Arguments& arguments);
ExitStatus run_query(const Arguments& arguments);
ExitStatus run_report(const Arguments& arguments);
ExitStatus run_replay(const Arguments& arguments);
ExitStatus run_run(const Arguments& arguments);
ExitStatus run_witness(const Arguments& arguments);

}  // namespace assay::tool
